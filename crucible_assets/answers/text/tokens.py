"""A text as the check compares it: words, and numbers, dates and identifiers by what they mean.

`9,500 EUR`, `€9.500,00` and `9500 euros` are one token, and so are `3 April 2024`, `2024-04-03` and `03.04.2024`.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import regex

from crucible_assets.answers.text.days import Day, find_days
from crucible_assets.extractions.coercion.figures import SPACES, Figure, find_figures, read_figure
from crucible_assets.extractions.coercion.rewriting import rewritten
from crucible_assets.extractions.coercion.units import is_currency, meanings, multiplier
from resources.search.guarded_words import calendar_names


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    DAY = "day"
    CODE = "code"  # letters and digits, as files and products are named: WP-2022-0048, KX-8
    SIGN = "sign"  # punctuation inside a sentence


@dataclass(frozen=True, slots=True)
class Token:
    """A token: as it is `written`, and the `key` by which it is compared.

    Of a number `values` are all its readings, the likeliest first, and `unit` what the unit beside it may mean. Of a
    word `initial` says that a capital there makes no name, `named` that it is written as a name is.
    """

    kind: Kind
    written: str
    key: str
    values: tuple[Decimal, ...] = ()
    unit: frozenset[str] = frozenset()
    days: frozenset[Day] = frozenset()
    spelled: bool = False
    initial: bool = False
    named: bool = False


_HELD = 0xE000  # the first private character: each stands for a token that was found already
_MOST_HELD = 0x1900
_PRIVATE = regex.compile(r"[\uE000-\uF8FF]")  # icons of documents: no words
_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[^\W\d_{_SPACELESS}\uE000-\uF8FF]"
_W = rf"[^\W_{_SPACELESS}\uE000-\uF8FF]"
_TOKEN = regex.compile(
    rf"(?P<held>[\uE000-\uF8FF])|(?P<spaceless>[{_SPACELESS}])|(?P<word>{_W}+(?:['’]{_W}+)*)"
    r"|(?P<sign>[,;:()\[\]{}|\t\"“”„«»‘‚–—?!&/+*=<>≤≥±~%‰§$€£¥。，、；：？！（）「」『』《》]|\p{Sc})"
)
_CODE = regex.compile(rf"(?=[^\s]*\d)(?=[^\s]*{_LETTER}){_W}+(?:[-–./_:#@]{_W}+)*")
_PLAIN_NUMBER = regex.compile(rf"\d[\d.,]*-?(?P<letters>{_LETTER}+)[²³23]?(?:-{_LETTER}+)*")
_PART_OF_NUMBER = regex.compile(r"\d+(?:[.,:]\d+)*")
_UNIT_AFTER = regex.compile(r"[\s-]*\(?((?:[A-Za-z]{0,3}[$€£¥₹₩₽₺₪])|[%‰]|°[CFK]|℃|℉|per cent|[^\W\d_]+[²³23]?)")
_POINTS = regex.compile(
    r"[\s-]*(?:(?:percentage|percent|per\s+cent)[\s-]points?|prozentpunkten?|points?\s+de\s+pourcentage"
    r"|puntos?\s+porcentuales|(?P<basis>basis[\s-]points?|basispunkten?|points?\s+de\s+base|puntos?\s+b[áa]sicos|基点)"
    r"|个?百分点|ポイント)",
    regex.IGNORECASE,
)
_OF_CURRENCY = regex.compile(r"\s*(?:d['’]|de\s+|of\s+)(\p{L}+)")
_UNIT_BEFORE = regex.compile(r"(?:^|(?<=[\s(|:]))([A-Za-z]{0,3}[$€£¥₹₩₽₺₪]|[A-Z]{3})\s?$")
_GROUP_OR_DECIMALS = regex.compile(r"\d{1,3}[.,]\d{3}")
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；：？！（）"}
_MARKUP = regex.compile(r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|`+|~~")
_BLANKS = regex.compile(r"[^\S\t]+")
_LEAD = regex.compile(r"\s*(?:#{1,6}\s+|>\s*|[-*+•▪◦·–]\s+|\(?\d{1,3}[.)]\s+(?=(\p{L}*)))")
_OPENING = frozenset(':("“„«‘‚|;「『《（：!?\t')
_BASIS = Decimal("0.01")  # percentage points
_ORDINAL = frozenset({"st", "nd", "rd", "th"})
_CONTRACTED = {"can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not"}
_ELISIONS = frozenset(["l", "d", "j", "m", "t", "s", "n", "c", "qu", "lorsqu", "puisqu", "jusqu"])


def plain_words(text: str) -> str:
    """A sentence without Markdown's emphasis and the sign of a list or heading before it, on one line."""
    while (lead := _LEAD.match(text)) is not None and (lead[1] or "").casefold() not in calendar_names():
        text = text[lead.end() :]
    text = _MARKUP.sub("", text)
    text = text.translate(SPACES).translate(_FULL_WIDTH)
    return str(_BLANKS.sub(" ", text)).strip()


@lru_cache(maxsize=4096)
def tokens_of(text: str, language: str | None) -> tuple[Token, ...]:
    """The tokens of a sentence or a source in order; `language` (ISO 639-1) decides how its numbers are read."""
    held: list[Token] = []
    plain = unicodedata.normalize("NFC", plain_words(_PRIVATE.sub(" ", text)))

    def hold(token: Token) -> str:
        held.append(token)
        return f" {chr(_HELD + len(held) - 1)} "

    for day in reversed(find_days(plain, language)):
        if len(held) < _MOST_HELD:
            written = plain[day.start : day.end].strip()
            token = Token(Kind.DAY, written, written.casefold(), days=day.days)
            plain = plain[: day.start] + hold(token) + plain[day.end :]
    for match in reversed(list(_CODE.finditer(plain))):
        if _is_code(match.group(), language) and len(held) < _MOST_HELD:
            token = Token(Kind.CODE, match.group(), match.group().casefold().replace("–", "-"))
            plain = plain[: match.start()] + hold(token) + plain[match.end() :]
    plain = rewritten(plain, language)
    for figure in reversed(find_figures(plain, language)):
        if len(held) < _MOST_HELD:
            token, start, end = _number(plain, figure, language)
            plain = plain[:start] + hold(token) + plain[end:]
    return tuple(_in_order(plain, held))


def asks(tokens: Sequence[Token]) -> bool:
    """Whether a sentence is a question."""
    return any(token.kind is Kind.SIGN and token.key == "?" for token in tokens)


def _is_code(written: str, language: str | None) -> bool:
    """Whether letters and digits name something, and are not a number with its unit or ending."""
    if _PART_OF_NUMBER.fullmatch(written):
        return False
    number = _PLAIN_NUMBER.fullmatch(written)
    if number is None:
        return not regex.fullmatch(rf"{_LETTER}+-\d", written) or any(c.isupper() for c in written)
    if written[: number.start("letters")].strip(".,").count(".") + written[: number.start("letters")].count(","):
        return False  # 9.2mmHg
    letters = number["letters"]
    if "-" in written[number.start("letters") - 1 : number.end()]:
        return False  # 12-month
    known = meanings(letters) or multiplier(letters, language) or letters.casefold() in {"m", "b", "mm"}
    return not known and letters.casefold() not in _ORDINAL


def _number(plain: str, figure: Figure, language: str | None) -> tuple[Token, int, int]:
    """A number with the unit beside it, and where both stand."""
    start, end = figure.start, figure.end
    unit: frozenset[str] = frozenset()
    points = _POINTS.match(plain, end)
    before = _UNIT_BEFORE.search(plain[max(0, start - 12) : start])
    if before is not None and meanings(before.group(1)):
        unit = meanings(before.group(1))
        start -= len(before.group())
    after = _UNIT_AFTER.match(plain, end)
    if after is not None and not unit and points is None:
        name = "%" if after.group(1) == "per cent" else after.group(1)
        glued = after.start(1) == end
        if meanings(name) and (len(name) > 1 or glued or not name.islower()):
            unit, end = meanings(name), after.end()
    factor = figure.factor
    if points is not None:
        unit, end = frozenset({"percentage point"}), points.end()
        factor *= _BASIS if points["basis"] else 1
    if not unit and (of := _OF_CURRENCY.match(plain, end)) is not None and is_currency(of.group(1)):
        unit, end = meanings(of.group(1)), of.end()
    written = plain[start:end].strip()
    digits = regex.search(r"\d[\d.,'’ ]*", plain[figure.start : figure.end])
    values = [figure.value * factor / figure.factor]
    if digits is not None:
        for other in ("en", "de"):
            value, _ = read_figure(digits.group().strip(" .,'’"), other)
            if value is not None:
                values.append(value * factor * (-1 if figure.value < 0 else 1))
    if (
        unit
        and digits is not None
        and all(map(is_currency, unit))
        and _GROUP_OR_DECIMALS.fullmatch(digits.group().strip())
    ):
        values = [max(values, key=abs)]  # no sum of money has three decimals
    readings = tuple(dict.fromkeys(values))
    key = plain[figure.start : figure.end].strip()
    return Token(Kind.NUMBER, written, key, readings, unit, spelled=digits is None), start, end


def _in_order(plain: str, held: list[Token]) -> "list[Token]":
    found: list[Token] = []
    initial = True
    for match in _TOKEN.finditer(plain):
        written = match.group()
        if match.lastgroup == "held":
            found.append(held[ord(written) - _HELD])
            initial = False
        elif match.lastgroup == "sign":
            found.append(Token(Kind.SIGN, written, _SIGNS.get(written, written)))
            initial = initial or written in _OPENING
        elif match.lastgroup == "spaceless":
            found.append(Token(Kind.WORD, written, unicodedata.normalize("NFKC", written)))
            initial = False
        else:
            before = plain[: match.start()].rstrip(" \"“„«'‘(")
            starts = initial or (before[-1:] in ".!?…" and match.start() > 0)
            found += _words(written, initial=starts)
            initial = False
    return found


_SIGNS = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": '"', "‚": '"', "—": "-", "–": "-", "，": ",",
          "；": ";", "：": ":", "？": "?", "！": "!", "（": "(", "）": ")", "「": '"', "」": '"', "『": '"',
          "』": '"', "、": ",", "\t": "|"}  # fmt: skip


def _words(written: str, *, initial: bool) -> list[Token]:
    """The words of one written word: `didn't` is two, and so is `l'avis`; a genitive is its noun."""
    whole = unicodedata.normalize("NFKC", written).casefold().replace("’", "'")
    named = written[0].isupper() and not initial
    shouted = sum(c.isupper() for c in written) > 1
    if whole in _CONTRACTED:
        first, second = _CONTRACTED[whole].split()
        return [Token(Kind.WORD, written, first, initial=initial), Token(Kind.WORD, written, second)]
    if whole.endswith("n't"):
        return [Token(Kind.WORD, written, whole[:-3], initial=initial), Token(Kind.WORD, written, "not")]
    head, _, tail = whole.partition("'")
    if tail and head in _ELISIONS:
        behind = written[len(head) + 1 :]
        return [Token(Kind.WORD, written[: len(head)], head, initial=initial), *_words(behind, initial=False)]
    key = head if tail in ("s", "") else whole
    return [Token(Kind.WORD, written, key, initial=initial, named=named or shouted)]
