"""`/v1/projects/{project_id}/variables`: list, create, read, replace, change, delete, order, copy."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from resources.database.engine import TenantSession
from resources.database.repositories.projects import VariableRow, variable_row, variable_rows
from resources.project import variable_to_dict
from sidecar.fields import ProjectPath, VariablePath
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.projects.etags import TAGGED, IfMatch, PreconditionFailed
from sidecar.projects.routes import CHANGES, settings_here
from sidecar.projects.service import current_etag, found, held, plain_data, store
from sidecar.security.principal import Writer
from sidecar.transactions import ReadSession, WriteSession
from sidecar.variables.schemas import CopyVariables, Definition, Order, Variable, VariableIn, VariablePatch

router = APIRouter(prefix="/v1/projects/{project_id}/variables", tags=["variables"])

_DELETED = Annotated[bool, Query(description="The deleted ones too, behind the others")]


def row_of(session: TenantSession, project_id: str, name: str) -> VariableRow:
    """A stored variable, also a deleted one. Raises NotFound."""
    row = variable_row(session, project_id, name)
    if row is None:
        current_etag(session, project_id)  # it says so when there is no such project
        raise NotFound(f"Project `{project_id}` has no variable `{name}`.")
    return row


def _change(
    request: Request,
    session: TenantSession,
    project_id: str,
    if_match: str | None,
    action: str,
    name: str,
    change: Any,
) -> None:
    """Lay a change of the list of variables over the project, and store it."""
    before = held(session, project_id, if_match).project
    data = plain_data(before)
    data["variables"] = change(data["variables"])
    about = f"variable:{project_id}/{name}" if name else f"project:{project_id}"
    store(session, before, data, settings_here(request).models, action, about)


def _answer(response: Response, session: TenantSession, project_id: str, name: str) -> Variable:
    response.headers["ETag"] = current_etag(session, project_id)
    return Variable.of(row_of(session, project_id, name))


def _all(response: Response, session: TenantSession, project_id: str, *, deleted: bool = False) -> list[Variable]:
    response.headers["ETag"] = current_etag(session, project_id)
    return [Variable.of(row) for row in variable_rows(session, project_id, deleted=deleted)]


def _require(variables: list[dict[str, Any]], project_id: str, name: str) -> int:
    for at, variable in enumerate(variables):
        if variable["name"] == name:
            return at
    raise NotFound(f"Project `{project_id}` has no variable `{name}`.")


@router.get("", response_model=list[Variable], responses={200: TAGGED, **problems(NotFound)})
def list_variables(
    response: Response, session: ReadSession, project_id: ProjectPath, deleted: _DELETED = False
) -> list[Variable]:
    """All variables of a project in order."""
    return _all(response, session, project_id, deleted=deleted)


@router.post(
    "",
    status_code=201,
    response_model=Variable,
    responses={201: TAGGED, **problems(NotFound, Conflict, PreconditionFailed)},
)
def create_variable(
    request: Request,
    session: WriteSession,
    who: Writer,
    project_id: ProjectPath,
    body: VariableIn,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Any:
    """Add a variable behind the others. A deleted one of the name is taken up again with what is sent."""
    once = Once(session, who, key)
    if (replay := once.answered(request, body)) is not None:
        return replay

    def added(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(variable["name"] == body.name for variable in variables):
            raise Conflict(f"Project `{project_id}` has a variable `{body.name}` already.")
        return [*variables, body.model_dump(mode="json")]

    _change(request, session, project_id, if_match, "variable.create", body.name, added)
    response = once.keep(201, Variable.of(row_of(session, project_id, body.name)))
    response.headers["ETag"] = current_etag(session, project_id)
    response.headers["Location"] = f"/v1/projects/{project_id}/variables/{body.name}"
    return response


@router.put("/order", response_model=list[Variable], responses=CHANGES)
def order_variables(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    body: Order,
    if_match: IfMatch = None,
) -> list[Variable]:
    """Put the variables in an order, which is that of the dataset's columns. Every name stands in it once.

    A variable that is itself called `order` is changed by PATCH.
    """

    def ordered(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        by_name = {variable["name"]: variable for variable in variables}
        if sorted(body.names) != sorted(by_name):
            have = ", ".join(by_name) or "none"
            raise Conflict(f"Name each variable of the project once; it has {have}.")
        return [by_name[name] for name in body.names]

    _change(request, session, project_id, if_match, "variables.order", "", ordered)
    return _all(response, session, project_id)


@router.post("/copy", response_model=list[Variable], responses=CHANGES)
def copy_variables(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    body: CopyVariables,
    if_match: IfMatch = None,
) -> list[Variable]:
    """Take variables over from another project, behind those that are here. A name that is here is a conflict."""
    known = {v.name: variable_to_dict(v) for v in found(session, body.from_project).project.variables}
    wanted = list(dict.fromkeys(body.names)) if body.names is not None else list(known)
    if missing := [name for name in wanted if name not in known]:
        raise Unusable(f"body.names: project `{body.from_project}` has no variable {', '.join(missing)}.")

    def added(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        here = {variable["name"] for variable in variables}
        if twice := [name for name in wanted if name in here]:
            raise Conflict(f"Project `{project_id}` has {', '.join(twice)} already; leave them out.")
        return [*variables, *(known[name] for name in wanted)]

    _change(request, session, project_id, if_match, "variables.copy", "", added)
    return _all(response, session, project_id)


@router.get("/{variable}", response_model=Variable, responses={200: TAGGED, **problems(NotFound)})
def read_variable(
    response: Response, session: ReadSession, project_id: ProjectPath, variable: VariablePath
) -> Variable:
    """One variable, also a deleted one."""
    return _answer(response, session, project_id, variable)


@router.put("/{variable}", response_model=Variable, responses=CHANGES)
def replace_variable(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    variable: VariablePath,
    body: Definition,
    if_match: IfMatch = None,
) -> Variable:
    """Put a whole definition in the place of a variable's; what is left out gets its default."""

    def replaced(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        at = _require(variables, project_id, variable)
        return [*variables[:at], {"name": variable, **body.model_dump(mode="json")}, *variables[at + 1 :]]

    _change(request, session, project_id, if_match, "variable.replace", variable, replaced)
    return _answer(response, session, project_id, variable)


@router.patch("/{variable}", response_model=Variable, responses=CHANGES)
def change_variable(
    request: Request,
    response: Response,
    session: WriteSession,
    project_id: ProjectPath,
    variable: VariablePath,
    body: VariablePatch,
    if_match: IfMatch = None,
) -> Variable:
    """Change what is given of a variable; the rest stays."""

    def changed(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        at = _require(variables, project_id, variable)
        plain = {key: _plain(value) for key, value in body.items()}
        return [*variables[:at], {**variables[at], **plain}, *variables[at + 1 :]]

    _change(request, session, project_id, if_match, "variable.change", variable, changed)
    return _answer(response, session, project_id, variable)


@router.delete(
    "/{variable}", status_code=204, response_model=None, responses=problems(NotFound, Conflict, PreconditionFailed)
)
def delete_variable(
    request: Request,
    session: WriteSession,
    project_id: ProjectPath,
    variable: VariablePath,
    if_match: IfMatch = None,
) -> None:
    """Take a variable out of the project. What was extracted for it is kept, and creating it again takes it up."""

    def left(variables: list[dict[str, Any]]) -> list[dict[str, Any]]:
        at = _require(variables, project_id, variable)
        rest = [*variables[:at], *variables[at + 1 :]]
        needing = [v["name"] for v in rest if any(d["variable"] == variable for d in v["depends_on"])]
        if needing:
            raise Conflict(f"{', '.join(needing)} depends on `{variable}`; change that first.")
        return rest

    _change(request, session, project_id, if_match, "variable.delete", variable, left)


def _plain(value: Any) -> Any:
    """A part of a request as plain data."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
