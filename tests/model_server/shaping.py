"""From findings to an answer of the shape that a schema asks for.

Known shapes of one variable: a plain value, a list of values, an object with `value` or `values` and any of
`found`, `source_text`, `quote`, `evidence`, `confidence`. Objects round them are walked through; a list of objects
becomes one object for each finding of the variables inside. Anything else gets a minimal value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.model_server.schemas import (
    MAX_DEPTH,
    NAME_KEYS,
    QUOTE_KEYS,
    Schema,
    alternatives,
    asked,
    entity_schema,
    is_cell,
    resolved,
    type_of,
)
from tests.model_server.values import fit, minimal
from tests.model_server.view import Json

CONFIDENCE_FOUND = 0.9
CONFIDENCE_ABSENT = 0.8


@dataclass(frozen=True, slots=True)
class Finding:
    """A value of a variable and the words of the document that hold it; None: it is not said in words."""

    value: Json
    quote: str | None


Lookup = Callable[[str], Sequence[Finding]]
"""The findings of a variable, by name; none: it is absent."""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of a document: its name, the words that name it, and what is found about it."""

    name: str
    quote: str | None
    lookup: Lookup


def shaped(schema: Schema, lookup: Lookup) -> Json:
    """The answer to `schema` made of what `lookup` finds."""
    return _walk(schema, schema, lookup, 0)


def cell(schema: Schema, findings: Sequence[Finding]) -> Json:
    """The answer to a schema that holds one variable's value and evidence at its top level."""
    return _cell(schema, schema, findings)


def entity_rows(schema: Schema, entities: Sequence[Entity]) -> dict[str, Json]:
    """The answer to a schema with a list of entities under `rows`; other properties get a minimal value."""
    top = resolved(schema, schema)
    answer: dict[str, Json] = {}
    for key, part in top["properties"].items():
        item = entity_schema(part, schema) if key == "rows" else None
        if item is None:
            answer[key] = minimal(part, schema)
        else:
            most = _first(part, schema).get("maxItems", len(entities))
            answer[key] = [_entity(item, schema, entity) for entity in entities[:most]]
    return answer


def _entity(item: Schema, root: Schema, entity: Entity) -> dict[str, Json]:
    row: dict[str, Json] = {}
    for key, part in item["properties"].items():
        if key in NAME_KEYS:
            row[key] = fit(entity.name, part, root)
        elif key in QUOTE_KEYS:
            row[key] = fit(entity.quote, part, root) if entity.quote is not None else minimal(part, root)
        elif key == "confidence":
            row[key] = CONFIDENCE_FOUND
        elif is_cell(part, root):
            row[key] = _cell(part, root, entity.lookup(key))
        else:
            row[key] = minimal(part, root)
    return row


def _walk(schema: Any, root: Schema, lookup: Lookup, depth: int) -> Json:
    if depth > MAX_DEPTH:
        return minimal(schema, root, depth)
    options = alternatives(resolved(schema, root), root)
    option = next((option for option in options if option.get("type") != "null"), options[0])
    kind = type_of(option)
    if kind == "object" and option.get("properties"):
        return {
            name: _cell(part, root, lookup(name)) if is_cell(part, root) else _walk(part, root, lookup, depth + 1)
            for name, part in option["properties"].items()
        }
    if kind == "array":
        return _rows(option, root, lookup, depth)
    return minimal(schema, root, depth)


def _rows(schema: Schema, root: Schema, lookup: Lookup, depth: int) -> list[Json]:
    rows: list[Json] = []
    for item in alternatives(resolved(schema.get("items", {}), root), root):
        found = {name: tuple(lookup(name)) for name in _names(item, root)}
        for index in range(max((len(findings) for findings in found.values()), default=0)):

            def one(
                name: str, index: int = index, found: dict[str, tuple[Finding, ...]] = found
            ) -> Sequence[Finding]:
                return found.get(name, ())[index : index + 1]

            rows.append(_walk(item, root, one, depth + 1))
    rows = rows[: schema.get("maxItems", len(rows))]
    while len(rows) < schema.get("minItems", 0):
        rows.append(minimal(schema.get("items", {}), root, depth + 1))
    return rows


def _names(item: Schema, root: Schema) -> tuple[str, ...]:
    defs = {key: root[key] for key in ("$defs", "definitions") if key in root}
    return asked({**defs, **item})


def _cell(schema: Any, root: Schema, findings: Sequence[Finding]) -> Json:
    options = alternatives(resolved(schema, root), root)
    if not findings and any(option.get("type") == "null" for option in options):
        return None
    option = next((option for option in options if option.get("type") != "null"), options[0])
    kind = type_of(option)
    if kind == "object":
        return _evidence(option, root, findings)
    if kind == "array":
        return _list(option, root, findings)
    return fit(findings[0].value, schema, root) if findings else minimal(schema, root)


def _list(schema: Schema, root: Schema, findings: Sequence[Finding]) -> list[Json]:
    items = schema.get("items", {})
    values = [_cell(items, root, [finding]) for finding in findings]
    values = values[: schema.get("maxItems", len(values))]
    while len(values) < schema.get("minItems", 0):
        values.append(minimal(items, root))
    return values


def _evidence(schema: Schema, root: Schema, findings: Sequence[Finding]) -> dict[str, Json]:
    answer: dict[str, Json] = {}
    for key, part in schema.get("properties", {}).items():
        if key == "found":
            answer[key] = bool(findings)
        elif key == "value":
            answer[key] = fit(findings[0].value, part, root) if findings else minimal(part, root)
        elif key in QUOTE_KEYS:
            quote = findings[0].quote if findings else None
            answer[key] = fit(quote, part, root) if quote is not None else minimal(part, root)
        elif key == "confidence":
            answer[key] = CONFIDENCE_FOUND if findings else CONFIDENCE_ABSENT
        elif type_of(_first(part, root)) == "array":
            answer[key] = _cell(part, root, findings)
        else:
            answer[key] = minimal(part, root)
    return answer


def _first(schema: Any, root: Schema) -> Schema:
    options = alternatives(resolved(schema, root), root)
    return next((option for option in options if option.get("type") != "null"), options[0])
