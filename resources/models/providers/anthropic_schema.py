"""Answer schemas within Anthropic's limits: at most 16 parameters of a union type in one request.

Source: guide "Structured outputs", section "Schema complexity limits". The answer schema spends two unions on each
single-valued variable ("or null"), so more than eight of them in one call are refused. Beyond the limit "or null" is
asked as an empty text, and the answer is turned back into the form of the contract (`resources.models.request`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

MOST_UNIONS = 16
_EMPTY = "Empty if there is none."


def unions(schema: Any) -> int:
    """How many parts of a schema have more than one type."""
    return sum(isinstance(part.get("type"), list) or "anyOf" in part for part in _parts(schema))


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, Mapping):
        yield schema
        for part in (*schema.get("properties", {}).values(), schema.get("items"), *schema.get("anyOf", ())):
            yield from _parts(part)


def without_unions(schema: Any) -> Any:
    """The schema with every union narrowed to one type; text where that is among them, for it can hold all others."""
    if not isinstance(schema, Mapping):
        return schema
    options, empty = _options(schema)
    if options:
        chosen = next((option for option in options if option.get("type") == "string"), options[0])
        return _with_empty(chosen) if empty else chosen
    narrowed = dict(schema)
    if "properties" in schema:
        narrowed["properties"] = {name: without_unions(part) for name, part in schema["properties"].items()}
    if "items" in schema:
        narrowed["items"] = without_unions(schema["items"])
    return narrowed


def _options(schema: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The types of a union without null, and whether null was among them; none for what is no union."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        parts = [{**schema, "type": kind} for kind in kinds]
    else:
        shared = {name: value for name, value in schema.items() if name != "anyOf"}
        parts = [{**shared, **part} for part in schema.get("anyOf", ())]
    return [part for part in parts if part.get("type") != "null"], any(part.get("type") == "null" for part in parts)


def _with_empty(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") != "string":
        return dict(part)  # a boolean or number is told, and does not count where 'found' is false
    described = f"{part.get('description', '')} {_EMPTY}".strip()
    listed = {"enum": [*part["enum"], ""]} if "enum" in part else {}
    return {**part, **listed, "description": described}


def with_nulls(text: str) -> str:
    """An answer to a narrowed schema in the form of the contract; what has nothing to turn back is left as it is."""
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    if not isinstance(answer, dict):
        return text
    restored = {name: _entry(entry) for name, entry in answer.items()}
    return text if restored == answer else json.dumps(restored, ensure_ascii=False)


def _entry(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    absent = entry.get("found") is False
    nulls = {name: None for name in ("value", "source_text") if name in entry and (absent or entry[name] == "")}
    values = entry.get("values")
    listed = {"values": [_entry(value) for value in values]} if isinstance(values, list) else {}
    return {**entry, **nulls, **listed}
