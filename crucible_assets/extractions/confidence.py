"""Confidence of a cell: the model's own, corrected by what its evidence is worth.

The factors are judgements, not measurements; calibration on feedback and gold replaces their scale per variable.
What matters here is their order: a value whose quote stands in the document is believed as the model believes it,
one whose quote is not there is believed less than half.
"""

from collections.abc import Sequence

from crucible_assets.extractions.grounding.place import Placement
from resources.vocabulary import EvidenceStatus

NOT_FOUND_FACTOR = 0.4
NOT_FOUND_BUT_VALUE_STANDS_FACTOR = 0.6  # the quote is not in the document, the value itself is
NOTHING_QUOTED_FACTOR = 0.9  # a negative answer has nothing to quote
FOUND_BY_VALUE_FACTOR = 0.9  # nobody quoted anything; the value stands in the document, perhaps elsewhere by chance
LEAST_AGREEMENT_FACTOR = 0.7  # where nobody else says the same


def evidence_factor(placement: Placement, *, quoted: bool, value_stands: bool) -> float:
    """What the placement leaves of the model's confidence, 0 to 1.

    `quoted`: the model gave a quote. `value_stands`: the value itself was found where the quote was not.
    """
    match placement.status:
        case EvidenceStatus.EXACT | EvidenceStatus.NORMALISED:
            return 1.0 if quoted else FOUND_BY_VALUE_FACTOR
        case EvidenceStatus.FUZZY:
            return placement.score * (1.0 if quoted else FOUND_BY_VALUE_FACTOR)
        case EvidenceStatus.NONE:
            return NOTHING_QUOTED_FACTOR
        case EvidenceStatus.NOT_FOUND:
            return NOT_FOUND_BUT_VALUE_STANDS_FACTOR if value_stands else NOT_FOUND_FACTOR


def agreement_factor(chosen: float | None, others: Sequence[float | None]) -> float:
    """What competing values leave of the chosen one's confidence: from `LEAST_AGREEMENT_FACTOR` to 1.

    `chosen` and `others` are confidences, one for each distinct value that is not the chosen one; unknown ones
    count as 0.5.
    """
    if not others:
        return 1.0
    own = 0.5 if chosen is None else chosen
    total = own + sum(0.5 if other is None else other for other in others)
    share = own / total if total else 0.0
    return LEAST_AGREEMENT_FACTOR + (1 - LEAST_AGREEMENT_FACTOR) * share
