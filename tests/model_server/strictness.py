"""What the real services refuse in an answer schema, so that a schema which passes here passes there.

OpenAI: guide "Structured Outputs", section "Supported schemas". Anthropic: guide "Structured outputs", sections
"JSON Schema limitations" and "Schema complexity limits".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.schemas import Schema, remembered

OPENAI_MAX_PROPERTIES = 5_000
OPENAI_MAX_DEPTH = 10
ANTHROPIC_MAX_UNIONS = 16
ANTHROPIC_MAX_OPTIONAL = 24

_OPENAI_REFUSED = ("allOf", "oneOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else")
_ANTHROPIC_REFUSED = {
    "string": ("minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("maxItems", "uniqueItems", "prefixItems"),
    "object": ("minProperties", "maxProperties", "patternProperties"),
}


def _parts(schema: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Schema, int]]:
    """Every schema inside a schema with its path and its depth in objects and arrays, itself included."""
    if not isinstance(schema, Mapping) or depth > 64:
        return
    yield path, schema, depth
    for key in ("properties", "$defs", "definitions"):
        inside = schema.get(key)
        if isinstance(inside, Mapping):
            for name, part in inside.items():
                yield from _parts(part, (*path, key, str(name)), depth + 1)
    if "items" in schema:
        yield from _parts(schema["items"], (*path, "items"), depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        if isinstance(options, list):
            for index, part in enumerate(options):
                yield from _parts(part, (*path, key, str(index)), depth)


def _is_object(schema: Schema) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


@remembered
def openai_refusal(schema: Schema) -> str | None:
    """Why OpenAI's strict mode refuses a schema, in its words without the schema's name; None when it takes it."""
    if not _is_object(schema) or "anyOf" in schema:
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
    count = 0
    for path, part, depth in _parts(schema, (), 1):
        context = f"In context=({', '.join(repr(step) for step in path)}{',' if len(path) == 1 else ''})"
        if depth > OPENAI_MAX_DEPTH:
            return f"{context}, nesting is deeper than {OPENAI_MAX_DEPTH} levels."
        for key in _OPENAI_REFUSED:
            if key in part:
                return f"{context}, '{key}' is not permitted."
        if not part.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
            return f"{context}, schema must have a 'type' key."
        if part.get("type") == "array" and "items" not in part:
            return f"{context}, array schema missing items."
        if not _is_object(part):
            continue
        if part.get("additionalProperties") is not False:
            return f"{context}, 'additionalProperties' is required to be supplied and to be false."
        names = part.get("properties", {})
        count += len(names)
        if missing := [name for name in names if name not in part.get("required", [])]:
            return (
                f"{context}, 'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{missing[0]}'."
            )
        if extra := [name for name in part.get("required", []) if name not in names]:
            return f"{context}, 'required' names '{extra[0]}', which is not in properties."
    if count > OPENAI_MAX_PROPERTIES:
        return f"the schema has {count} properties, more than {OPENAI_MAX_PROPERTIES}."
    return None


@remembered
def anthropic_refusal(schema: Schema) -> str | None:
    """Why Anthropic refuses a schema for structured output; None when it takes it."""
    unions = optional = 0
    for _, part, depth in _parts(schema, (), 1):
        if depth > 64:
            return "Schema is too deeply nested"
        kind = part.get("type")
        if "oneOf" in part or "not" in part or "if" in part:
            key = next(key for key in ("oneOf", "not", "if") if key in part)
            return f"Schema type '{key}' is not supported"
        if isinstance(kind, list) or "anyOf" in part:
            unions += 1
        reference = part.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            return f"External $ref '{reference}' is not supported"
        for one in kind if isinstance(kind, list) else [kind]:
            if refused := [key for key in _ANTHROPIC_REFUSED.get(str(one), ()) if key in part]:
                verb = "property" if len(refused) == 1 else "properties"
                return f"For '{one}' type, {verb} {', '.join(refused)} not supported"
        if kind == "array" and part.get("minItems", 0) not in (0, 1):
            return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
        if _is_object(part):
            if part.get("additionalProperties") is not False:
                return "For 'object' type, 'additionalProperties' must be explicitly set to false"
            optional += len(set(part.get("properties", {})) - set(part.get("required", [])))
    if unions > ANTHROPIC_MAX_UNIONS:
        return (
            f"Schemas contains too many parameters with union types ({unions} parameters with type arrays or "
            f"anyOf). Limit: {ANTHROPIC_MAX_UNIONS}."
        )
    if optional > ANTHROPIC_MAX_OPTIONAL:
        return f"Schemas contains too many optional parameters ({optional}). Limit: {ANTHROPIC_MAX_OPTIONAL}."
    return None
