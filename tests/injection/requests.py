"""Every kind of request that the pipeline renders, for a project, with the words of others in all their places."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crucible_assets.extractions.cell import Cell, Evidence
from crucible_assets.extractions.entities.ask import rows_request, same_request
from crucible_assets.extractions.plan import Asked, Chunk, Row, Source, make_ask
from crucible_assets.extractions.verify import verification_ask
from crucible_assets.prompts.render import Prompt, render_prompt
from resources.models.request import ModelRequest
from resources.project import Project, project_from_data
from resources.vocabulary import CellState, EvidenceStatus, PromptRow, Variable

PRICE: dict[str, Any] = {"name": "price", "type": "NUMBER", "instructions": "The price agreed.", "unit": "EUR"}
SUPPLIER: dict[str, Any] = {"name": "supplier", "type": "TEXT", "instructions": "The supplier's name."}
URGENT: dict[str, Any] = {"name": "urgent", "type": "BOOLEAN", "instructions": "Whether it is urgent."}
BENIGN = (SUPPLIER, PRICE, URGENT)


def project(*variables: Mapping[str, Any], **more: Any) -> Project:
    return project_from_data({"name": "Contracts", "variables": list(variables or BENIGN), **more})


def asked(of: Project) -> list[Asked]:
    return [Asked(v, prompt_row(render_prompt(of, v))) for v in of.variables]


def prompt_row(prompt: Prompt) -> PromptRow:
    return PromptRow(
        prompt.variable, 1, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
        prompt.content_hash,
    )  # fmt: skip


def source(text: str, name: str = "a.txt", chunks: Sequence[Chunk] = ()) -> Source:
    return Source(uuid.UUID(int=1), name, 1, text, (), "en", tuple(chunks))


def cell(value: Any, quote: str) -> Cell:
    evidence = Evidence(quote, None, None, EvidenceStatus.NOT_FOUND, 0.0)
    return Cell(CellState.UNCERTAIN, (value,), value, value, 0.9, None, (evidence,))


def requests_about(text: str, name: str, of: Project) -> dict[str, ModelRequest]:
    """The requests of a run, with `text` as the document, as a heading and as a quote, `name` as an entity's."""
    many = asked(of)
    whole = source(text, name)
    parts = source(f"{text}\n\n{text}", name)
    part = Chunk(len(text) + 2, len(parts.text), (text, text))
    row = Row("k", name, ((0, 1),), ())
    first = make_ask(whole, many[:1], whole.whole)
    variable: Variable = many[0].variable
    return {
        "one variable": first.request,
        "several variables": make_ask(whole, many, whole.whole).request,
        "a part of a long document": make_ask(parts, many[:1], part).request,
        "one row": make_ask(whole, many[:1], whole.whole, row).request,
        "a verifier": verification_ask(first, cell(name, text), variable).request,
        "a verifier of a list": verification_ask(
            first, replace(cell(name, text), values=(name, 1)), variable
        ).request,
        "entities": rows_request(of, whole, 0, len(text)),
        "further entities": rows_request(of, whole, 0, len(text), known=[name, text]),
        "two names": same_request(of, (name, text), (text, name), "en"),
    }


def written(request: ModelRequest) -> str:
    """All that a model reads of a request, system part first."""
    return f"{request.system}\n\n{request.user_text}"
