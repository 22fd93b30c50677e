"""A project on real PostgreSQL, filled from a real model server over a socket, in this process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crucible_assets.chunks.asset import cut_documents
from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.asset import read_documents
from crucible_assets.documents.intake import take_folder
from crucible_assets.extractions.asset import asked_variables
from crucible_assets.extractions.gateways import Gateways
from crucible_assets.extractions.progress import Extracted
from crucible_assets.extractions.run import Run, extract
from crucible_assets.learning.calibration import NO_CURVES, Curves
from crucible_assets.prompts.asset import make_prompts
from resources.database.engine import Database
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.projects import save_project
from resources.database.tables import calls
from resources.installation import Installation
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.anthropic import AnthropicProvider
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import Provider
from resources.project import Project, project_from_data
from resources.settings import Settings
from resources.vocabulary import DocumentOrigin
from tests.model_server import ModelServer

TENANT = "default"


@dataclass
class Bench:
    """One project with its documents; `fill` runs the extraction."""

    installation: Installation
    server: ModelServer
    folder: Path
    project: Project
    names: dict[uuid.UUID, str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.installation.database

    def openai(self, model: str = "gpt-4.1-mini") -> Provider:
        return OpenAIProvider(model, api_key="key", base_url=self.server.openai_url, timeout_seconds=20)

    def anthropic(self, model: str = "claude-haiku-5-5") -> Provider:
        return AnthropicProvider(model, api_key="key", base_url=self.server.anthropic_url, timeout_seconds=20)

    def run(self, **changes: Any) -> Run:
        """What a run works on: every document, as it is now."""
        with self.database.transaction(TENANT) as session:
            asked = asked_variables(session, self.project)
            rows = list_documents(session, self.project.id)
        self.names = {row.id: row.name for row in rows}
        plain = Run(
            database=self.database, tenant=TENANT, project=self.project, asked=asked, documents=rows, task_id=None,
            concurrency=8, curves=NO_CURVES,
        )  # fmt: skip
        return replace(plain, **changes)

    def fill(
        self,
        providers: Callable[[], Sequence[Provider]] | None = None,
        verifier: Callable[[], Sequence[Provider]] | None = None,
        curves: Curves = NO_CURVES,
        **changes: Any,
    ) -> Extracted:
        """Extract every document."""

        def gateway(made: Sequence[Provider]) -> Gateway:
            ledger = Ledger(self.database, TENANT)
            return Gateway(made, ledger, concurrency=8, routes=self.project.settings.routes)

        def gateways() -> Gateways:
            main = gateway((providers or (lambda: [self.openai()]))())
            return Gateways(main, gateway(verifier()) if verifier else None)

        return extract(self.run(curves=curves, **changes), gateways)

    def cells(self) -> dict[tuple[str, str], Any]:
        """The cells by (document name, variable)."""
        with self.database.transaction(TENANT) as session:
            return {(self.names[c.document_id], c.variable): c for c in load_cells(session, self.project.id)}

    def calls(self) -> list[Any]:
        """The ledger's rows of this project, in the order in which they were stored."""
        with self.database.transaction(TENANT) as session:
            query = sa.select(calls).where(calls.c.project_id == self.project.id).order_by(calls.c.created_at)
            return list(session.execute(query))

    def change(self, **data: Any) -> None:
        """Save the project with other settings or variables, and make its prompts."""
        self.project = save(self.database, self.project, **data)


def save(database: Database, project: Project, **changes: Any) -> Project:
    """Store a project and its prompts."""
    changed = replace(project, **changes)
    with database.transaction(TENANT) as session:
        save_project(session, changed)
        make_prompts(session, changed)
    return changed


def make_bench(
    installed: Settings,
    database: Database,
    server: ModelServer,
    folder: Path,
    documents: Mapping[str, str],
    variables: Sequence[Mapping[str, Any]],
    chunk_tokens: int | None = None,
    **project: Any,
) -> Bench:
    """Take text documents in, read and cut them, and make the prompts. `chunk_tokens` makes small chunks."""
    installation = Installation(installed)
    installation.__dict__["database"] = database
    source = folder / "documents"
    source.mkdir()
    for name, text in documents.items():
        (source / name).write_text(text, encoding="utf-8")
    made = project_from_data(
        {"name": f"bench {uuid.uuid4().hex[:10]}", "documents": "documents/", "variables": list(variables), **project}
    )
    with database.transaction(TENANT) as session:
        save_project(session, made)
        make_prompts(session, made)
    take_folder(database, installation.files, TENANT, made.id, str(source), DocumentOrigin.FOLDER)
    with database.transaction(TENANT) as session:
        rows = list_documents(session, made.id)
    read_documents(installation, TENANT, rows)
    sizes = SplitSettings() if chunk_tokens is None else small(chunk_tokens)
    with database.transaction(TENANT) as session:
        rows = list_documents(session, made.id)
    cut_documents(installation, TENANT, rows, sizes)
    return Bench(installation, server, folder, made)


def small(tokens: int) -> SplitSettings:
    """Chunks of about so many tokens."""
    return SplitSettings(
        min_tokens=tokens * 2 // 3, max_tokens=tokens, overlap_min=tokens // 12, overlap_max=tokens // 8,
        whole_below_words=0, whole_max_tokens=tokens,
    )  # fmt: skip
