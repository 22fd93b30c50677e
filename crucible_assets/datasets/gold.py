"""Labelled values to measure against, read from lines of `{"doc": file name, "gold": {variable: [values]}}`.

An empty list says that the document has no value for the variable. A line may carry
`"alternatives": {variable: [[other spellings of the first value], …]}`, any of which counts as that value.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.errors import GoldError

_FORM = '{"doc": file name, "gold": {variable: [values]}}'


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """The labelled values of one document; each value is the tuple of its accepted spellings."""

    document: str
    values: Mapping[str, tuple[tuple[JsonValue, ...], ...]] = field(default_factory=dict)


def parse_gold(text: str, source: str) -> tuple[GoldDocument, ...]:
    """Read the text of a gold file; `source` is its name in messages. Blank lines are passed over.

    Raises GoldError naming file and line for a line that is no such object and for a document labelled twice.
    """
    documents: list[GoldDocument] = []
    lines: dict[str, int] = {}
    # Not splitlines(): JSON text may hold U+2028 and its like, which are no line ends of JSON Lines.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        document = _document(line, f"{source}, line {number}")
        if document.document in lines:
            raise GoldError(
                f"{source}, line {number}: {document.document!r} is already labelled on line "
                f"{lines[document.document]}; put all its variables on one line"
            )
        lines[document.document] = number
        documents.append(document)
    if not documents:
        raise GoldError(f"{source}: no line with labels; each must be {_FORM}")
    return tuple(documents)


def _document(line: str, place: str) -> GoldDocument:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise GoldError(f"{place}: no JSON ({error.msg} at character {error.pos + 1}); write {_FORM}") from error
    if not isinstance(record, dict) or not isinstance(record.get("doc"), str) or not record["doc"]:
        raise GoldError(f"{place}: no file name under 'doc'; write {_FORM}")
    gold, alternatives = record.get("gold"), record.get("alternatives") or {}
    if not isinstance(gold, dict):
        raise GoldError(f"{place}: no object under 'gold'; write {_FORM}")
    if not isinstance(alternatives, dict):
        raise GoldError(f"{place}: 'alternatives' is no object of lists")
    values = {name: _values(name, given, alternatives.get(name), place) for name, given in gold.items()}
    return GoldDocument(record["doc"], values)


def _values(name: str, given: Any, others: Any, place: str) -> tuple[tuple[JsonValue, ...], ...]:
    items = given if isinstance(given, list) else [given]  # a lone scalar is a list of one
    if others is not None and not (
        isinstance(others, list) and all(isinstance(spellings, list) for spellings in others)
    ):
        raise GoldError(f"{place}: 'alternatives' of {name!r} is no list of lists, one per value")
    spellings = list(_padded(others or [], len(items)))
    return tuple(
        (item, *more) for item, more in zip(items, spellings, strict=True) if item is not None and item != ""
    )


def _padded(others: list[list[JsonValue]], length: int) -> Iterable[list[JsonValue]]:
    yield from others[:length]
    yield from ([] for _ in range(length - len(others)))
