"""Whether the words that a model quoted state the value that it gave with them.

Words that stand in the document are no evidence for a value that they do not state: a model that invents a value
often quotes a true sentence. Judgements (BOOLEAN, CATEGORY) need not stand in their words and are not looked at here.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date import stated_dates
from crucible_assets.extractions.coercion.number import stated_numbers
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.normalised import normalised_spans
from crucible_assets.extractions.grounding.place import Placement, place
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.value import find_value, number_spans
from crucible_assets.extractions.grounding.words import word_list
from resources.vocabulary import EvidenceStatus, Variable, VariableType

NOT_STATED = "the quoted words do not state the value"
BESIDE = "the value stands beside the quoted words"
IN_OTHER_WORDS = "the quoted words do not contain the value"

BESIDE_FACTOR = 0.85  # a label was quoted, the value stands in the next cell or line
IN_OTHER_WORDS_FACTOR = 0.85  # a text may be a fair summary of its quote
ELSEWHERE_FACTOR = 0.6  # as where the quote is not in the document and the value is
NOWHERE_FACTOR = 0.4  # as where neither is

NEARBY = 120  # characters on either side of a quote in which a value still belongs to it
_LONGEST_READ = 2000  # characters of a quote whose numbers and dates are read one by one
_LEAST_SHARE = 1 / 3  # of a text's words that must stand in or beside its quote
_LEAST_COPIED = 3 / 4  # the same for a text that stands elsewhere word for word
_SHORT = 3  # words of content up to which a text is rather a name than a summary
_CONTENT = 4  # letters from which on a word is one of content
_COMPOUND = re.compile(r"[-\u2010-\u2015\u2212/_]")
_WORD = re.compile(r"\w+")
_WORDS_BETWEEN = 2  # between a label and its value: a currency, an article
_AKIN = 0.6  # share of the longer word that two words of one stem begin with


@dataclass(frozen=True, slots=True)
class Support:
    """What quoted words are worth for a value.

    `placement` is theirs, stretched over a value that stands beside them. `factor`, 0 to 1, is what remains of the
    confidence. `doubt` says why the value is not shown, `note` what a reader should know.
    """

    placement: Placement
    factor: float = 1.0
    doubt: str | None = None
    note: str | None = None


def support(
    placement: Placement, coerced: Coerced, variable: Variable, document: PreparedText, language: str | None
) -> Support:
    """What words that were found at `placement` are worth for a value that was read (`coerced`)."""
    assert placement.start is not None and placement.end is not None, "only found words are looked at"
    if variable.type in (VariableType.BOOLEAN, VariableType.CATEGORY):
        return Support(placement)
    quoted = PreparedText(document.text[placement.start : placement.end])
    if _standing(coerced, variable, quoted).found or _read_in(coerced, variable, quoted.text, language):
        return Support(placement)
    begin, end = max(0, placement.start - NEARBY), min(len(document.text), placement.end + NEARBY)
    nearby = PreparedText(document.text[begin:end])
    beside = _standing(coerced, variable, nearby, near=placement.end - begin)
    surely = beside.found and beside.status is not EvidenceStatus.FUZZY
    stretched = _stretched(placement, beside, begin, document.text) if surely else None
    if stretched is not None:
        return Support(stretched, BESIDE_FACTOR, note=BESIDE)
    elsewhere = _standing(coerced, variable, document).found
    detail = ", which stands elsewhere in the document" if elsewhere else ""
    if variable.type in (VariableType.TEXT, VariableType.LOCATION):
        unlike = _unlike(str(coerced.value), quoted, nearby, document, copied=elsewhere)
        if unlike is None:
            return Support(placement, IN_OTHER_WORDS_FACTOR, note=IN_OTHER_WORDS)
        detail = detail or f": {unlike}"
    return Support(placement, ELSEWHERE_FACTOR if elsewhere else NOWHERE_FACTOR, NOT_STATED + detail)


def _standing(coerced: Coerced, variable: Variable, text: PreparedText, near: int | None = None) -> Placement:
    """Where the value stands in a text: in any spelling of it, else as the model wrote it."""
    found = find_value(coerced.value, text, variable.type, near)
    return found if found.found or not coerced.text else place(coerced.text, text, near)


def _read_in(coerced: Coerced, variable: Variable, text: str, language: str | None) -> bool:
    """Whether the value is what a number or date of the text means: in another unit, another calendar."""
    if len(text) > _LONGEST_READ:
        return False
    if variable.type is VariableType.NUMBER and isinstance(coerced.value, (int, float)):
        stated = stated_numbers(text, variable.unit, language)
        return any(math.isclose(abs(one), abs(coerced.value), rel_tol=1e-9) for one in stated)
    if variable.type is VariableType.DATE:
        return any(one.startswith(str(coerced.value)) for one in stated_dates(text, language))
    return False


def _stretched(placement: Placement, beside: Placement, offset: int, text: str) -> Placement | None:
    """The quoted words together with the value that stands beside them; None where other words stand between."""
    assert placement.start is not None and placement.end is not None, "only found words are stretched"
    assert beside.start is not None and beside.end is not None, "only a found value stretches them"
    start, end = min(placement.start, beside.start + offset), max(placement.end, beside.end + offset)
    length = beside.end - beside.start
    between = text[start + length : placement.start] + text[placement.end : max(placement.end, end - length)]
    if len(_WORD.findall(between)) > _WORDS_BETWEEN:
        return None
    share = (placement.end - placement.start) / (end - start)
    return Placement(EvidenceStatus.FUZZY, start, end, placement.score * share)


def _unlike(
    value: str, quoted: PreparedText, nearby: PreparedText, document: PreparedText, *, copied: bool
) -> str | None:
    """Why a text can hardly say in other words what was quoted; None where it can.

    Its numbers must stand in the quote, its names somewhere in the document (every word, where it is short), and some
    of its words in the quote or beside it. Of a text that is `copied` from another place nearly all must stand in
    the quote itself.
    """
    words = _words(value)
    absent = next((n for n in words if n[0].isdecimal() and not _stands_number(n, quoted)), None)
    if absent is not None:
        return f"they do not hold {absent}"
    content = [word for word in words if len(word) >= _CONTENT] or words
    near = quoted if copied else nearby
    shared = [word for word in (words if copied else content) if _stands(word, near)]
    compared, least = (words, _LEAST_COPIED) if copied else (content, _LEAST_SHARE)
    if len(shared) < least * len(compared):
        return f"they share {len(shared)} of its {len(compared)} words"
    named = {*_names(value), *(content if len(content) <= _SHORT else ())}
    foreign = next((word for word in words if word in named and not _stands(word, document)), None)
    foreign = foreign or _replaced(value, quoted, document)
    return None if foreign is None else f"{foreign!r} is not in the document"


def _replaced(value: str, quoted: PreparedText, document: PreparedText) -> str | None:
    """The word that a copy of the quote has in place of another; None where the text is no such copy."""
    given = value.split()
    for at, word in enumerate(given):
        parts = [" ".join(part) for part in (given[:at], given[at + 1 :]) if part]
        if len(given) > 1 and all(normalised_spans(part, quoted) for part in parts):
            folded = max(_words(word), key=len, default="")
            return folded if len(folded) >= _CONTENT and not _stands(folded, document) else None
    return None


def _words(text: str) -> list[str]:
    """The folded words of a text, the parts of a compound one by one."""
    return word_list(fold(_COMPOUND.sub(" ", text)))


def _stands(word: str, text: PreparedText) -> bool:
    """Whether a folded word stands in a text, or one of its stem does."""
    if len(word) >= _CONTENT and word in text.bare:
        return True
    return any(_akin(word, other) for other in _all_words(text))


@lru_cache(maxsize=32)
def _all_words(text: PreparedText) -> frozenset[str]:
    return frozenset(_words(text.text))


def _stands_number(number: str, text: PreparedText) -> bool:
    if number in _all_words(text):
        return True
    return number.isdecimal() and len(number) <= 15 and bool(number_spans(int(number), text))


def _names(value: str) -> list[str]:
    """The folded words of a text that are written as names; a capital that only begins a sentence makes none."""
    words = ["".join(c for c in word if c.isalpha()) for word in _COMPOUND.sub(" ", value).split()]
    words = [word for word in words if word]
    in_prose = any(word[0].islower() and len(word) >= _CONTENT for word in words[1:])
    written = words[1:] if in_prose else words
    capital = [part for word in written if word != word.lower() for part in word_list(fold(word))]
    return [word for word in capital if len(word) > 1]


def _akin(word: str, other: str) -> bool:
    """Whether two folded words are the same or of one stem ('monthly', 'months')."""
    if word == other:
        return True
    least = max(_CONTENT, math.ceil(_AKIN * max(len(word), len(other))))
    return len(word) >= least and word[:least] == other[:least]
