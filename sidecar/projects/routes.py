"""`/v1/projects`: create, read, change, archive, copy; parameters; the project file."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ProjectRecord, list_projects, project_record, set_archived
from resources.project import slug
from resources.project_yaml import project_to_yaml
from resources.settings import Settings
from sidecar.fields import ProjectPath
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, TooLarge, UnsupportedMedia, problems
from sidecar.projects.etags import TAGGED, IfMatch, PreconditionFailed, etag, require_match
from sidecar.projects.files import JSON, YAML, ProjectFile
from sidecar.projects.parameters import Parameters, ParametersIn
from sidecar.projects.schemas import CopyIn, Project, ProjectIn, ProjectPatch, ProjectSummary
from sidecar.projects.service import checked, create, found, held, plain_data, store
from sidecar.security.principal import Writer
from sidecar.transactions import ReadSession, WriteSession

router = APIRouter(prefix="/v1/projects", tags=["projects"])

CHANGES = {200: TAGGED, **problems(NotFound, Conflict, PreconditionFailed)}
_FILE: dict[str, Any] = {
    "name": "Loans",
    "variables": [{"name": "amount", "type": "NUMBER", "instructions": "The sum."}],
}
_WORDS = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Words in the id, the name or the description")
]


def settings_here(request: Request) -> Settings:
    """The settings of this installation."""
    settings: Settings = request.app.state.installation.settings
    return settings


def answer(request: Request, response: Response, record: ProjectRecord) -> Project:
    """A project with its version in the header."""
    response.headers["ETag"] = etag(record.updated_at)
    return Project.of(record, settings_here(request).embedding)


def created(request: Request, session: TenantSession, once: Once, project_id: str) -> JSONResponse:
    """The answer to a request that made a project."""
    record = found(session, project_id)
    response = once.keep(201, Project.of(record, settings_here(request).embedding))
    response.headers["ETag"] = etag(record.updated_at)
    response.headers["Location"] = f"/v1/projects/{project_id}"
    return response


@router.get("", response_model=Page[ProjectSummary])
def list_all_projects(
    session: ReadSession, archived: bool = False, q: _WORDS = "", limit: Limit = 50, after: After = None
) -> Page[ProjectSummary]:
    """Projects by id: those in use, or the archived ones."""
    key = read_cursor(after, [str])
    lines = list_projects(session, limit + 1, key[0] if key else None, archived=archived, words=q)
    more = len(lines) > limit
    items = [ProjectSummary.of(line) for line in lines[:limit]]
    return Page(items=items, next=cursor(items[-1].id) if more else None)


@router.post("", status_code=201, response_model=Project, responses={201: TAGGED, **problems(Conflict)})
def create_project(
    request: Request, session: WriteSession, who: Writer, body: ProjectIn, key: IdempotencyKey = None
) -> Any:
    """Create a project, with or without variables. A taken id is a conflict that names a free one."""
    once = Once(session, who, key)
    if (replay := once.answered(request, body)) is not None:
        return replay
    data = body.model_dump(mode="json", exclude={"parameters"})
    data["settings"] = body.parameters.as_settings()
    project = create(session, data, settings_here(request).models, "project.create")
    return created(request, session, once, project.id)


@router.post(
    "/import",
    status_code=201,
    response_model=Project,
    responses={201: TAGGED, **problems(Conflict, TooLarge, UnsupportedMedia, PreconditionFailed)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                YAML: {
                    "schema": {"type": "object", "description": "A project file", "required": ["name"]},
                    "example": _FILE,
                },
                JSON: {
                    "schema": {
                        "type": "object",
                        "description": "The same as JSON",
                        "required": ["name"],
                    },
                    "example": _FILE,
                },
            },
        }
    },
)
def import_project(
    request: Request,
    session: WriteSession,
    who: Writer,
    data: ProjectFile,
    replace: Annotated[
        bool, Query(description="Take the place of the project of this id, where there is one")
    ] = False,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Any:
    """Import a project file of the command line, YAML or JSON, of at most 1 MiB."""
    once = Once(session, who, key)
    if (replay := once.answered(request, [data, replace])) is not None:
        return replay
    models = settings_here(request).models
    plain = {**data, "id": data["id"] if data.get("id") is not None else slug(str(data.get("name", "")))}
    there = project_record(session, plain["id"]) if replace and isinstance(plain["id"], str) else None
    if there is None:
        project = create(session, plain, models, "project.import")
        return created(request, session, once, project.id)
    checked(plain, models)  # before the precondition: what is wrong in itself is said first
    before = held(session, there.project.id, if_match).project
    store(session, before, plain, models, "project.import", f"project:{before.id}")
    return created(request, session, once, before.id)


@router.get("/{project_id}", response_model=Project, responses={200: TAGGED, **problems(NotFound)})
def read_project(request: Request, response: Response, session: ReadSession, project_id: ProjectPath) -> Project:
    """One project with its variables and parameters."""
    return answer(request, response, found(session, project_id))


@router.patch("/{project_id}", response_model=Project, responses=CHANGES)
def change_project(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    body: ProjectPatch,
    if_match: IfMatch = None,
) -> Project:
    """Change what is given of a project. Its variables and parameters have routes of their own."""
    before = held(session, project_id, if_match).project
    data = {**plain_data(before), **body}
    store(session, before, data, settings_here(request).models, "project.change", f"project:{project_id}")
    return answer(request, response, found(session, project_id))


@router.post("/{project_id}/archive", response_model=Project, responses=CHANGES)
def archive_project(
    request: Request, response: Response, session: WriteSession, project_id: ProjectPath, if_match: IfMatch = None
) -> Project:
    """Put a project away: it is kept as it is, and nothing runs or changes. Once is enough."""
    record = found(session, project_id, lock=True)
    if not record.archived:
        held(session, project_id, if_match)
        set_archived(session, project_id, True)
        audit(session, "project.archive", f"project:{project_id}")
    return answer(request, response, found(session, project_id))


@router.post("/{project_id}/restore", response_model=Project, responses=CHANGES)
def restore_project(
    request: Request, response: Response, session: WriteSession, project_id: ProjectPath, if_match: IfMatch = None
) -> Project:
    """Take an archived project out again. Once is enough."""
    record = found(session, project_id, lock=True)
    if record.archived:
        require_match(if_match, record.updated_at)
        set_archived(session, project_id, False)
        audit(session, "project.restore", f"project:{project_id}")
    return answer(request, response, found(session, project_id))


@router.post(
    "/{project_id}/copy",
    status_code=201,
    response_model=Project,
    responses={201: TAGGED, **problems(NotFound, Conflict)},
)
def copy_project(
    request: Request,
    session: WriteSession,
    who: Writer,
    project_id: ProjectPath,
    body: CopyIn,
    key: IdempotencyKey = None,
) -> Any:
    """A new project with the variables and parameters of this one, without its documents and results."""
    once = Once(session, who, key)
    if (replay := once.answered(request, body)) is not None:
        return replay
    data = {**plain_data(found(session, project_id).project), "id": body.id, "name": body.name}
    project = create(session, data, settings_here(request).models, "project.copy")
    return created(request, session, once, project.id)


@router.get("/{project_id}/parameters", response_model=Parameters, responses={200: TAGGED, **problems(NotFound)})
def read_parameters(
    request: Request, response: Response, session: ReadSession, project_id: ProjectPath
) -> Parameters:
    """The parameters of the pipeline for this project."""
    record = found(session, project_id)
    response.headers["ETag"] = etag(record.updated_at)
    return Parameters.of(record.project.settings, settings_here(request).embedding)


@router.put("/{project_id}/parameters", response_model=Parameters, responses=CHANGES)
def replace_parameters(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    body: ParametersIn,
    if_match: IfMatch = None,
) -> Parameters:
    """Set all parameters; what is left out gets its default. The next run works with them.

    The embedding is the installation's and is not sent.
    """
    before = held(session, project_id, if_match).project
    data = {**plain_data(before), "settings": body.as_settings()}
    store(session, before, data, settings_here(request).models, "project.parameters", f"project:{project_id}")
    record = found(session, project_id)
    response.headers["ETag"] = etag(record.updated_at)
    return Parameters.of(record.project.settings, settings_here(request).embedding)


@router.get(
    "/{project_id}/file",
    response_class=Response,
    responses={
        200: {
            "description": "A project file, as `crucible run` reads it",
            "content": {
                YAML: {
                    "schema": {},  # a text to those who keep the file, an object to those who read YAML
                    "example": {"id": "loans", **_FILE},
                }
            },
            **TAGGED,
        },
        **problems(NotFound),
    },
)
def export_project(session: ReadSession, project_id: ProjectPath) -> Response:
    """The project as the command line's project file; imported and exported again, it is the same to the byte."""
    record = found(session, project_id)
    headers = {
        "ETag": etag(record.updated_at),
        "Content-Disposition": f'attachment; filename="{project_id}.yaml"',
    }
    return Response(project_to_yaml(record.project), media_type=YAML, headers=headers)
