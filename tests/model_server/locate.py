"""Finding a known value in a document and the sentence round it."""

import re
from datetime import date
from itertools import islice

from tests.model_server.values import as_number
from tests.model_server.view import Json

_NUMBER = re.compile(r"[-+]?\d[\d,'\u00a0\u202f]*(?:\.\d+)?")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ\"“(])|\n")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})$")


def place(value: Json, document: str) -> tuple[int, int] | None:
    """Where a value stands: verbatim, else without regard to case and spaces, else as a number or date."""
    text = str(value).strip()
    if not text or isinstance(value, bool):
        return None
    start = document.find(text)
    if start >= 0 and not _inside_word(document, start, start + len(text)):
        return start, start + len(text)
    if found := _words(text).search(document):
        return found.span()
    if iso := _ISO.match(text):
        return _date(date(*map(int, iso.groups())), document)
    if (number := as_number(value)) is not None and _NUMBER.fullmatch(text):
        for found in _NUMBER.finditer(document):
            if as_number(found.group()) == number:
                return found.span()
    return None


def mentions(name: str, document: str, most: int) -> list[tuple[int, int]]:
    """The first places where a name stands, without regard to case and spaces."""
    return [found.span() for found in islice(_words(name).finditer(document), most)]


def _words(text: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in text.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _inside_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and text[start - 1].isalnum() and text[start].isalnum()) or (
        end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    )


def _date(day: date, document: str) -> tuple[int, int] | None:
    month, short = day.strftime("%B"), day.strftime("%b")
    number, of_month = rf"0?{day.day}(?:st|nd|rd|th)?", rf"0?{day.month}"
    named = rf"(?:{month}|{short}\.?)"
    forms = (
        rf"{named}\s+{number},?\s+{day.year}",
        rf"{number}\.?\s+(?:day\s+of\s+)?{named},?\s+{day.year}",
        rf"{number}[./-]{of_month}[./-]{day.year}",
        rf"{of_month}[./-]{number}[./-]{day.year}",
        rf"{day.year}[./-]{of_month}[./-]0?{day.day}",
    )
    for form in forms:
        if found := re.search(rf"(?<!\d){form}(?!\d)", document, re.IGNORECASE):
            return found.span()
    return None


def sentence(document: str, start: int, end: int) -> str:
    """The sentence or line that holds a stretch, verbatim and without the spaces at its ends."""
    left = max(0, start - 600)
    begin, finish = left, min(len(document), end + 600)
    for edge in _SENTENCE_END.finditer(document, left, finish):
        if edge.end() <= start:
            begin = edge.end()
        elif edge.start() >= end:
            finish = edge.start()
            break
    return document[begin:finish].strip()


def sentences(document: str) -> list[str]:
    """The sentences and lines of a text, without the spaces at their ends."""
    return [part.strip() for part in _SENTENCE_END.split(document) if part.strip()]


def mention(document: str, name: str) -> str | None:
    """The sentence that has most of the words of a variable's name; None when none has any."""
    words = {word for word in re.split(r"[\W_]+", name.casefold()) if len(word) > 2}
    best, best_count = None, 0
    for part in _SENTENCE_END.split(document):
        count = len(words & set(re.split(r"\W+", part.casefold())))
        if count > best_count:
            best, best_count = part.strip(), count
    return best
