"""Values that fit a JSON Schema: small ones made from nothing, and given ones turned into the asked type."""

import math
import re
from re import _constants, _parser  # type: ignore[attr-defined]  # the standard library's own, without stubs
from typing import Any

from tests.model_server.schemas import MAX_DEPTH, Schema, alternatives, resolved, type_of
from tests.model_server.view import Json

_FORMATS = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@example.org",
    "hostname": "example.org",
    "uri": "https://example.org/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def minimal(schema: Any, root: Schema, depth: int = 0) -> Json:
    """A small value that fits; null where that is allowed."""
    options = alternatives(resolved(schema, root), root)
    for option in options:
        if option.get("type") == "null" or ("const" in option and option["const"] is None):
            return None
    option = options[0]
    if "const" in option:
        return option["const"]
    if option.get("enum"):
        return option["enum"][0]
    kind = type_of(option)
    if kind == "object":
        if depth > MAX_DEPTH:
            return {}
        properties = option.get("properties", {})
        names = option.get("required", list(properties) if option.get("additionalProperties") is False else [])
        return {name: minimal(properties.get(name, {}), root, depth + 1) for name in names}
    if kind == "array":
        first = [minimal(part, root, depth + 1) for part in option.get("prefixItems", [])]
        while len(first) < option.get("minItems", 0) and depth <= MAX_DEPTH:
            first.append(minimal(option.get("items", {}), root, depth + 1))
        return first
    if kind == "string":
        return _string(option)
    if kind in ("integer", "number"):
        return _number(option, whole=kind == "integer")
    return False if kind == "boolean" else {} if kind is None and depth == 0 else None


def _string(schema: Schema) -> str:
    text = _FORMATS.get(schema.get("format", ""), "")
    if isinstance(pattern := schema.get("pattern"), str):
        text = _shortest(_parser.parse(pattern))
    return text.ljust(schema.get("minLength", 0), "x")


def _shortest(parsed: Any) -> str:
    """A short text that a parsed regular expression matches; looks ahead and back are not obeyed."""
    parts: list[str] = []
    for operation, argument in parsed:
        if operation is _constants.LITERAL:
            parts.append(chr(argument))
        elif operation is _constants.NOT_LITERAL:
            parts.append("y" if argument == ord("x") else "x")
        elif operation is _constants.ANY:
            parts.append("x")
        elif operation is _constants.IN:
            parts.append(_one_of(argument))
        elif operation is _constants.BRANCH:
            parts.append(_shortest(argument[1][0]))
        elif operation is _constants.SUBPATTERN:
            parts.append(_shortest(argument[-1]))
        elif operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, _, repeated = argument
            parts.append(_shortest(repeated) * least)
    return "".join(parts)


def _one_of(members: Any) -> str:
    negated = members[0][0] is _constants.NEGATE
    if not negated:
        operation, argument = members[0]
        if operation is _constants.LITERAL:
            return chr(argument)
        if operation is _constants.RANGE:
            return chr(argument[0])
        return {
            _constants.CATEGORY_DIGIT: "0",
            _constants.CATEGORY_SPACE: " ",
            _constants.CATEGORY_WORD: "a",
        }.get(argument, "-")
    excluded = set()
    for operation, argument in members[1:]:
        if operation is _constants.LITERAL:
            excluded.add(argument)
        elif operation is _constants.RANGE:
            excluded.update(range(argument[0], argument[1] + 1))
    return next(letter for letter in "xay0-_ .~" if ord(letter) not in excluded)


def _number(schema: Schema, *, whole: bool) -> int | float:
    """Zero, moved into the limits."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step: float | None = schema.get("multipleOf") or (1 if whole else None)
    if step is not None:
        times = 0
        if low is not None:
            times = max(times, math.ceil(low / step))
        if above is not None:
            times = max(times, math.floor(above / step) + 1)
        if high is not None:
            times = min(times, math.floor(high / step))
        if below is not None:
            times = min(times, math.ceil(below / step) - 1)
        return int(times * step) if whole else times * step
    floors = [float(bound) for bound in (low, above) if bound is not None]
    ceilings = [float(bound) for bound in (high, below) if bound is not None]
    if not ceilings:
        return 0.0 if not floors or max(floors) < 0 else max(floors) + (0.0 if above is None else 1.0)
    if not floors:
        return 0.0 if min(ceilings) > 0 else min(ceilings) - 1.0
    return (max(floors) + min(ceilings)) / 2


def fit(value: Json, schema: Any, root: Schema) -> Json:
    """`value` turned into the type that the schema asks for, as well as it goes; null where nothing goes."""
    options = [option for option in alternatives(resolved(schema, root), root) if option.get("type") != "null"]
    if len(options) > 1:  # a value that has one of the types keeps it
        options.sort(key=lambda option: not _is_of(value, option))
    for option in options:
        done, fitted = _fitted(value, option)
        if done:
            return fitted
    return minimal(schema, root)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
    "array": (list,),
    "object": (dict,),
}


def _is_of(value: Json, schema: Schema) -> bool:
    """Whether a value has the schema's type already."""
    kind = type_of(schema)
    return type(value) in _TYPES.get(kind or "", ())


def _fitted(value: Json, schema: Schema) -> tuple[bool, Json]:
    for allowed in schema.get("enum", [schema["const"]] if "const" in schema else []):
        if value == allowed or str(value).strip().casefold() == str(allowed).casefold():
            return True, allowed
    if "enum" in schema or "const" in schema:
        return False, None
    kind = type_of(schema)
    if kind == "string":
        return True, value if isinstance(value, str) else _as_text(value)
    if kind in ("number", "integer"):
        number = as_number(value)
        if number is None:
            return False, None
        return (True, int(number)) if kind == "integer" or number == int(number) else (True, number)
    if kind == "boolean":
        truth = as_boolean(value)
        return truth is not None, truth
    return True, value


def _as_text(value: Json) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def as_number(value: Json) -> float | None:
    """The number in a value such as 3, '1,234.50 EUR' or '12 %'; None when there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    found = re.search(r"[-+]?\d[\d,'\u00a0\u202f]*(?:\.\d+)?", str(value))
    return float(re.sub(r"[,'\u00a0\u202f]", "", found.group())) if found else None


def as_boolean(value: Json) -> bool | None:
    """The truth in a value such as True, 'yes' or 'No'; None when there is none."""
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "y": True, "false": False, "no": False, "n": False}.get(
        str(value).strip().casefold()
    )
