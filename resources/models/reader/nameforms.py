"""What a capitalised name is the name of, by its form: a person, a firm, a product's model, or unknown.

No lists of first names: a person is two to four capitalised words that the text never writes small, none of them a
trade, an office or a figure; a firm has a legal form or a trade in its name; a model ends in a figure.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.words import fold, stem, stems_of, word_set, words_of


class Form(StrEnum):
    """What a name names."""

    PERSON = "PERSON"
    FIRM = "FIRM"
    MODEL = "MODEL"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Named:
    """A name cut to what belongs to it, and its form."""

    span: Span
    form: Form


TITLES = word_set(
    "mr mrs ms miss dr prof professor ing dipl herr herrn frau monsieur madame sir dame lord lady cllr rev mag phd "
    "md signor signora señor señora sr sra eheleute familie judge justice hon"
)
_TRADES = stems_of(
    """
    heating plumbing electric electrical electrics services service builders building construction drilling
    scaffolding roofing renewables solar energy power geothermal engineering hire supplies supply motors
    transport logistics
    foods catering cleaning security design studio consulting consultants solutions software systems technologies
    media press publishing properties estates insurance brothers bros sons associates traders trading stores mart
    bau technik haustechnik elektro heizung sanitär bohrtechnik dachdecker schreinerei tischlerei malerbetrieb
    ingenieurbüro handwerk metallbau elektrotechnik
    """
)
_NO_FIRST = stems_of(
    """
    office board committee court council department ministry institute university section article page table figure
    annex exhibit schedule chapter item position case file appeal review interview export report invoice quotation
    application grant fund scheme programme program project note form version phase stage unit road street lane avenue
    terrace square hill house hall view cottage farm park bridge quay station church school act law directive
    regulation year term eur usd gbp vat tel fax no nr number box ref re fw subject date dear hello hi yours sincerely
    kind regards thanks please yesterday today tomorrow antrag bescheid aktenzeichen straße strasse weg platz gasse
    amt stelle verein gericht january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember monday
    tuesday wednesday thursday friday saturday sunday region county state union republic north south east west western
    eastern northern southern new old great saint st position deputy director officer inspector clerk chair
    member manager
    secretary head assessor president chief executive vice senior junior registrar agent total sum net gross
    """
)
_PARTICLES = word_set("de da di du der den van von zu zur ní nic ó o’ o' mac al el la le bin ibn dos das y e")
_PIECE = re.compile(r"[^\s,;()\[\]|:]+")
_PERSON_WORD = re.compile(r"[^\W\d_a-zß-ÿ][^\W\d_]*(?:[-’'][^\W\d_]+)*|[^\W\d_a-z]\.")
_AFTER_FIRM = re.compile(r"(?:.*\b(?:Firma|Fa\.|von|durch|by|from|Fachbetrieb)\s)", re.DOTALL)
_PLACE_TAIL = re.compile(r"\s(?:of|in|from|aus|en|de)\s[^\W\d_]+$")


def form_of(text: str, mention: Mention, small: frozenset[str]) -> Named:
    """The form of a recognised name; `small` are the words that the text writes small somewhere."""
    words = mention.span.of(text)
    if any(c.isdigit() for c in words):
        return _model(text, mention, small)
    if mention.kind is Kind.ORGANISATION or any(stem(word) in _TRADES for word in words_of(words)):
        if firm := _firm(text, mention):
            return Named(firm, Form.FIRM)
    elif person := _person(text, mention, small):
        return Named(person, Form.PERSON)
    return Named(mention.span, Form.OTHER)


def _model(text: str, mention: Mention, small: frozenset[str]) -> Named:
    words = mention.span.of(text)
    pieces = words.split()
    first = fold(pieces[0])
    last = pieces[-1] if any(c.isdigit() for c in pieces[-1]) else pieces[-2] if len(pieces) > 2 else ""
    named = (
        2 <= len(pieces) <= 5
        and "\n" not in words
        and first.isalpha()
        and len(first) > 2
        and first not in small
        and stem(first) not in _NO_FIRST
        and any(c.isdigit() for c in last)
        and len(re.sub(r"\D", "", last)) <= 4
        and not any(stem(piece) in _NO_FIRST for piece in words_of(words))
    )
    return Named(mention.span, Form.MODEL if named else Form.OTHER)


def _firm(text: str, mention: Mention) -> Span | None:
    """Without what leads to the firm ('Rechnung von') and where it is ('of Springfield'); at least two words."""
    words = mention.span.of(text)
    start = mention.start
    if (lead := _AFTER_FIRM.match(words)) and any(stem(w) in _TRADES for w in words_of(words[lead.end() :])):
        start += lead.end()
    end = mention.end
    if mention.kind is Kind.NAME and (tail := _PLACE_TAIL.search(text[start:end])):
        end = start + tail.start()
    span = Span(start, end)
    firm = span.of(text)
    pieces = firm.split()
    if len(pieces) < 2 or "\n" in firm or (mention.kind is Kind.NAME and stem(pieces[-1]) in _NO_FIRST):
        return None
    return None if stem(pieces[0]) in _NO_FIRST and len(pieces) == 2 and mention.kind is Kind.NAME else span


def _person(text: str, mention: Mention, small: frozenset[str]) -> Span | None:
    """The first run of words that can be a person's name, without titles."""
    run: list[re.Match[str]] = []
    for match in _PIECE.finditer(text, mention.start, mention.end):
        word = match.group()
        gap = text[run[-1].end() : match.start()] if run else " "
        if "\n" in gap or len(gap) > 1:
            if len(run) >= 2:
                break
            run.clear()
        if _names_person(word, small) or (run and fold(word) in _PARTICLES):
            run.append(match)
        elif len(run) >= 2:
            break
        else:
            run.clear()
    while run and fold(run[-1].group()) in _PARTICLES:
        run.pop()
    if len(run) > 3 and run[-1].group() in [match.group() for match in run[:-2]]:
        del run[:-2]  # a signature and the name in type: 'A. Byron Ada Byron'
    if not 2 <= len(run) <= 4 or all(len(match.group()) <= 2 for match in run):
        return None
    return Span(run[0].start(), run[-1].end())


def _names_person(word: str, small: frozenset[str]) -> bool:
    if not _PERSON_WORD.fullmatch(word) or fold(word).strip(".") in TITLES or stem(word) in _NO_FIRST:
        return False
    return word.lower() not in small and (len(word) <= 2 or not word.isupper())
