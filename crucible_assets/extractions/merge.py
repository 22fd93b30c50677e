"""Merging the answers that the chunks of a long document gave to the same question."""

import json
from collections.abc import Sequence
from dataclasses import replace

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.coercion.absent import says_absent
from crucible_assets.extractions.coercion.category import category_form
from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.grounding.folding import fold
from resources.vocabulary import ChunkMerge, Variable, VariableType

_Given = tuple[int, Item]  # the number of the chunk, and what it gave


def merge_chunks(
    answers: Sequence[Answer],
    variable: Variable,
    starts: Sequence[int] | None = None,
    language: str | None = None,
) -> Answer:
    """One answer from the answers of a document's chunks, given in the order of the chunks.

    Found beats absent. The items come in the order in which they count by the variable's `chunk_merge`:

    - FIRST: in the order of the chunks; of a list, only what the first chunk with a quoted value gave.
    - BEST_EVIDENCE: the surest first.
    - AGREEMENT: what most chunks give first; of equals the one with the better evidence, then the first.
    - ALL: in the order of the chunks.

    In all of them those with a quote go before those without. Lists hold equal values once, in whatever spelling
    ('1,000' and '1000', '3 March 2021' and '2021-03-03'), with the better evidence; for variables that keep one value
    they stay, because their number tells how far the chunks agree. Where every chunk says absent, the answer is as
    sure as the least sure of them. `starts` are the chunks' offsets in the document, near which their values are
    looked for; `language` is the document's, which settles what '1,000' means. Raises ValueError for none.
    """
    if not answers:
        raise ValueError(f"no answers to merge for {variable.name}")
    offsets = starts if starts is not None else [None] * len(answers)
    given: list[_Given] = [
        (chunk, item if offset is None else replace(item, near=offset))
        for chunk, (answer, offset) in enumerate(zip(answers, offsets, strict=True))
        if answer.found
        for item in answer.items
        if not (isinstance(item.value, str) and says_absent(item.value) and not variable.classification_rules)
    ]
    if not given:
        surenesses = [answer.confidence for answer in answers if answer.confidence is not None]
        return Answer(False, (), min(surenesses, default=None))
    if variable.multiple:
        return Answer(True, tuple(_list(given, variable, language)))
    return Answer(True, tuple(item for _, item in _ordered(given, variable, language)))


def _list(given: list[_Given], variable: Variable, language: str | None) -> list[Item]:
    """Equal values once, with the better evidence, each at the place of its first."""
    if variable.chunk_merge is ChunkMerge.FIRST:
        first = min(given, key=lambda one: (one[1].source_text is None, one[0]))[0]
        given = [one for one in given if one[0] == first]
    elif variable.chunk_merge is not ChunkMerge.ALL:
        given = _ordered(given, variable, language)
    return [max(items, key=_worth) for items in _same(given, variable, language).values()]


def _ordered(given: list[_Given], variable: Variable, language: str | None) -> list[_Given]:
    match variable.chunk_merge:
        case ChunkMerge.BEST_EVIDENCE:
            return sorted(given, key=lambda one: _worth(one[1]), reverse=True)  # stable: of equals the first
        case ChunkMerge.AGREEMENT:
            chunks: dict[str, set[int]] = {}
            for chunk, item in given:
                chunks.setdefault(_key(item, variable, language), set()).add(chunk)
            best = {key: max(map(_worth, items)) for key, items in _same(given, variable, language).items()}

            def standing(one: _Given) -> tuple[int, tuple[bool, float]]:
                key = _key(one[1], variable, language)
                return len(chunks[key]), best[key]

            quoted = sorted(given, key=lambda one: one[1].source_text is None)
            return sorted(quoted, key=standing, reverse=True)
        case _:
            return sorted(given, key=lambda one: one[1].source_text is None)


def _same(given: list[_Given], variable: Variable, language: str | None) -> dict[str, list[Item]]:
    """The items by the value that they mean, each value at the place of its first item."""
    groups: dict[str, list[Item]] = {}
    for _, item in given:
        groups.setdefault(_key(item, variable, language), []).append(item)
    return groups


def _key(item: Item, variable: Variable, language: str | None) -> str:
    """The form in which equal values meet: as coerced where the reading is certain, else as folded text."""
    if variable.type not in (VariableType.TEXT, VariableType.LOCATION, VariableType.JSON):
        coerced = coerce(item.value, variable, language)
        if coerced.value is not None and coerced.problem is None:
            return json.dumps(coerced.value)
    if isinstance(item.value, str):
        return category_form(fold(item.value))
    return json.dumps(item.value, sort_keys=True)


def _worth(item: Item) -> tuple[bool, float]:
    return item.source_text is not None, item.confidence or 0.0
