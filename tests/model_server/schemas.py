"""Reading JSON Schema.

Made for the schemas of structured output: `$ref`, `anyOf`, `oneOf`, `allOf`, `enum`, `const`, type lists, objects,
arrays, strings with length, format or pattern, numbers with limits. `not`, `if` and `uniqueItems` are not obeyed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from pydantic_core import to_json

Schema = Mapping[str, Any]
_MAX_REMEMBERED = 4096
MAX_DEPTH = 24  # of recursive schemas
_CELL_KEYS = frozenset({"value", "values", "found"})
QUOTE_KEYS = frozenset({"source_text", "quote", "evidence", "source", "span"})
NAME_KEYS = frozenset({"name", "label", "entity"})
VERDICT_KEYS = frozenset({"correct", "reason"})


T = TypeVar("T")


def remembered(function: Callable[[Schema], T]) -> Callable[[Schema], T]:
    """A pure function of a schema that is computed once for each content; the same few are sent again and again."""
    known: OrderedDict[bytes, T] = OrderedDict()

    def remembering(schema: Schema) -> T:
        key = to_json(schema)
        if key not in known:
            known[key] = function(schema)
            if len(known) > _MAX_REMEMBERED:
                known.popitem(last=False)
        return known[key]

    return remembering


def resolved(schema: Any, root: Schema) -> Schema:
    """The schema with `$ref` followed and `allOf` merged, one level deep; an unknown one becomes `{}`."""
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        target: Any = root
        for part in reference.removeprefix("#").strip("/").split("/"):
            if part:
                key = part.replace("~1", "/").replace("~0", "~")
                target = target.get(key) if isinstance(target, dict) else None
        schema = target
    if not isinstance(schema, dict):
        return {}
    merged = schema.get("allOf")
    if isinstance(merged, list) and merged:
        result: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
        for part in merged:
            for key, value in resolved(part, root).items():
                if key == "properties":
                    result[key] = {**result.get(key, {}), **value}
                elif key == "required":
                    result[key] = [*result.get(key, []), *value]
                else:
                    result.setdefault(key, value)
        return result
    return schema


def alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """The schemas of which one must hold, in order; a schema without `anyOf` is its own only alternative."""
    for key in ("anyOf", "oneOf"):
        options = schema.get(key)
        if isinstance(options, list) and options:
            shared = {name: value for name, value in schema.items() if name != key}
            return [
                deeper for option in options for deeper in alternatives({**shared, **resolved(option, root)}, root)
            ]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema]


def type_of(schema: Schema) -> str | None:
    """The schema's type by name, guessed from its other keywords when it says none."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return None


def is_cell(schema: Any, root: Schema, depth: int = 0) -> bool:
    """Whether a property holds one variable's answer: a plain value, a list of them, or value with evidence."""
    if depth > MAX_DEPTH:
        return True
    for option in alternatives(resolved(schema, root), root):
        kind = type_of(option)
        if kind == "object":
            if not _CELL_KEYS & set(option.get("properties", {})):
                return False
        elif kind == "array" and not is_cell(option.get("items", {}), root, depth + 1):
            return False
    return True


class Form(StrEnum):
    """What kind of answer a schema asks for."""

    KEYED = "keyed"  # properties named for the variables, or any other schema
    CELL = "cell"  # one variable's value with its evidence at the top level; the question names the variable
    ROWS = "rows"  # the entities of the document, as a list of objects under `rows`
    VERDICT = "verdict"  # exactly `correct` and `reason`: is a given value right


@remembered
def reading(schema: Schema) -> tuple[Form, tuple[str, ...]]:
    """The form of a schema, and the names of variables in it."""
    top = resolved(schema, schema)
    names = frozenset(top.get("properties", {}))
    if names == VERDICT_KEYS:
        return Form.VERDICT, ()
    if names & {"value", "values"} and names & ({"found", "confidence"} | QUOTE_KEYS):
        return Form.CELL, ()
    if "rows" in names and entity_schema(top["properties"]["rows"], schema) is not None:
        return Form.ROWS, asked(schema)
    return Form.KEYED, asked(schema)


def entity_schema(rows: Any, root: Schema) -> Schema | None:
    """The schema of one entity in a list of them; None when the list holds something else."""
    for option in alternatives(resolved(rows, root), root):
        for item in alternatives(resolved(option.get("items", {}), root), root):
            if NAME_KEYS & set(item.get("properties", {})):
                return item
    return None


@remembered
def asked(schema: Schema) -> tuple[str, ...]:
    """Names of the variables that a schema asks for, in its order, each once."""
    return tuple(dict.fromkeys(_asked(schema, schema, 0)))


def _asked(schema: Any, root: Schema, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    for option in alternatives(resolved(schema, root), root):
        kind = type_of(option)
        if kind == "object":
            for name, part in option.get("properties", {}).items():
                if is_cell(part, root):
                    yield name
                else:
                    yield from _asked(part, root, depth + 1)
        elif kind == "array":
            yield from _asked(option.get("items", {}), root, depth + 1)


def property_named(schema: Any, root: Schema, name: str, depth: int = 0) -> Any:
    """The schema of the first property with a name, however deep; None when there is none."""
    if depth > MAX_DEPTH:
        return None
    for option in alternatives(resolved(schema, root), root):
        properties = option.get("properties", {})
        if name in properties:
            return properties[name]
        for part in (*properties.values(), *([option["items"]] if "items" in option else [])):
            found = property_named(part, root, name, depth + 1)
            if found is not None:
                return found
    return None


def is_closed(schema: Any, root: Schema, depth: int = 0) -> bool:
    """Whether a cell's value is one of a closed list, or yes or no."""
    if depth > MAX_DEPTH:
        return False
    for option in alternatives(resolved(schema, root), root):
        if "enum" in option or "const" in option or option.get("type") == "boolean":
            return True
        inner = [option["items"]] if "items" in option else []
        inner += [option["properties"][key] for key in ("value", "values") if key in option.get("properties", {})]
        if any(is_closed(part, root, depth + 1) for part in inner):
            return True
    return False
