"""Where towns and villages may stand, which no list holds: capitalised words by what stands round them."""

import re

from resources.models.reader.spans import Span
from resources.models.reader.words import stem, stems_of, words_of

_WORD = r"[A-ZÀ-Þ][^\W\d_]++(?:[-’'](?!s\b)[^\W\d_]++)*+"
_NAME = rf"({_WORD}(?:[ ](?:(?:am|an der|an dem|im|sur|upon|de|la|del|of|der|bei)[ ])?{_WORD}){{0,2}})"
_ONE = rf"({_WORD}(?:[ ](?:am|an der|im|sur|upon)[ ]{_WORD})?)"
_STREETS = (
    r"(?:[Ss]treet|[Rr]oad|[Ll]ane|[Aa]venue|[Dd]rive|[Tt]errace|[Ss]quare|[Qq]uay|[Rr]ow|[Cc]lose|[Hh]ill|[Cc]ourt"
    r"|[Cc]rescent|[Vv]iew|[Ww]ay|[Gg]reen|[Pp]ark|St\.|Rd\.?|Ave\.?|\w{0,24}(?:[Ss]tra(?:ss|ß)e|str\.|[Gg]asse|[Ww]eg|[Pp]latz"
    r"|allee|straat|laan|plein|gatan))"
)
_TOWN = r"\b(?:[Tt]own|[Vv]illage|[Cc]ity|[Mm]unicipality|[Cc]ommune|[Gg]emeinde|[Ss]tadt|[Dd]orf)(?: of| de)?[ ]"
_END = r"(?=\s*(?:[,;|·\n)]|$))"
_SURROUNDINGS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(rf"(?<![\d.,/-])(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:[ ][A-Z]{{2}})?,?[ ]{_NAME}{_END}"), 0.75),
    (re.compile(rf"\b\d{{1,4}}[a-z]?,[ ]{_NAME}(?=\s*(?:[,;.|·\n)]|$))"), 0.7),
    (re.compile(rf"{_STREETS}(?:[ ]\d{{1,4}}[a-z]?)?,\s{{1,2}}{_ONE}"), 0.7),
    (re.compile(rf"{_STREETS}[ ]\d{{1,4}}[a-z]?\s\|[^\n]*\n{_ONE}(?=\s*[|\n])"), 0.65),
    (re.compile(rf"\b\d{{1,4}}[a-z]?[ ](?:[A-ZÀ-Þ][\w’']+[ ]){{0,2}}{_STREETS}[ ]{_ONE}\s*(?=[,\n|]|$)"), 0.55),
    (re.compile(rf"{_TOWN}{_ONE}"), 0.6),
    (re.compile(rf"(?<=[\w’'],[ ]){_ONE}(?=\s*(?:[|·\n;]|\.\s*\n|\.?$))"), 0.4),
    (re.compile(rf"\b(?:in|In|zu|à|en|nella|te|near|outside|at|bei)[ ]{_ONE}(?![ ][A-ZÀ-Þ])"), 0.42),
    (re.compile(rf"\b(?:from|of|to|nach|aus|de)[ ]{_ONE}(?![ ][A-ZÀ-Þ]|[ ]&)"), 0.15),
    (re.compile(rf"(?:^|\n|[|][ ]){_ONE},[ ](?:den[ ]|le[ ]|the[ ])?\d{{1,2}}(?:[.]|[ ][A-Z])"), 0.2),
)  # fmt: skip
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Eheleute|Dear|Cllr|Judge|Sir|Familie|Firma|Fa)\.?\s(?:\w+\s)?$"
)
_CONTACT = re.compile(
    r"\b(?:Tel|Fax|Phone|Telefon|Durchwahl|E-?[Mm]ail|www|Office hours|Company (?:no|number)?)\b|@|\bVAT [Nn]o"
)
_GENERIC = stems_of(
    """
    section article annex schedule table figure exhibit january february march april may june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch
    donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober dezember euro eur
    member chair officer director inspector signature address spring summer autumn
    winter christmas easter board office committee council court minister government
    """
)
_MOST = 400  # occurrences of one surrounding that are looked at
_CLUE_LINE = 0.4  # what a line with telephone numbers leaves: it names the writer's own seat


def find_towns(text: str, people: frozenset[str]) -> list[tuple[Span, float]]:
    """Occurrences of words that may name a town, each with how much its surroundings say, 0..1; in no order.

    `people` are words known to be names of persons; they are left out.
    """
    found: list[tuple[Span, float]] = []
    seen: set[int] = set()
    for pattern, strength in _SURROUNDINGS:
        for number, match in enumerate(pattern.finditer(text)):
            if number >= _MOST:
                break
            span = Span(*match.span(1))
            words = span.of(text)
            if span.start in seen or words in people or words.split()[0] in people:
                continue
            if any(stem(word) in _GENERIC for word in words_of(words)):
                continue
            if _TITLED.search(text, max(0, span.start - 25), span.start):
                continue
            seen.add(span.start)
            found.append((span, strength * (_CLUE_LINE if _in_contact_line(text, span) else 1.0)))
    return found


def _in_contact_line(text: str, span: Span) -> bool:
    low, high = max(0, span.start - 200), span.end + 200
    start = max(low, text.rfind("\n", low, span.start))
    end = text.find("\n", span.end, high)
    return _CONTACT.search(text, start, end if end >= 0 else min(high, len(text))) is not None
