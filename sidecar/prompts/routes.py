"""Prompt versions of a variable, and the refinements of a project's wordings."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from crucible_assets.chunks.tokens import count_tokens
from crucible_assets.prompts.asset import prompt_row, refined_wordings
from crucible_assets.prompts.refined import choice_mark
from crucible_assets.prompts.render import render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.prompts import active_prompts, all_versions, chosen_prompts, prompt_versions
from resources.database.repositories.refinements import (
    RefinementRow,
    active_refinements,
    get_refinement,
    refinement_page,
)
from resources.vocabulary import RefinementStatus
from sidecar.fields import INT32_MAX, VARIABLE_NAME, ProjectPath, VariablePath
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.projects.etags import TAGGED, IfMatch, PreconditionFailed
from sidecar.projects.service import current_etag, found, held
from sidecar.prompts.schemas import (
    Prompt,
    PromptDiff,
    PromptPreview,
    PromptSummary,
    QuestionSource,
    Refinement,
    Rejection,
)
from sidecar.prompts.service import (
    activate_refinement,
    activate_version,
    differences,
    reject_refinement,
    variable_of,
    version_of,
)
from sidecar.transactions import ReadSession, WriteSession
from sidecar.variables.routes import row_of

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["prompts"])

_PROMPTS = "/variables/{variable}/prompts"
_Version = Annotated[int, Path(ge=1, le=INT32_MAX, description="Number of the version", examples=[1])]
_RefinementPath = Annotated[UUID, Path(description="Id of the refinement")]
_CHANGES = {200: TAGGED, **problems(NotFound, Conflict, PreconditionFailed)}


@router.get(_PROMPTS, response_model=Page[PromptSummary], responses=problems(NotFound))
def list_prompts(
    session: ReadSession, project_id: ProjectPath, variable: VariablePath, limit: Limit = 50, after: After = None
) -> Page[PromptSummary]:
    """The versions of a variable's prompt, the newest first. A run makes one when the variable was reworded."""
    row_of(session, project_id, variable)
    key = read_cursor(after, [int])
    if key is not None and not 1 <= key[0] <= INT32_MAX:
        raise Unusable("query.after: this is no `next` of this list.")
    versions = prompt_versions(session, project_id, variable, limit + 1, key[0] if key else None)
    items = [PromptSummary.of(version) for version in versions[:limit]]
    return Page(items=items, next=cursor(items[-1].version) if len(versions) > limit else None)


@router.get("/variables/{variable}/preview", response_model=PromptPreview, responses=problems(NotFound))
def preview_prompt(session: ReadSession, project_id: ProjectPath, variable: VariablePath) -> PromptPreview:
    """What would be asked for a variable if a run began now: nothing is stored."""
    project = found(session, project_id).project
    asked = variable_of(project, variable)
    refined = refined_wordings(project, active_refinements(session, project_id)).get(variable)
    source = QuestionSource.RESEARCHER if refined is None else QuestionSource.REFINEMENT
    row = prompt_row(render_prompt(project, asked, refined))
    if chosen_prompts(session, project_id).get(variable) == choice_mark(asked, refined):
        source, row = QuestionSource.CHOSEN, active_prompts(session, project_id)[variable]
    same = [v.version for v in all_versions(session, project_id, variable) if v.content_hash == row.content_hash]
    return PromptPreview(
        variable=variable,
        source=source,
        version=same[-1] if same else None,
        system=row.system,
        document="<document-CODE>\n(the document, or a part of it)\n</document-CODE>",
        question=row.question,
        model_settings=dict(row.model_settings),
        response_schema=dict(row.response_schema),
        content_hash=row.content_hash,
        tokens=count_tokens(row.system) + count_tokens(row.question),
    )


@router.get(_PROMPTS + "/{version}", response_model=Prompt, responses=problems(NotFound))
def read_prompt(session: ReadSession, project_id: ProjectPath, variable: VariablePath, version: _Version) -> Prompt:
    """One version with all its parts."""
    row_of(session, project_id, variable)
    return Prompt.of(version_of(session, project_id, variable, version))


@router.get(_PROMPTS + "/{version}/diff", response_model=PromptDiff, responses=problems(NotFound))
def compare_prompts(
    session: ReadSession,
    project_id: ProjectPath,
    variable: VariablePath,
    version: _Version,
    against: Annotated[int, Query(ge=1, le=INT32_MAX, description="The version before", examples=[1])],
) -> PromptDiff:
    """What this version has changed against another."""
    row_of(session, project_id, variable)
    before = version_of(session, project_id, variable, against).row
    after = version_of(session, project_id, variable, version).row
    unified, changes = differences(before, after)
    return PromptDiff(before=against, after=version, unified=unified, changes=changes)


@router.post(_PROMPTS + "/{version}/activate", response_model=Prompt, responses=_CHANGES)
def activate_prompt(
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    variable: VariablePath,
    version: _Version,
    if_match: IfMatch = None,
) -> Prompt:
    """Ask with this version from the next run on, until the variable is reworded or another one is activated."""
    project = held(session, project_id, if_match).project
    activate_version(session, project, variable, version)
    response.headers["ETag"] = current_etag(session, project_id)
    return Prompt.of(version_of(session, project_id, variable, version))


@router.get("/refinements", response_model=Page[Refinement], responses=problems(NotFound))
def list_refinements(
    session: ReadSession,
    project_id: ProjectPath,
    variable: Annotated[str | None, Query(max_length=60, pattern=VARIABLE_NAME)] = None,
    status: RefinementStatus | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[Refinement]:
    """Proposed wordings with their figures, the newest first. A task of kind REFINE makes new ones."""
    found(session, project_id)
    rows = refinement_page(session, project_id, limit + 1, _after(after), variable, status)
    items = [Refinement.of(row) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    return Page(items=items, next=None if last is None else cursor(last.created_at.isoformat(), str(last.id)))


def _after(text: str | None) -> tuple[datetime, UUID] | None:
    """The time and id of the last refinement of the page before. Raises Unusable."""
    key = read_cursor(text, [str, str])
    try:
        return None if key is None else (datetime.fromisoformat(key[0]).astimezone(UTC), UUID(key[1]))
    except (ValueError, OverflowError):
        raise Unusable("query.after: this is no `next` of this list.") from None


def _refinement(session: TenantSession, project_id: str, refinement_id: UUID) -> RefinementRow:
    row = get_refinement(session, project_id, refinement_id)
    if row is None:
        raise NotFound(f"Project `{project_id}` has no refinement {refinement_id}.")
    return row


@router.get("/refinements/{refinement_id}", response_model=Refinement, responses=problems(NotFound))
def read_refinement(session: ReadSession, project_id: ProjectPath, refinement_id: _RefinementPath) -> Refinement:
    """One proposed wording with what it was measured at."""
    return Refinement.of(_refinement(session, project_id, refinement_id))


@router.post("/refinements/{refinement_id}/activate", response_model=Refinement, responses=_CHANGES)
def put_refinement_in_force(
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    refinement_id: _RefinementPath,
    if_match: IfMatch = None,
) -> Refinement:
    """Ask with this wording from now on, whatever it was measured at. It ends when the variable is reworded."""
    project = held(session, project_id, if_match).project
    row = _refinement(session, project_id, refinement_id)
    activate_refinement(session, project, row, str(session.info["actor"]))
    response.headers["ETag"] = current_etag(session, project_id)
    return Refinement.of(_refinement(session, project_id, refinement_id))


@router.post("/refinements/{refinement_id}/reject", response_model=Refinement, responses=_CHANGES)
def turn_refinement_down(
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    refinement_id: _RefinementPath,
    body: Rejection,
    if_match: IfMatch = None,
) -> Refinement:
    """Turn a proposal down, or take one out of force: then the researcher's own wording is asked again."""
    project = held(session, project_id, if_match).project
    reject_refinement(session, project, _refinement(session, project_id, refinement_id), body.reason)
    response.headers["ETag"] = current_etag(session, project_id)
    return Refinement.of(_refinement(session, project_id, refinement_id))
