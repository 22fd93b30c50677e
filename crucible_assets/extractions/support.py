"""Whether the words that a model quoted state the value that it gave with them.

Words that stand in the document are no evidence for a value that they do not state: a model that invents a value
often quotes a true sentence. Judgements (BOOLEAN, CATEGORY) need not stand in their words and are not looked at here.
"""

import math
import re
from dataclasses import dataclass

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date import stated_dates
from crucible_assets.extractions.coercion.number import stated_numbers
from crucible_assets.extractions.grounding.folding import fold
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
_CONTENT = 4  # letters from which on a word is one of content
_SENTENCE_END = re.compile(r"[.!?;]\s+[^\W\d_]|[。！？]")
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
    stretched = _stretched(placement, beside, begin, document.text) if beside.found else None
    if stretched is not None:
        return Support(stretched, BESIDE_FACTOR, note=BESIDE)
    if variable.type in (VariableType.TEXT, VariableType.LOCATION):
        missing = _unlike(str(coerced.value), nearby, document)
        if missing is None:
            return Support(placement, IN_OTHER_WORDS_FACTOR, note=IN_OTHER_WORDS)
        detail = f" ({missing})"
    else:
        detail = ""
    if _standing(coerced, variable, document).found:
        return Support(placement, ELSEWHERE_FACTOR, f"{NOT_STATED}, which stands elsewhere in the document")
    return Support(placement, NOWHERE_FACTOR, NOT_STATED + detail)


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
    """The quoted words together with the value that stands beside them; None where a sentence ends between them."""
    assert placement.start is not None and placement.end is not None, "only found words are stretched"
    assert beside.start is not None and beside.end is not None, "only a found value stretches them"
    start, end = min(placement.start, beside.start + offset), max(placement.end, beside.end + offset)
    between = (start + beside.end - beside.start, placement.start), (placement.end, end - (beside.end - beside.start))
    if any(_SENTENCE_END.search(text, first, last) for first, last in between if first < last):
        return None
    share = (placement.end - placement.start) / (end - start)
    return Placement(EvidenceStatus.FUZZY, start, end, placement.score * share)


def _unlike(value: str, nearby: PreparedText, document: PreparedText) -> str | None:
    """Why a text can hardly be a summary of the words beside which it was given; None where it can.

    Its numbers must stand there, its names somewhere in the document, and some of its words there too.
    """
    words = word_list(fold(value))
    around = frozenset(word_list(nearby.folded))
    numbers = [word for word in words if word[0].isdecimal()]
    absent = next((n for n in numbers if n not in around and not _spelled(n, nearby)), None)
    if absent is not None:
        return f"{absent} is not in them"
    names = [name for name in _names(value) if name not in document.bare]
    if names:
        return f"{names[0]} is not in the document"
    content = [word for word in words if len(word) >= _CONTENT] or words
    shared = sum(any(_akin(word, other) for other in around) for word in content)
    if shared < _LEAST_SHARE * len(content):
        return f"they share {shared} of {len(content)} words"
    return None


def _spelled(number: str, nearby: PreparedText) -> bool:
    return number.isdecimal() and len(number) <= 15 and bool(number_spans(int(number), nearby))


def _names(value: str) -> list[str]:
    """The folded words of a text that are written as names; a capital that only begins a sentence makes none."""
    words = ["".join(c for c in word if c.isalpha()) for word in value.split()]
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
