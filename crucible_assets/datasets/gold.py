"""Labelled values to measure against, read from lines of `{"doc": file name, "gold": {variable: [values]}}`.

An empty list says that the document has no value for the variable. A line may carry
`"alternatives": {variable: [[other spellings of the first value], …]}`, any of which counts as that value.

Where the unit is an entity, a line has rows instead: `{"doc": file name, "rows": [{"entity": name, "gold": {…}}]}`,
each with `"alternatives"` as above and `"names": [other names]` where wanted. An empty list says that there is no
entity in the document.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.errors import GoldError

_FORM = '{"doc": file name, "gold": {variable: [values]}}'
_ROW_FORM = '{"entity": name, "gold": {variable: [values]}}'
Values = Mapping[str, tuple[tuple[JsonValue, ...], ...]]  # each value is the tuple of its accepted spellings


@dataclass(frozen=True, slots=True)
class GoldRow:
    """The labelled values of one entity, and the names that it may be found under."""

    entity: str
    values: Values = field(default_factory=dict)
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """The labelled values of one document, or of the entities in it; `rows` is None where those are not labelled."""

    document: str
    values: Values = field(default_factory=dict)
    rows: tuple[GoldRow, ...] | None = None


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
    if "rows" not in record:
        return GoldDocument(record["doc"], _labels(record, place, _FORM))
    if "gold" in record:
        raise GoldError(f"{place}: both 'gold' and 'rows'; label the document or the entities in it")
    if not isinstance(record["rows"], list):
        raise GoldError(f"{place}: 'rows' is no list; each entry must be {_ROW_FORM}")
    rows = tuple(_row(row, f"{place}, row {number}") for number, row in enumerate(record["rows"], 1))
    return GoldDocument(record["doc"], rows=rows)


def _row(record: Any, place: str) -> GoldRow:
    if not isinstance(record, dict) or not isinstance(record.get("entity"), str) or not record["entity"].strip():
        raise GoldError(f"{place}: no name under 'entity'; write {_ROW_FORM}")
    names = record.get("names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise GoldError(f"{place}: 'names' is no list of names")
    return GoldRow(record["entity"], _labels(record, place, _ROW_FORM), tuple(names))


def _labels(record: Mapping[str, Any], place: str, form: str) -> Values:
    gold, alternatives = record.get("gold"), record.get("alternatives") or {}
    if not isinstance(gold, dict):
        raise GoldError(f"{place}: no object under 'gold'; write {form}")
    if not isinstance(alternatives, dict):
        raise GoldError(f"{place}: 'alternatives' is no object of lists")
    return {name: _values(name, given, alternatives.get(name), place) for name, given in gold.items()}


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
