"""The kinds of noise, and what each does to one cell of an answer."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.model_server.inventing import elsewhere, made_up_quote, made_up_value, paraphrased, respaced
from tests.model_server.schemas import QUOTE_KEYS, Schema, alternatives, property_named, resolved
from tests.model_server.shaping import CONFIDENCE_FOUND
from tests.model_server.values import fit, minimal
from tests.model_server.view import Json


class Noise(StrEnum):
    """One way to err in one cell."""

    WRONG_QUOTE = "wrong_quote"  # a sentence from elsewhere in the document
    INVENTED_QUOTE = "invented_quote"  # a sentence that is not in the document, for the right value
    INVENTED_VALUE = "invented_value"  # one that is not in the document, or another of a closed list
    WRONG_TYPE = "wrong_type"  # words for a number, an object for a text
    LIST_CUT_SHORT = "list_cut_short"  # the second half of the values is left out
    PARAPHRASED_QUOTE = "paraphrased_quote"  # the quote in other words
    WHITESPACE_QUOTE = "whitespace_quote"  # the quote with other white space
    FOUND_FALSE = "found_false"  # a value that is there is said to be absent


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a cell."""

    kind: Noise
    true_value: Json
    value: Json
    true_quote: str | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One variable's answer, with its schema and the variable's type."""

    answer: dict[str, Any]
    schema: Schema
    root: Schema
    kind: str

    @property
    def values(self) -> list[Any]:
        """Several values, each with its own evidence; empty when only one is answered."""
        found = self.answer.get("values")
        return found if isinstance(found, list) else []

    @property
    def options(self) -> list[Json]:
        """The closed list that a value must be from; empty when it is free."""
        part = property_named(self.schema, self.root, "value")
        kinds = alternatives(resolved(part, self.root), self.root)
        return [value for kind in kinds for value in kind.get("enum", ()) if value is not None]

    @property
    def places(self) -> list[dict[str, Any]]:
        """Where the first value stands: in the cell itself, and first in its list."""
        own = [self.answer] if "value" in self.answer else []
        return own + [item for item in self.values[:1] if isinstance(item, dict)]

    def put(self, value: Json, quote: str | None, *, as_it_is: bool = False) -> None:
        """Answer this value with this quote instead of the first; the value fits the schema unless `as_it_is`."""
        if "found" in self.answer:
            self.answer["found"] = True
        several = self.schema.get("properties", {}).get("values")
        if isinstance(self.answer.get("values"), list) and not self.values and several is not None:
            item = object_schema(resolved(_list(several, self.root).get("items", {}), self.root), self.root)
            self.values.append({key: minimal(part, self.root) for key, part in item.get("properties", {}).items()})
        for place in self.places:
            part = property_named(self.schema, self.root, "value")
            place["value"] = value if as_it_is or part is None else fit(value, part, self.root)
            place.update({key: quote for key in place if key in QUOTE_KEYS})
            if "confidence" in place:
                place["confidence"] = CONFIDENCE_FOUND

    def empty(self) -> None:
        """Say that there is nothing."""
        for key, part in self.schema.get("properties", {}).items():
            if key in self.answer and key != "confidence":
                self.answer[key] = [] if key == "values" else minimal(part, self.root)
        if "found" in self.answer:
            self.answer["found"] = False


def spoil(cell: Cell, kind: Noise, document: str, chance: random.Random) -> Change | None:
    """Do one kind of noise to a cell; None when it does not apply."""
    first = cell.places[0] if cell.places and cell.answer.get("found", True) else {}
    value, quote = first.get("value"), first_text(first, QUOTE_KEYS)
    if kind is Noise.INVENTED_VALUE:
        others = [option for option in cell.options if option != value]
        if cell.options and not others:
            return None
        invented = chance.choice(others) if others else made_up_value(cell.kind, value, document, chance)
        said = made_up_quote(invented, chance)
        cell.put(invented, said)
        return Change(kind, value, cell.places[0]["value"] if cell.places else invented, quote, said)
    if value is None:
        return None
    if kind is Noise.LIST_CUT_SHORT:
        values = [item.get("value") if isinstance(item, dict) else item for item in cell.values]
        if len(values) < 2:
            return None
        del cell.values[(len(values) + 1) // 2 :]
        return Change(kind, values, values[: len(cell.values)], quote, quote)
    if kind is Noise.WRONG_TYPE:
        wrong: Json = "as agreed" if cell.kind in ("NUMBER", "DATE", "BOOLEAN") else {"unexpected": value}
        cell.put(wrong, quote, as_it_is=True)
        return Change(kind, value, wrong, quote, quote)
    if kind is Noise.FOUND_FALSE:
        cell.empty()
        return Change(kind, value, None, quote, None)
    other = None if quote is None else other_quote(kind, quote, value, document, chance)
    if other is None:
        return None
    cell.put(value, other, as_it_is=True)
    return Change(kind, value, value, quote, other)


def other_quote(kind: Noise, quote: str, value: Json, document: str, chance: random.Random) -> str | None:
    """A quote spoilt as a kind of noise has it; None when the kind does not apply."""
    if kind is Noise.WRONG_QUOTE:
        return elsewhere(document, quote, value, chance)
    if kind is Noise.INVENTED_QUOTE:
        return made_up_quote(value, chance)
    if kind is Noise.PARAPHRASED_QUOTE:
        return paraphrased(quote, document)
    return respaced(quote, chance) if kind is Noise.WHITESPACE_QUOTE else None


def first_text(answer: Mapping[str, Any], keys: frozenset[str]) -> str | None:
    """The first text among some properties of an answer."""
    found = next((value for key, value in answer.items() if key in keys), None)
    return found if isinstance(found, str) else None


def object_schema(schema: Any, root: Schema) -> Schema:
    """The first object among a schema's alternatives; empty when there is none."""
    return next((one for one in alternatives(resolved(schema, root), root) if "properties" in one), {})


def _list(schema: Any, root: Schema) -> Schema:
    return next((one for one in alternatives(resolved(schema, root), root) if "items" in one), {})
