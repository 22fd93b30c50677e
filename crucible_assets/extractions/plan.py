"""Which requests a document needs, as pure functions: which stretch of text, which variables, which words."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.answer import answer_schema, local_schema, shared_schema
from crucible_assets.prompts.render import fence_of, fenced, field_of, render_row
from resources.models.request import ModelRequest, RowAsked
from resources.project import ProjectSettings, variable_to_dict
from resources.vocabulary import PromptRow, Segment, Variable, Verification

_AGAIN = "Answer again, briefly, with one JSON object as asked."
DECISION_VERSION = "2"
"""Raised whenever the same answers may give another cell (parsing, grounding, coercion, merging, deciding)."""

_USUALLY_FIRST = ProjectSettings().retrieve_chunks
_BEGINNING = 500  # characters of the document's beginning that go with each of its parts


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a long document. `under` are the headings above it, outermost first."""

    start: int
    end: int
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A document as extraction sees it. `chunks` are stretches of `text`; one of them when it is short.

    `vectors` are the passages' unit vectors (n, dimension), `vector_chunks` the chunk of each; for retrieval only.
    """

    id: UUID
    name: str
    batch: int
    text: str
    segments: tuple[Segment, ...]
    language: str | None
    chunks: tuple[Chunk, ...]
    vectors: npt.NDArray[np.float32] | None = field(default=None, compare=False)
    vector_chunks: tuple[int, ...] = ()

    @property
    def whole(self) -> Chunk:
        """The document in one stretch."""
        return Chunk(0, len(self.text))


@dataclass(frozen=True, slots=True)
class Asked:
    """A variable with the prompt version that asks for it."""

    variable: Variable
    prompt: PromptRow


@dataclass(frozen=True, slots=True)
class Row:
    """What the values are asked of: the document itself (`key` empty), or one entity in it.

    `mentions` are the places of the text that name the entity, `spans` the stretches about it and no other, `words`
    what the document says where it names it: two entities may have the same name.
    """

    key: str = ""
    name: str = ""
    mentions: tuple[tuple[int, int], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    words: tuple[str, ...] = ()


DOCUMENT_ROW = Row()


@dataclass(frozen=True, slots=True)
class Ask:
    """One request about one stretch of one document, for one or more variables."""

    request: ModelRequest
    variables: tuple[str, ...]
    start: int  # of the stretch, in the document's text
    end: int


def stretches(source: Source, *, whole: bool) -> tuple[Chunk, ...]:
    """The stretches to ask: the whole text for readers of any length, else the chunks."""
    return (source.whole,) if whole or not source.chunks else source.chunks


def about(row: Row, spans: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """The stretches that speak of a row; all of them when none is known to."""
    places = (*row.mentions, *row.spans)
    speaking = tuple(c for c in spans if any(start < c.end and c.start < end for start, end in places))
    return speaking or spans


def grouped(asked: Sequence[Asked], size: int) -> list[tuple[Asked, ...]]:
    """Variables that travel in one call, `size` at a time, in their order."""
    return [tuple(asked[at : at + size]) for at in range(0, len(asked), size)]


def make_ask(source: Source, group: Sequence[Asked], chunk: Chunk, row: Row = DOCUMENT_ROW) -> Ask:
    """The request for one stretch and one group of variables."""
    text, offset = stretch_text(source, chunk)
    fields = tuple(field_of(item.variable) for item in group)
    first = group[0].prompt
    question = "\n\n".join(item.prompt.question for item in group)
    asked = None
    if row.key:
        question = f"{render_row(row.name, row.words)}\n\n{question}"
        shift = offset - chunk.start
        spans = ((max(a, chunk.start) + shift, min(b, chunk.end) + shift) for a, b in row.spans)
        asked = RowAsked(row.name, tuple((a, b) for a, b in spans if a < b))
    request = ModelRequest(
        system=first.system,
        document=text,
        fence=fence_of(text),
        question=question,
        schema=dict(first.response_schema) if len(group) == 1 else shared_schema(fields),
        schema_name="answer",
        fields=fields,
        temperature=min(item.prompt.model_settings["temperature"] for item in group),  # of the strictest of them
        max_output_tokens=sum(item.prompt.model_settings["max_output_tokens"] for item in group),
        language=source.language,
        local_schema=local_schema(fields),
        row=asked,
    )
    return Ask(request, tuple(item.variable.name for item in group), chunk.start, chunk.end)


def stretch_text(source: Source, chunk: Chunk) -> tuple[str, int]:
    """What is shown of a stretch, and where in it the stretch begins.

    A part of a long document comes with its place: the document's beginning and the headings above the part, which
    say whom or what it is about. Quotes are looked up in the document, so words of the beginning may be quoted.
    """
    text = source.text[chunk.start : chunk.end]
    if chunk.start == 0 and chunk.end >= len(source.text):
        return text, 0
    lines = []
    if chunk.start > 0:
        beginning = source.text[: min(_BEGINNING, chunk.start)]
        lines.append(f"[The document begins:]\n{beginning}\n[…]")
    under = f", under: {' > '.join(chunk.under)}" if chunk.under else ""
    lines.append(f"[A part of the document{under}]\n")
    before = "\n".join(lines)
    return before + text, len(before)


def ask_again(ask: Ask, problem: str, number: int) -> Ask:
    """The first request with a word on what was wrong with the answer before: another key in the ledger.

    The schema is now the one with types and categories: what is asked twice should not fail on its form again.
    """
    said = fenced("problem", problem)  # it repeats the answer, which may repeat words of the document
    note = f"Answer {number} could not be used. What is wrong with it is data:\n{said}\n{_AGAIN}"
    request = ask.request
    fields = request.fields
    schema = answer_schema(fields)
    if len(fields) == 1:
        schema = schema["properties"][fields[0].name]
    return replace(ask, request=replace(request, question=f"{request.question}\n\n{note}", schema=schema))


def look_again(ask: Ask, note: str) -> Ask:
    """The same request with a word on why it is asked once more."""
    return replace(ask, request=replace(ask.request, question=f"{ask.request.question}\n\n{note}"))


def sampled(ask: Ask, number: int) -> Ask:
    """The same question asked once more on purpose, warm enough that another answer is possible."""
    temperature = max(ask.request.temperature, 0.7)
    return replace(ask, request=replace(ask.request, sample=number, temperature=temperature))


def more_room(ask: Ask) -> Ask:
    """The same request with four times the room for the answer."""
    return replace(ask, request=replace(ask.request, max_output_tokens=ask.request.max_output_tokens * 4))


def halves(source: Source, ask: Ask) -> tuple[Ask, Ask]:
    """The same request for the two halves of its stretch."""
    middle = ask.start + halve(source.text[ask.start : ask.end])
    return _part(source, ask, ask.start, middle), _part(source, ask, middle, ask.end)


def _part(source: Source, ask: Ask, start: int, end: int) -> Ask:
    text, _ = stretch_text(source, Chunk(start, end))
    return replace(ask, request=replace(ask.request, document=text, fence=fence_of(text)), start=start, end=end)


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


def fingerprint(
    variable: Variable,
    keys: Sequence[str],
    source_version: str,
    upstream: Sequence[str],
    options: Mapping[str, object],
) -> str:
    """What a cell was made from; an equal fingerprint means that asking again would give the same cell."""
    definition = variable_to_dict(variable)
    parts = [definition, sorted(keys), source_version, DECISION_VERSION, list(upstream), dict(options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def options_of(settings: ProjectSettings, curve_version: str, *, several: bool) -> dict[str, object]:
    """What of the project's settings can change a cell beside the requests themselves; defaults are left out."""
    options: dict[str, object] = {}
    if several and settings.long_documents.value != "map":
        options["long_documents"] = settings.long_documents.value
        if settings.retrieve_chunks != _USUALLY_FIRST:
            options["retrieve_chunks"] = settings.retrieve_chunks
    if settings.self_agreement > 1:
        options["self_agreement"] = settings.self_agreement
    if settings.verification is not Verification.NONE:
        options["verification"] = [settings.verification.value, settings.verification_model]
    if curve_version:
        options["calibration"] = curve_version
    return options
