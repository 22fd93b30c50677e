"""Deciding a cell: from a model's answer to a state, a value for the dataset, a confidence and evidence.

- VALUE: read, found in the document, within the rules, at or above the variable's threshold.
- ABSENT: the model says it is not there. Stays so for a required variable, which the reasons then say.
- UNCERTAIN: read, but below the threshold, without evidence that states it, outside the rules, of doubtful reading,
  or only in part. `if_uncertain` decides what the dataset gets: the value, nothing, or the default; `values` keep
  what was read.
- FAILED: the model says that there is a value, but none of what it gave is one of the variable's type.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.cell import Cell, Evidence, dependency_met, failed_cell, not_applicable_cell
from crucible_assets.extractions.coercion.coerce import coerce, raw_text
from crucible_assets.extractions.coercion.coerced import Coerced, Value
from crucible_assets.extractions.coercion.date import DateOrder, infer_order
from crucible_assets.extractions.confidence import agreement_factor, evidence_factor
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.place import NOTHING_QUOTED, Placement, place, place_all
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.value import find_value
from crucible_assets.extractions.leaks import LEAKED, leaked_value
from crucible_assets.extractions.merge import merge_chunks
from crucible_assets.extractions.support import support
from crucible_assets.extractions.validation import violations
from resources.vocabulary import (
    CellState,
    ChunkMerge,
    EvidenceStatus,
    IfMultipleValues,
    IfUncertain,
    Variable,
    VariableType,
)

__all__ = [
    "Cell",
    "Evidence",
    "decide_cell",
    "dependency_met",
    "failed_cell",
    "merge_chunks",
    "not_applicable_cell",
]

SEPARATOR = "; "  # between the values of CONCATENATE


@dataclass(frozen=True, slots=True)
class _Reading:
    """One value of an answer, read and checked. `doubts` are the reasons for which it is not certain."""

    value: Value
    evidence: Evidence
    confidence: float | None
    weight: float  # what the evidence is worth, 0 to 1; stands for the confidence where the model gave none
    shown: bool  # whether the document was found to state it
    doubts: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def sureness(self) -> float:
        """The confidence, or the evidence's worth where there is none."""
        return self.weight if self.confidence is None else self.confidence


@dataclass(frozen=True, slots=True)
class Review:
    """What is known beside the answer itself, before the threshold is applied.

    `adjust` gives the confidence after other answers and a second model were heard. `stated` and `absent` calibrate:
    they give the share of values, or of absences, that were right at such a confidence. All map 0 to 1 on 0 to 1.
    `objections` make a cell uncertain, `notes` do not. `said` is what the model was told beside the document.
    """

    adjust: Callable[[float], float] = float
    stated: Callable[[float], float] | None = None
    absent: Callable[[float], float] | None = None
    objections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


_NOTHING_ELSE = Review()


def decide_cell(
    answer: Answer,
    variable: Variable,
    document: PreparedText,
    language: str | None = None,
    date_order: DateOrder | None = None,
    review: Review = _NOTHING_ELSE,
) -> Cell:
    """The cell that an answer about one document leaves.

    `language` is the document's; `date_order` the order of dates in figures, found from the document's other dates
    where it is not given. Never raises for any answer.
    """
    raw = _raw(answer.items)
    if not answer.found:
        return _absent(answer.confidence, raw, variable, review)
    coerced = [
        Coerced(None, raw_text(item.value), problem=LEAKED)
        if leaked_value(item.value, variable, document, *review.said)
        else _coerce(item, variable, document, language, date_order)
        for item in answer.items
    ]
    present = [(item, c) for item, c in zip(answer.items, coerced, strict=True) if not c.absent]
    if not present:
        confidences = [item.confidence for item in answer.items if item.confidence is not None]
        return _absent(min(confidences, default=answer.confidence), raw, variable, review)
    unreadable = tuple(c.problem or "no value" for _, c in present if c.value is None)
    readable = [(item, c) for item, c in present if c.value is not None]
    if not readable:
        return Cell(CellState.FAILED, raw=raw, reasons=unreadable)
    placements = _placements(readable, variable, document)
    readings = [
        _read(item, c, placement, variable, document, language)
        for (item, c), placement in zip(readable, placements, strict=True)
    ]
    kept, lost = _kept(readings, variable)
    return _decided(kept, lost, unreadable, raw, variable, review)


def _raw(items: Sequence[Item]) -> Any:
    values = [item.value for item in items]
    return values[0] if len(values) == 1 else values or None


def _absent(confidence: float | None, raw: Any, variable: Variable, review: Review) -> Cell:
    reasons = ("required, but the document does not state it",) if variable.validation.required else ()
    before = None if confidence is None else review.adjust(confidence)
    after = before if before is None or review.absent is None else review.absent(before)
    return Cell(
        CellState.ABSENT,
        raw=raw,
        confidence=after,
        uncalibrated=None if review.absent is None else before,
        reasons=(*reasons, *review.notes),
    )


def _coerce(
    item: Item,
    variable: Variable,
    document: PreparedText,
    language: str | None,
    date_order: DateOrder | None,
) -> Coerced:
    coerced = coerce(item.value, variable, language, date_order)
    if variable.type is VariableType.DATE and coerced.value is not None and coerced.problem is not None:
        order = infer_order(document.text)  # only now: the search costs milliseconds on a long document
        if order is not None:
            return coerce(item.value, variable, language, order)
    return coerced


def _placements(readable: list[tuple[Item, Coerced]], variable: Variable, document: PreparedText) -> list[Placement]:
    """A placement for each value: of its quote, else of the value itself."""
    quotes = [item.source_text or "" for item, _ in readable]
    if variable.multiple and len(quotes) > 1 and not any(item.near for item, _ in readable):
        placements = list(place_all(quotes, document))
    else:
        placements = [
            place(quote, document, item.near, coerced.text)
            for quote, (item, coerced) in zip(quotes, readable, strict=True)
        ]
    return [
        _by_value(coerced, item, variable, document) if placement.status is EvidenceStatus.NONE else placement
        for placement, (item, coerced) in zip(placements, readable, strict=True)
    ]


def _by_value(coerced: Coerced, item: Item, variable: Variable, document: PreparedText) -> Placement:
    """Evidence for a value without a quote; a 'no' has none to give."""
    if coerced.value is False:
        return NOTHING_QUOTED
    return find_value(coerced.value, document, variable.type, item.near)


def _read(
    item: Item,
    coerced: Coerced,
    placement: Placement,
    variable: Variable,
    document: PreparedText,
    language: str | None,
) -> _Reading:
    assert coerced.value is not None, "only readable values are placed"
    value, quoted = coerced.value, bool(item.source_text and item.source_text.strip())
    doubts = [coerced.problem] if coerced.problem else []
    doubts.extend(violations(value, variable))
    notes: list[str] = []
    value_stands, shown = False, placement.status is not EvidenceStatus.NOT_FOUND
    if placement.status is EvidenceStatus.NOT_FOUND:
        value_stands = quoted and find_value(value, document, variable.type, item.near).found
        missing = "the quoted words are" if quoted else "the value is"
        stands = ", but the value itself is" if value_stands else ""
        doubts.append(f"{missing} not in the document{stands}")
    weight = evidence_factor(placement, quoted=quoted, value_stands=value_stands)
    if quoted and placement.found:
        worth = support(placement, coerced, variable, document, language)
        placement, weight, shown = worth.placement, weight * worth.factor, worth.doubt is None
        doubts.extend([worth.doubt] if worth.doubt else [])
        notes.extend([worth.note] if worth.note else [])
    confidence = None if item.confidence is None else item.confidence * weight
    quote = item.source_text or document.text[placement.start or 0 : placement.end or 0]
    evidence = Evidence(quote, placement.start, placement.end, placement.status, placement.score)
    return _Reading(value, evidence, confidence, weight, shown, tuple(doubts), tuple(notes))


def _kept(readings: list[_Reading], variable: Variable) -> tuple[list[_Reading], tuple[str, ...]]:
    """The readings that the policy keeps, and what became of the others."""
    distinct, counts = _distinct(readings)
    if variable.multiple:
        most = variable.max_values or len(distinct)
        left = len(distinct) - most
        notes = (f"{left} more values were found than the {most} that are kept",) if left > 0 else ()
        return distinct[:most], notes
    if variable.chunk_merge is ChunkMerge.BEST_EVIDENCE:
        chosen = max(distinct, key=lambda reading: reading.sureness)  # the first of equals
    else:
        chosen = next((reading for reading in distinct if reading.shown), distinct[0])
    others = [reading for reading in distinct if reading is not chosen]
    if not others:
        return [chosen], ()
    factor = agreement_factor(
        chosen.sureness * counts[id(chosen)], [other.sureness * counts[id(other)] for other in others]
    )
    confidence = None if chosen.confidence is None else chosen.confidence * factor
    named = ", ".join(raw_text(other.value)[:60] for other in others[:5])
    note = f"{len(others)} other value{'s' if len(others) > 1 else ''} found: {named}"
    return [replace(chosen, confidence=confidence, weight=chosen.weight * factor)], (note,)


def _distinct(readings: list[_Reading]) -> tuple[list[_Reading], dict[int, int]]:
    """Equal values once, at the place of the first, with the surest reading; and how often each was read (by id)."""
    groups: dict[str, list[_Reading]] = {}
    for reading in readings:
        value = reading.value
        key = fold(value) if isinstance(value, str) else raw_text(value)
        groups.setdefault(key, []).append(reading)
    best = [max(group, key=lambda reading: reading.sureness) for group in groups.values()]
    return best, {id(reading): len(group) for reading, group in zip(best, groups.values(), strict=True)}


def _decided(
    kept: list[_Reading],
    lost: tuple[str, ...],
    unreadable: tuple[str, ...],
    raw: Any,
    variable: Variable,
    review: Review,
) -> Cell:
    kept = [_adjusted(reading, review.adjust) for reading in kept]
    before = _least(kept)
    if review.stated is not None:
        kept = [_adjusted(reading, review.stated) for reading in kept]
    threshold = variable.confidence_threshold
    doubts = [(*review.objections, *_doubts(reading, threshold)) for reading in kept]
    partly = tuple(f"not read: {problem}" for problem in unreadable)
    incomplete = partly if variable.multiple else ()
    uncertain = bool(incomplete) or any(doubts)
    certain = [reading for reading, doubt in zip(kept, doubts, strict=True) if not doubt]
    value, policy = _for_dataset(kept, certain, variable, uncertain=uncertain)
    several = len(kept) > 1
    own = (
        f"{raw_text(reading.value)[:60]}: {words}" if several else words
        for reading, doubt in zip(kept, doubts, strict=True)
        for words in (*doubt, *reading.notes)
    )
    return Cell(
        state=CellState.UNCERTAIN if uncertain else CellState.VALUE,
        values=tuple(reading.value for reading in kept),
        value=value,
        raw=raw,
        confidence=_least(kept),
        uncalibrated=None if review.stated is None else before,
        evidence=tuple(reading.evidence for reading in kept),
        reasons=tuple(dict.fromkeys((*own, *review.notes, *lost, *partly, *policy))),
    )


def _adjusted(reading: _Reading, adjust: Callable[[float], float]) -> _Reading:
    confidence = None if reading.confidence is None else adjust(reading.confidence)
    return replace(reading, confidence=confidence, weight=adjust(reading.weight))


def _least(kept: Sequence[_Reading]) -> float | None:
    """A list is as sure as its least sure value."""
    confidences = [reading.confidence for reading in kept if reading.confidence is not None]
    return min(confidences) if confidences and len(confidences) == len(kept) else None


def _doubts(reading: _Reading, threshold: float) -> tuple[str, ...]:
    if reading.sureness >= threshold:
        return reading.doubts
    return (*reading.doubts, f"confidence {reading.sureness:.2f} is below the threshold {threshold:.2f}")


def _for_dataset(
    kept: list[_Reading], certain: list[_Reading], variable: Variable, *, uncertain: bool
) -> tuple[Any, tuple[str, ...]]:
    """What goes to the dataset, and what the policy did. NULL and DEFAULT leave the certain values of a list."""
    if not uncertain or variable.if_uncertain is IfUncertain.KEEP_FLAGGED:
        return _shaped(kept, variable), ()
    if variable.multiple and certain:
        dropped = len(kept) - len(certain)
        return _shaped(certain, variable), (f"{dropped} uncertain values left out",) if dropped else ()
    if variable.if_uncertain is IfUncertain.DEFAULT:
        return variable.default_value, (f"the default {raw_text(variable.default_value)!r} stands for it",)
    return None, ("left empty because it is uncertain",)


def _shaped(readings: list[_Reading], variable: Variable) -> Any:
    values = [reading.value for reading in readings]
    match variable.if_multiple_values:
        case IfMultipleValues.ALL:
            return values
        case IfMultipleValues.CONCATENATE:
            return SEPARATOR.join(raw_text(value) for value in values)
        case _:
            return values[0]
