"""A cell's value seen as single values, and each single value as text or as a typed scalar.

The text form is exact for values that keep their variable's type: `parse_text` gives the value back.
"""

import datetime
import json
import math
import re
from collections.abc import Mapping

from crucible_assets.datasets.cells import CellRecord, JsonValue
from resources.vocabulary import Variable, VariableType

JOINT = "; "
QUOTES_JOINT = " | "
LARGEST_EXACT_INTEGER = 2**53  # beyond it a 64-bit float cannot hold every whole number (IEEE 754)
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INTEGER = re.compile(r"-?\d+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def values_of(cell: CellRecord, variable: Variable) -> tuple[JsonValue, ...]:
    """Give the cell's single values in order; none for None. A JSON variable's own list is one value."""
    value = cell.value
    if value is None:
        return ()
    if isinstance(value, (list, tuple)) and (variable.type is not VariableType.JSON or variable.multiple):
        return tuple(item for item in value if item is not None)
    return (value,)


def canonical_json(value: JsonValue) -> str:
    """Give the one JSON text of a value: keys sorted, no needless space, no escapes of letters."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def text_of(value: JsonValue, type_: VariableType) -> str:
    """Give a single value as text: ISO dates, plain numbers, true/false, canonical JSON for structures."""
    if type_ is VariableType.JSON:
        return _sound(canonical_json(value))
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < LARGEST_EXACT_INTEGER
        return str(int(value)) if whole else repr(value)
    if isinstance(value, (list, tuple, Mapping)):
        return _sound(canonical_json(value))
    return str(value)


def _sound(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 file can hold, by U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def parse_text(text: str, type_: VariableType) -> JsonValue:
    """Give back the value whose text form this is; text that is no value of the type stays text."""
    if type_ is VariableType.JSON:
        parsed: JsonValue = json.loads(text)
        return parsed
    if type_ is VariableType.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if type_ is VariableType.NUMBER:
        try:
            number: int | float = int(text) if _INTEGER.fullmatch(text) else float(text)
        except ValueError:
            return text
        return number if math.isfinite(number) else text
    return text


def as_float(value: JsonValue) -> float | None:
    """Give a number as a float when the float holds it exactly, else None (also for booleans and text)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) <= LARGEST_EXACT_INTEGER else None
    return value if math.isfinite(value) else None


def as_date(value: JsonValue) -> datetime.date | None:
    """Give a full ISO date (YYYY-MM-DD), else None; partial dates stay text."""
    if not isinstance(value, str) or not _FULL_DATE.fullmatch(value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def as_boolean(value: JsonValue) -> bool | None:
    """Give a JSON boolean, else None."""
    return value if isinstance(value, bool) else None
