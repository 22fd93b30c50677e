"""Which requests a document needs, as pure functions: which stretch of text, which variables, which words."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from crucible_assets.extractions.answer import answer_schema
from crucible_assets.prompts.render import fence_of, field_of
from resources.database.repositories.prompts import PromptRow
from resources.models.request import ModelRequest
from resources.project import variable_to_dict
from resources.vocabulary import Segment, Variable

DECISION_VERSION = "1"
"""Raised whenever the same answers may give another cell (parsing, grounding, coercion, merging, deciding)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document as extraction sees it. `chunks` are (start, end) in `text`; one of them when it is short."""

    id: UUID
    name: str
    batch: int
    text: str
    segments: tuple[Segment, ...]
    language: str | None
    chunks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A variable with the prompt version that asks for it."""

    variable: Variable
    prompt: PromptRow


@dataclass(frozen=True, slots=True)
class Ask:
    """One request about one stretch of one document, for one or more variables."""

    request: ModelRequest
    variables: tuple[str, ...]
    start: int  # of the stretch, in the document's text
    end: int


def stretches(source: Source, *, whole: bool) -> tuple[tuple[int, int], ...]:
    """The stretches to ask: the whole text for readers of any length, else the chunks."""
    return ((0, len(source.text)),) if whole or not source.chunks else source.chunks


def grouped(asked: Sequence[Asked], size: int) -> list[tuple[Asked, ...]]:
    """Variables that travel in one call: `size` at a time, only those with the same temperature together."""
    groups: list[tuple[Asked, ...]] = []
    by_temperature: dict[float, list[Asked]] = {}
    for item in asked:
        by_temperature.setdefault(item.prompt.model_settings["temperature"], []).append(item)
    for items in by_temperature.values():
        groups += [tuple(items[at : at + size]) for at in range(0, len(items), size)]
    return groups


def make_ask(source: Source, group: Sequence[Asked], start: int, end: int) -> Ask:
    """The request for one stretch and one group of variables."""
    text = source.text[start:end]
    fields = tuple(field_of(item.variable) for item in group)
    first = group[0].prompt
    alone = len(group) == 1
    request = ModelRequest(
        system=first.system,
        document=text,
        fence=fence_of(text),
        question="\n\n".join(item.prompt.question for item in group),
        schema=dict(first.response_schema) if alone else answer_schema(fields),
        schema_name=group[0].variable.name if alone else "variables",
        fields=fields,
        temperature=first.model_settings["temperature"],
        max_output_tokens=sum(item.prompt.model_settings["max_output_tokens"] for item in group),
        language=source.language,
    )
    return Ask(request, tuple(item.variable.name for item in group), start, end)


def ask_again(ask: Ask, problem: str, number: int) -> Ask:
    """The first request with a word on what was wrong with the answer before: another key in the ledger."""
    note = f"Answer {number} could not be used: {problem} Answer again, briefly, with one JSON object as asked."
    return replace(ask, request=replace(ask.request, question=f"{ask.request.question}\n\n{note}"))


def more_room(ask: Ask) -> Ask:
    """The same request with four times the room for the answer."""
    return replace(ask, request=replace(ask.request, max_output_tokens=ask.request.max_output_tokens * 4))


def halve(text: str) -> int:
    """Where to cut a stretch in two: the paragraph, line or word end nearest to the middle."""
    middle = len(text) // 2
    for separator in ("\n\n", "\n", " "):
        before = text.rfind(separator, len(text) // 4, middle)
        after = text.find(separator, middle, len(text) - len(text) // 4)
        found = [at + len(separator) for at in (before, after) if at != -1]
        if found:
            return min(found, key=lambda at: abs(at - middle))
    return middle


def fingerprint(variable: Variable, keys: Sequence[str], source_version: str, upstream: Sequence[str]) -> str:
    """What a cell was made from; an equal fingerprint means that asking again would give the same cell."""
    definition = variable_to_dict(variable)
    parts = [definition, sorted(keys), source_version, DECISION_VERSION, list(upstream)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
