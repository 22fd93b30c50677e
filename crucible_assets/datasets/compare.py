"""When two values of a variable are the same: canonical forms by type, strictly or loosely compared.

Strict: equal canonical forms. Text: Unicode NFKC, casefold, punctuation and spaces dropped, '&' read as
'and'. Dates: ISO, and a date known to the month is equal only to the same month, never to a day in it.
Numbers: equal within a relative 1e-9. Categories: as text. Relaxed differs for TEXT and LOCATION only: one
contains the other, or the F1 of their words (as in SQuAD, Rajpurkar et al. 2016) is at least 0.5.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.dates import iso_date
from crucible_assets.datasets.values import canonical_json
from resources.vocabulary import VariableType

Canonical = str | float | bool
RELATIVE_TOLERANCE = 1e-9
RELAXED_WORD_F1 = 0.5

_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"-?\d[\d.,\s]*")
_DECIMAL_COMMA = re.compile(r",\d{1,2}$")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def canonical(value: JsonValue, type_: VariableType) -> Canonical | None:
    """Give the form in which values are compared; None when there is nothing to compare."""
    if value is None or value == "":
        return None
    if type_ is VariableType.BOOLEAN:
        return value if isinstance(value, bool) else _TRUTH.get(str(value).strip().casefold())
    if type_ is VariableType.NUMBER:
        number = as_number(value)
        return number if number is not None else normalised(str(value))
    if type_ is VariableType.DATE:
        return iso_date(str(value)) or normalised(str(value))
    if type_ is VariableType.JSON or not isinstance(value, (str, int, float, bool)):
        return canonical_json(value)
    return normalised(str(value))


@lru_cache(maxsize=100_000)
def normalised(text: str) -> str:
    """Give the words of a text in NFKC and casefold, joined by one space; text without words as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORDS.findall(folded.replace("&", " and "))) or folded.strip()


def as_number(value: JsonValue) -> float | None:
    """Give a number, or the first number in a text: 'RM51.30', '1.234,50', '$1,234.50', '12 000'."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    match = _NUMBER.search(str(value))
    if match is None:
        return None
    digits = re.sub(r"\s", "", match.group()).rstrip(".,")
    if _DECIMAL_COMMA.search(digits) and digits.count(",") == 1:
        digits = digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
        if digits.count(".") > 1:
            digits = digits.replace(".", "")
    try:
        return float(digits)
    except ValueError:
        return None


def same(one: Canonical, other: Canonical) -> bool:
    """Strict: whether two canonical values are equal; numbers within a relative 1e-9."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE)
    return one == other


def alike(one: Canonical, other: Canonical) -> bool:
    """Relaxed: whether one text contains the other or their word F1 is at least 0.5."""
    if not isinstance(one, str) or not isinstance(other, str) or not one or not other:
        return same(one, other)
    if one in other or other in one:
        return True
    first, second = one.split(), other.split()
    shared = sum((Counter(first) & Counter(second)).values())
    return shared > 0 and 2 * shared / (len(first) + len(second)) >= RELAXED_WORD_F1


def relaxed_for(type_: VariableType) -> Callable[[Canonical, Canonical], bool]:
    """Give the relaxed comparison of a variable type: free text is compared loosely, all else strictly."""
    return alike if type_ in (VariableType.TEXT, VariableType.LOCATION) else same


def matches(
    gold: Sequence[Sequence[Canonical]],
    predicted: Sequence[Canonical],
    equal: Callable[[Canonical, Canonical], bool],
) -> int:
    """Give the size of the largest one-to-one matching of gold values (any spelling) with predictions.

    Augmenting paths (Kuhn 1955); lists are short, so nothing faster is needed.
    """
    edges = [
        [place for place, value in enumerate(predicted) if any(equal(spelling, value) for spelling in spellings)]
        for spellings in gold
    ]
    owner: dict[int, int] = {}

    def augment(label: int, seen: set[int]) -> bool:
        for place in edges[label]:
            if place in seen:
                continue
            seen.add(place)
            if place not in owner or augment(owner[place], seen):
                owner[place] = label
                return True
        return False

    return sum(augment(label, set()) for label in range(len(gold)))
