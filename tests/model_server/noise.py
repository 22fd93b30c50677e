"""A model that errs: another answerer's answers, spoilt in known ways, with a record of what was done to which."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from tests.model_server.answers import as_reply
from tests.model_server.config import ConfigError
from tests.model_server.gold import GoldAnswers
from tests.model_server.inventing import made_up_name, made_up_quote
from tests.model_server.record import document_label
from tests.model_server.schemas import NAME_KEYS, QUOTE_KEYS, Form, Schema, alternatives, property_named
from tests.model_server.spoiling import Cell, Change, Noise, first_text, object_schema, other_quote, spoil
from tests.model_server.view import Answerer, Json, Reply, RequestView


@dataclass(frozen=True, slots=True)
class NoiseRecord:
    """What was done to one cell, or to the list of rows (variable 'rows')."""

    document: str  # the marker of its gold labels, else its first words
    variable: str
    row: str | None  # the entity, where one was asked about or spoilt
    kind: Noise
    true_value: Json
    value: Json  # what was answered instead
    true_quote: str | None
    quote: str | None


class Noisy:
    """Spoils cells of `inner`'s answers: each kind of noise hits its share of the cells.

    What happens depends on the seed, the request's body and the variable only. A kind that does not apply to a cell
    (a list of one cannot be cut) leaves it as it is. Verdicts and text are passed on. Raises ConfigError.
    """

    def __init__(self, inner: Answerer, shares: Mapping[Noise, float], seed: int = 0) -> None:
        if sum(shares.values()) > 1 or any(share < 0 for share in shares.values()):
            raise ConfigError(f"shares of noise must be at least 0 and add up to at most 1, not {dict(shares)}")
        self.inner = inner
        self._shares = dict(shares)
        self._seed = seed
        self._done: dict[tuple[str, str, str | None], NoiseRecord] = {}

    @property
    def records(self) -> tuple[NoiseRecord, ...]:
        """What was done so far; a request that was repeated is told once."""
        return tuple(self._done.values())

    def forget(self) -> None:
        """Begin a new record."""
        self._done.clear()

    def __call__(self, view: RequestView) -> Reply:
        reply = as_reply(self.inner(view))
        if view.schema is None or view.form is Form.VERDICT:
            return reply
        try:
            answer = json.loads(reply.text)
        except ValueError:
            return reply
        if not isinstance(answer, dict):
            return reply
        body = hashlib.sha256(b"%d:%b" % (self._seed, to_json(view.body))).hexdigest()
        if view.form is Form.ROWS:
            self._rows(view, answer, body)
        elif view.form is Form.CELL and view.properties:
            self._cell(view, answer, view.schema, view.properties[0], body)
        else:
            for name in view.properties:
                part = property_named(view.schema, view.schema, name)
                if isinstance(answer.get(name), dict) and part is not None:
                    self._cell(view, answer[name], object_schema(part, view.schema), name, body)
        return Reply(to_json(answer).decode(), reply.finish, reply.note)

    def _draw(self, body: str, name: str) -> tuple[Noise | None, random.Random]:
        chance = random.Random(f"{body}:{name}")  # seeded by text: the same in every process
        drawn, edge = chance.random(), 0.0
        for kind, share in self._shares.items():
            edge += share
            if drawn < edge:
                return kind, chance
        return None, chance

    def _note(self, view: RequestView, body: str, record: Change, variable: str, row: str | None) -> None:
        inner = self.inner
        key = inner.document_of(view) if isinstance(inner, GoldAnswers) else None
        document = document_label(view.document) if key is None or "\n" in key else key
        self._done[body, variable, row] = NoiseRecord(
            document, variable, row, record.kind, record.true_value, record.value, record.true_quote, record.quote
        )

    def _cell(self, view: RequestView, cell: dict[str, Any], schema: Schema, name: str, body: str) -> None:
        kind, chance = self._draw(body, name)
        if kind is None:
            return
        assert view.schema is not None
        change = spoil(Cell(cell, schema, view.schema, _kind_of(view, name, cell)), kind, view.document, chance)
        if change is not None:
            self._note(view, body, change, name, view.asked.row)

    def _rows(self, view: RequestView, answer: dict[str, Any], body: str) -> None:
        """Spoil the list as a whole or one row after the other: lost, invented, or with another quote."""
        rows: list[dict[str, Any]] = answer["rows"]
        kind, chance = self._draw(body, "rows")
        names = [first_text(row, NAME_KEYS) for row in rows]
        if kind is Noise.LIST_CUT_SHORT and len(rows) > 1:
            del rows[(len(rows) + 1) // 2 :]
            change = Change(kind, names, names[: len(rows)], None, None)
            self._note(view, body, change, "rows", None)
        if kind is Noise.INVENTED_VALUE and rows:
            invented = made_up_name(chance)
            evidence = made_up_quote(invented, chance)
            given = dict.fromkeys(NAME_KEYS, invented) | dict.fromkeys(QUOTE_KEYS, evidence)
            rows.append({key: given.get(key, value) for key, value in rows[0].items()})
            self._note(view, body, Change(kind, None, invented, None, evidence), "rows", invented)
        kept = []
        for row in rows:
            name = first_text(row, NAME_KEYS)
            kind, chance = self._draw(body, f"rows:{name}")
            quote = first_text(row, QUOTE_KEYS)
            if kind is Noise.FOUND_FALSE:
                self._note(view, body, Change(kind, name, None, quote, None), "rows", name)
                continue
            kept.append(row)
            said = None if kind is None or quote is None else other_quote(kind, quote, name, view.document, chance)
            if kind is not None and said is not None:
                row.update({key: said for key in row if key in QUOTE_KEYS})
                self._note(view, body, Change(kind, name, name, quote, said), "rows", name)
        answer["rows"] = kept


def _kind_of(view: RequestView, name: str, cell: Mapping[str, Any]) -> str:
    """The variable's type: as the question says it, else as the schema or the value shows it."""
    if said := view.asked.type_of(name):
        return said
    part = property_named(view.schema, view.schema or {}, name) if view.form is Form.KEYED else None
    value = property_named(part, view.schema or {}, "value") if part is not None else None
    kinds: Sequence[str] = [
        str(one.get("type")) for one in (alternatives(value, view.schema or {}) if value is not None else ())
    ]
    given = cell.get("value")
    if isinstance(given, bool) or "boolean" in kinds:
        return "BOOLEAN"
    return "NUMBER" if isinstance(given, (int, float)) or {"number", "integer"} & set(kinds) else "TEXT"


def noise_shares(settings: Mapping[str, Any]) -> dict[Noise, float]:
    """Shares by kind from their JSON form; raises ConfigError."""
    try:
        return {Noise(name): float(share) for name, share in settings.items()}
    except ValueError as error:
        raise ConfigError(f"{error}; kinds of noise are {[str(kind) for kind in Noise]}") from None
