"""The two questions about entities, which ones there are and whether two are one, and reading their answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crucible_assets.extractions.answer import InvalidAnswer
from crucible_assets.extractions.plan import Chunk, Source, stretch_text
from crucible_assets.prompts.render import fence_of, fenced, render_system
from resources.models.request import ModelRequest, RowsWanted
from resources.project import Project

_TEMPERATURE = 0.1
_OUTPUT_TOKENS = 4_000  # some eighty rows; a longer list goes on in a further answer
_COMPARED_TOKENS = 300
_KNOWN_SHOWN = 200  # characters of a name that is listed as known

ROWS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "description": "Every entity, one entry each, in the order of the document; empty if there is none.",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "What the document calls it."},
                    "source_text": {
                        "type": "string",
                        "description": "The words of the document that name it, copied verbatim; "
                        "of a table row or list item all of it.",
                    },
                },
                "required": ["name", "source_text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["rows"],
    "additionalProperties": False,
}
SAME_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "same": {"type": "boolean", "description": "Whether both are one and the same."},
        "reason": {"type": "string", "description": "Why, in one short sentence."},
    },
    "required": ["same", "reason"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class NamedRow:
    """An entity as an answer gives it."""

    name: str
    source_text: str


def rows_request(
    project: Project, source: Source, start: int, end: int, known: Sequence[str] = (), note: str = ""
) -> ModelRequest:
    """Ask for the entities of one stretch of a document, without those that are `known` already.

    The system part and the document are those of the questions for values, so that they share a cached prefix.
    """
    pattern = project.entity_pattern or ""
    text, _ = stretch_text(source, Chunk(start, end))
    lines = [
        "Rows: list every entity in the document that the description names. One entry for each, also where several "
        "have the same name; do not stop before the end, leave none out and add none that is not there.",
        fenced("entities", pattern),
    ]
    if known:
        listed = "\n".join(f"- {' '.join(name.split())[:_KNOWN_SHOWN]}" for name in known)
        lines.append("These are in the list already. Give only those that are missing:\n" + fenced("listed", listed))
    if note:
        lines.append(note)
    return ModelRequest(
        system=render_system(project),
        document=text,
        fence=fence_of(text),
        question="\n".join(lines),
        schema=ROWS_SCHEMA,
        schema_name="rows",
        fields=(),
        temperature=_TEMPERATURE,
        max_output_tokens=_OUTPUT_TOKENS,
        language=source.language,
        rows=RowsWanted(pattern, tuple(known)),
    )


def same_request(
    project: Project, left: tuple[str, str], right: tuple[str, str], language: str | None
) -> ModelRequest:
    """Ask whether two (name, surroundings) are one entity; the surroundings are what a model reads."""
    text = f"[The first one stands here:]\n{left[1].strip()}\n\n[The second one stands here:]\n{right[1].strip()}"
    question = "\n".join(
        [
            "Same: are the two names below, each from one of the two extracts above, of one and the same entity? "
            "Answer true only if the extracts leave no doubt.",
            fenced("entities", project.entity_pattern or ""),
            fenced("first", f"First: {' '.join(left[0].split())}"),
            fenced("second", f"Second: {' '.join(right[0].split())}"),
        ]
    )
    return ModelRequest(
        system=render_system(project),
        document=text,
        fence=fence_of(text),
        question=question,
        schema=SAME_SCHEMA,
        schema_name="same",
        fields=(),
        temperature=_TEMPERATURE,
        max_output_tokens=_COMPARED_TOKENS,
        language=language,
    )


def parse_rows(text: str, *, cut_off: bool) -> list[NamedRow]:
    """The rows of an answer; of one that was cut off, those that are whole.

    Raises InvalidAnswer for an answer without a list of rows, and for an entry that names nothing.
    """
    entries = _whole_entries(text) if cut_off else _entries(text)
    rows = []
    for entry in entries:
        name, quote = (_words(entry.get(key)) for key in ("name", "source_text"))
        if not name and not quote:
            raise InvalidAnswer("an entry of rows has neither name nor source_text", text)
        rows.append(NamedRow(" ".join((name or quote).split()), quote or name))
    return rows


def _words(given: Any) -> str:
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        return ""
    plain = str(given).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain.replace("\x00", "").strip()


def _entries(text: str) -> list[dict[str, Any]]:
    start = text.find("{")
    try:
        answer, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    except ValueError as error:
        raise InvalidAnswer(f"its JSON is broken: {error}", text) from error
    rows = answer.get("rows") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidAnswer("there is no list 'rows' of objects in it", text)
    return rows


def _whole_entries(text: str) -> list[dict[str, Any]]:
    """The objects of the list that were written to their end."""
    decoder = json.JSONDecoder()
    at = text.find("[")
    found: list[dict[str, Any]] = []
    while at >= 0 and (at := text.find("{", at)) >= 0:
        try:
            entry, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        found.append(entry)
    return found


def parse_same(text: str) -> tuple[bool | None, str]:
    """(whether they are the same, why); None where it is left open. Raises InvalidAnswer for no JSON object."""
    try:
        answer, _ = json.JSONDecoder().raw_decode(text, max(text.find("{"), 0))
    except ValueError as error:
        raise InvalidAnswer(f"its JSON is broken: {error}", text) from error
    if not isinstance(answer, dict) or "same" not in answer:
        raise InvalidAnswer("there is no entry for same", text)
    same = answer["same"]
    return (same if isinstance(same, bool) else None), _words(answer.get("reason")) or "no reason was given"
