"""Merging the answers that the chunks of a long document gave to the same question."""

import json
from collections.abc import Sequence

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.coercion.absent import says_absent
from crucible_assets.extractions.grounding.folding import fold
from resources.vocabulary import IfMultipleValues, Variable


def merge_chunks(answers: Sequence[Answer], variable: Variable, starts: Sequence[int] | None = None) -> Answer:
    """One answer from the answers of a document's chunks, given in the order of the chunks.

    Found beats absent. The items are ordered for the variable's policy: for MOST_CONFIDENT the surest first, else
    in the order of the chunks; those with a quote go before those without. For variables that keep all values,
    equal ones are taken once, with the better evidence; for the others they stay, because their number tells how
    far the chunks agree. Where every chunk says absent, the answer is as sure as the least sure of them. `starts`
    are the chunks' offsets in the document, near which their values are looked for. Raises ValueError for none.
    """
    if not answers:
        raise ValueError(f"no answers to merge for {variable.name}")
    offsets = starts if starts is not None else [None] * len(answers)
    items = [
        Item(item.value, item.source_text, item.confidence, item.near if offset is None else offset)
        for answer, offset in zip(answers, offsets, strict=True)
        if answer.found
        for item in answer.items
        if not (isinstance(item.value, str) and says_absent(item.value) and not variable.classification_rules)
    ]
    if not items:
        surenesses = [answer.confidence for answer in answers if answer.confidence is not None]
        return Answer(False, (), min(surenesses, default=None))
    if variable.multiple:
        return Answer(True, tuple(_distinct(items)))
    if variable.if_multiple_values is IfMultipleValues.MOST_CONFIDENT:
        items = sorted(items, key=lambda item: (item.source_text is None, -(item.confidence or 0.0)))
    else:
        items = sorted(items, key=lambda item: item.source_text is None)
    return Answer(True, tuple(items))


def _distinct(items: list[Item]) -> list[Item]:
    """Equal values once, at the place of the first, with the better evidence of the two."""
    best: dict[str, Item] = {}
    for item in items:
        key = fold(item.value) if isinstance(item.value, str) else json.dumps(item.value, sort_keys=True)
        held = best.get(key)
        if held is None or _worth(item) > _worth(held):
            best[key] = item
    return list(best.values())


def _worth(item: Item) -> tuple[bool, float]:
    return item.source_text is not None, item.confidence or 0.0
