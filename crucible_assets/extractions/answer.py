"""Reading a model's answer: the JSON Schema it is asked to keep, and the text it gave.

The form is told in `resources.models.request`. Reading is tolerant of wrapping (code fences, prose, scalars of
another JSON type, an entry that is only its value) and strict about substance: what is missing or broken raises
`InvalidAnswer`, so that no cell is filled from half an answer.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from resources.models.request import Field
from resources.vocabulary import VariableType


class InvalidAnswer(ValueError):  # noqa: N818 - as in the documents stage, the name is the reason
    """A model's answer that cannot be read; `missing` are the fields without an entry."""

    def __init__(self, problem: str, text: str, missing: tuple[str, ...] = ()) -> None:
        """`problem` says what is wrong; `text` is the whole answer, of which the message shows the beginning."""
        shown = text if len(text) <= 200 else text[:199] + "…"
        super().__init__(f"{problem}; the answer was {shown!r}")
        self.problem = problem
        self.text = text
        self.missing = missing


_FOUND = {"type": "boolean", "description": "Whether the document states it."}
_SOURCE = {
    "type": ["string", "null"],
    "description": "The words of the document that state the value, copied verbatim; null if there are none.",
}
_CONFIDENCE = {"type": "number", "description": "How sure you are, from 0 to 1."}
_VALUES = "Every value that the document states, in its order; empty if it states none."


@dataclass(frozen=True, slots=True)
class Item:
    """One value as the model gave it.

    `confidence` is the model's own, 0 to 1, None where it gave none. `near` is a character offset into the
    document from which on the value is expected (the start of the chunk that was asked), where that is known.
    """

    value: Any
    source_text: str | None = None
    confidence: float | None = None
    near: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said about one variable. `confidence` is that of saying 'not there', where it said so."""

    found: bool
    items: tuple[Item, ...] = ()
    confidence: float | None = None


def shared_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """JSON Schema of the answer that says nothing of a single field but whether it has several values.

    Providers count the schema as part of the prefix that they cache, before the document: were it different for
    every variable, each question would pay for the document anew. Types and categories are told in the question
    and checked when the answer is read. A single field's entry stands alone; of several, each has its name.
    """
    if len(fields) == 1:
        return _shared_entry(fields[0].multiple)
    return _object({field.name: _shared_entry(field.multiple) for field in fields})


@cache
def _shared_entry(multiple: bool) -> dict[str, Any]:
    kinds = ["string", "number", "boolean", *([] if multiple else ["null"])]
    item = {"value": {"anyOf": [{"type": kind} for kind in kinds]}, "source_text": _SOURCE, "confidence": _CONFIDENCE}
    if not multiple:
        return _object({"found": _FOUND, **item})
    values = {"type": "array", "items": _object(item), "description": _VALUES}
    return _object({"found": _FOUND, "values": values})


@lru_cache(maxsize=1024)
def local_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The schema for models that are constrained while they write: types and categories, no quotes.

    Small models answer better when they need not quote; evidence is then found in the text.
    """
    return answer_schema(fields, quotes=False)


def answer_schema(fields: Sequence[Field], *, quotes: bool = True) -> dict[str, Any]:
    """JSON Schema of the answer with the type of every field.

    It stays within what OpenAI's strict mode and llama.cpp's grammars accept.
    Every object is closed and every property required; what may be missing is nullable. No lengths, ranges or
    numbers of items, which strict modes refuse: those are told in descriptions. With `quotes=False` there is no
    `source_text` (small models answer better without it; evidence is found in the text afterwards).
    """
    return _object({field.name: _field_schema(field, quotes) for field in fields})


def parse_answer(text: str, fields: Sequence[Field]) -> dict[str, Answer]:
    """One answer per field from a model's reply. Raises InvalidAnswer for no JSON object or missing entries.

    'found' decides: an entry that says false is absent whatever its value; one that says true without any value is
    absent too. Where 'found' is left out, a value that is not null counts as found.
    """
    entries = _entries(text, fields)
    missing = tuple(field.name for field in fields if field.name not in entries)
    if missing:
        raise InvalidAnswer(f"there is no entry for {', '.join(missing)}", text, missing)
    return {field.name: _answer(entries[field.name], field, text) for field in fields}


def json_object(text: str) -> dict[str, Any]:
    """The first JSON object in a reply. Raises InvalidAnswer when there is none."""
    objects, broken = _objects(text)
    if not objects:
        raise InvalidAnswer(broken or "there is no JSON object in it", text)
    return objects[0]


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _field_schema(field: Field, quotes: bool) -> dict[str, Any]:
    item = {
        "value": _value_schema(field, nullable=not field.multiple),
        **({"source_text": _SOURCE} if quotes else {}),
        "confidence": _CONFIDENCE,
    }
    if not field.multiple:
        return _object({"found": _FOUND, **item})
    most = f" At most {field.max_values}." if field.max_values else ""
    values = {"type": "array", "items": _object(item), "description": _VALUES + most}
    return _object({"found": _FOUND, "values": values})


def _value_schema(field: Field, *, nullable: bool) -> dict[str, Any]:
    match field.type:
        case VariableType.CATEGORY if field.categories:
            value: dict[str, Any] = {"type": "string", "enum": [name for name, _ in field.categories]}
        case VariableType.BOOLEAN:
            value = {"type": "boolean"}
        case VariableType.NUMBER:
            unit = f" in {field.unit}" if field.unit else ""
            value = {
                "anyOf": [
                    {"type": "number"},
                    {"type": "string", "description": f"The number{unit} as it is written."},
                ]
            }
        case VariableType.DATE:
            value = {"type": "string", "description": "YYYY-MM-DD, or YYYY-MM or YYYY where no more is stated."}
        case VariableType.JSON:
            value = {"type": "string", "description": "JSON text."}
        case _:
            value = {"type": "string"}
    if not nullable:
        return value
    return {"anyOf": [*value.get("anyOf", [value]), {"type": "null"}]}


def _entries(text: str, fields: Sequence[Field]) -> dict[str, Any]:
    """The answer's entries by field name, from the first JSON object that has any."""
    objects, broken = _objects(text)
    if len(fields) == 1 and objects and "found" in objects[0] and objects[0].keys() & {"value", "values"}:
        return {fields[0].name: objects[0]}  # a single field's entry without its name, though it be called 'value'
    names = {_plain(field.name): field.name for field in fields}
    exact = {field.name for field in fields}
    for candidate in objects:
        entries = {names[_plain(key)]: entry for key, entry in candidate.items() if _plain(key) in names}
        entries |= {key: entry for key, entry in candidate.items() if key in exact}
        if entries:
            return entries
    if len(fields) == 1 and objects and objects[0].keys() & {"found", "value", "values"}:
        return {fields[0].name: objects[0]}
    if not objects:
        raise InvalidAnswer(broken or "there is no JSON object in it", text, tuple(f.name for f in fields))
    return {}


def _objects(text: str) -> tuple[list[dict[str, Any]], str | None]:
    """The JSON objects in a text, outermost only, and what was wrong with the first one that is broken."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    found: list[dict[str, Any]] = []
    problem: str | None = None
    at = text.find("{")
    while at >= 0 and problem is None:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if re.match(r'\{\s*["}]', text[at : at + 200]):
                problem = f"its JSON is broken: {error}"
            end = at + 1
        else:
            found.append(_storable(value))
        at = text.find("{", end)
    return found, problem


def _storable(value: Any) -> Any:
    """A JSON value without what no database stores: NUL characters go, lone surrogates become U+FFFD."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\x00", "")
    if isinstance(value, list):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(part) for key, part in value.items()}
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _plain(name: object) -> str:
    return re.sub(r"[\s_-]+", "_", str(name).strip().casefold())


def _answer(entry: Any, field: Field, text: str) -> Answer:
    if isinstance(entry, Mapping) and not (field.type is VariableType.JSON and not entry.keys() & _ENTRY_KEYS):
        found = _flag(entry.get("found"))
        confidence = _confidence(entry.get("confidence"))
        values = entry.get("values")
        if values is None and isinstance(entry.get("value"), list) and field.type is not VariableType.JSON:
            values = entry["value"]
        if values is not None and not isinstance(values, list):
            values = [values]
        if not entry.keys() & {"value", "values"} and found is not False:
            raise InvalidAnswer(f"the entry for {field.name} has no value", text, (field.name,))
        items = tuple(_item(v, entry) for v in values) if values is not None else (_item(entry, entry),)
    else:
        found, confidence = None, None
        items = tuple(Item(v) for v in entry) if isinstance(entry, list) else (Item(entry),)
    items = tuple(item for item in items if item.value is not None)
    if found is False or not items:
        return Answer(False, (), confidence)
    return Answer(True, items)


_ENTRY_KEYS = frozenset({"found", "value", "values", "source_text", "confidence"})


def _item(given: Any, entry: Mapping[str, Any]) -> Item:
    if isinstance(given, Mapping) and "value" in given:
        source, confidence = given.get("source_text"), given.get("confidence", entry.get("confidence"))
        return Item(given["value"], _source(source), _confidence(confidence))
    return Item(given, _source(entry.get("source_text")), _confidence(entry.get("confidence")))


def _source(given: Any) -> str | None:
    """The quote; several are joined by an ellipsis, so that they are placed one after the other."""
    if isinstance(given, list):
        return " … ".join(str(part) for part in given if part) or None
    return str(given) if given not in (None, "", False) else None


def _flag(given: Any) -> bool | None:
    if isinstance(given, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(given.strip().lower())
    return bool(given) if isinstance(given, (bool, int)) else None


def _confidence(given: Any) -> float | None:
    """A confidence from 0 to 1, also when given as text or in percent; None for anything else."""
    if isinstance(given, bool) or given is None:
        return None
    percent = isinstance(given, str) and given.strip().endswith("%")
    try:
        value = float(str(given).strip().rstrip("%"))
    except ValueError:
        return None
    if percent or 1 < value <= 100:
        value /= 100
    return value if 0 <= value <= 1 else None
