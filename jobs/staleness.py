"""Whether a project is up to date, and if not, why."""

from dataclasses import dataclass

from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.parsed import PARSER_VERSION
from crucible_assets.prompts.asset import refined_wordings
from crucible_assets.prompts.render import render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import active_refinements
from resources.database.repositories.staleness import CellGaps, StaleDocument, cell_gaps, stale_documents
from resources.project import Project
from resources.vocabulary import DocumentOrigin


@dataclass(frozen=True, slots=True)
class Staleness:
    """What a full run of a project would have to do."""

    documents: tuple[StaleDocument, ...]
    prompts: tuple[str, ...]  # variables whose prompt would be another one now
    cells: CellGaps

    def __bool__(self) -> bool:
        return bool(self.documents or self.prompts or self.cells.missing or self.cells.failed or self.cells.outdated)

    def __str__(self) -> str:
        parts = [
            (len(self.documents), "documents to read, cut or embed"),
            (len(self.prompts), "changed variables"),
            (self.cells.missing, "missing cells"),
            (self.cells.failed, "failed cells"),
            (self.cells.outdated, "cells of an earlier prompt"),
        ]
        return ", ".join(f"{number} {what}" for number, what in parts if number) or "nothing is stale"


def unread(
    session: TenantSession, *, project_id: str | None = None, origin: DocumentOrigin | None = None
) -> list[StaleDocument]:
    """Documents that `ingest` has work with under the parsers and splitter settings of this version."""
    return stale_documents(session, PARSER_VERSION, SplitSettings().hash, project_id=project_id, origin=origin)


def staleness(session: TenantSession, project: Project) -> Staleness:
    """Hold a project's stored state against its variables and against this version of parsers and splitter."""
    active = active_prompts(session, project.id)
    refined = refined_wordings(project, active_refinements(session, project.id))
    wanted = {v.name: render_prompt(project, v, refined.get(v.name)).content_hash for v in project.variables}
    changed = [name for name, content in wanted.items() if name not in active or active[name].content_hash != content]
    return Staleness(tuple(unread(session, project_id=project.id)), tuple(changed), cell_gaps(session, project.id))
