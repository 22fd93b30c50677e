"""Errors as problem details (RFC 9457): the same shape everywhere, and never internals.

    Problem
    ├── BadRequest 400
    ├── Unauthenticated 401
    ├── Forbidden 403
    ├── NotFound 404            also for what another tenant owns: that it exists is not said
    ├── Conflict 409
    ├── TooLarge 413
    ├── UnsupportedMedia 415
    ├── Invalid 422             `errors` lists each thing to mend
    ├── TooManyRequests 429     Retry-After says when
    └── Unavailable 503         Retry-After says when

A route raises them and lists them with `responses=problems(NotFound, Conflict)`, so that they stand in the OpenAPI.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger(__name__)


class FieldProblem(BaseModel):
    """One thing to mend in what was sent."""

    field: str = Field(description="Where it stands: `body.name`, `query.limit`", examples=["body.name"])
    message: str = Field(examples=["Field required"])


class ProblemDetails(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:crucible:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What was wrong and what to do", examples=["There is no project `loans`."])
    instance: str | None = Field(default=None, description="Path of the request", examples=["/v1/projects/loans"])
    request_id: str | None = Field(default=None, description="To be named when asking for help; it is in the logs")
    errors: list[FieldProblem] | None = None


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """What a route raises; subclasses set the status. `extra` are further members of the answer."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class BadRequest(Problem):
    """What was sent cannot be read."""

    status, slug, title = 400, "bad-request", "Bad request"


class Unauthenticated(Problem):
    """Nobody is known to ask."""

    status, slug, title = 401, "unauthenticated", "Not authenticated"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, **extra)


class Forbidden(Problem):
    """Known, and not allowed."""

    status, slug, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """There is no such thing, or it is not yours: the two are not told apart."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(Problem):
    """It does not go with what is there."""

    status, slug, title = 409, "conflict", "Conflict"


class TooLarge(Problem):
    """More than is taken."""

    status, slug, title = 413, "too-large", "Too large"


class UnsupportedMedia(Problem):
    """A kind of content that is not read here."""

    status, slug, title = 415, "unsupported-media", "Kind of content not supported"


class Invalid(Problem):
    """Readable, and not usable; `errors` says what to mend."""

    status, slug, title = 422, "invalid", "Not valid"


class TooManyRequests(Problem):
    """More than the limit in this time."""

    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, detail: str, *, retry_after: float, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after)))}, **extra)


class Unavailable(Problem):
    """Not now; try again."""

    status, slug, title = 503, "unavailable", "Not available at the moment"

    def __init__(self, detail: str, *, retry_after: float = 5, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after)))}, **extra)


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: how each of these answers looks."""
    return {
        kind.status: {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for kind in kinds
    }


EVERYWHERE = (BadRequest, Unauthenticated, Forbidden, TooLarge, Invalid, TooManyRequests, Unavailable)
"""What any authorised route may answer."""


def response(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """A problem as it is sent."""
    details = ProblemDetails(
        type=f"urn:crucible:problem:{slug}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=getattr(request.state, "request_id", None),
        **jsonable_encoder(extra),
    )
    body = details.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return response(request, error.status, error.slug, error.title, error.detail, error.headers, **error.extra)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    slug = title.lower().replace(" ", "-")
    return response(request, error.status_code, slug, title, str(error.detail), error.headers)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldProblem(field=".".join(str(part) for part in item["loc"]), message=item["msg"])
        for item in error.errors()
    ]
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:5])
    kind = Invalid
    return response(request, kind.status, kind.slug, kind.title, detail, errors=errors)


async def _on_database_gone(request: Request, error: Exception) -> JSONResponse:
    _log.error("database_unavailable", error=type(error).__name__)
    kind = Unavailable
    detail = "The database does not answer; nothing was changed. Try again."
    return response(request, kind.status, kind.slug, kind.title, detail, {"Retry-After": "5"})


async def _on_anything(request: Request, error: Exception) -> JSONResponse:
    _log.error("unhandled", exc_info=error)
    detail = "Something went wrong here; nothing was changed. The log has the details under this request id."
    return response(request, 500, Problem.slug, Problem.title, detail)


def add_problem_handlers(app: FastAPI) -> None:
    """Every error of the application becomes problem details."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(OperationalError, _on_database_gone)
    app.add_exception_handler(Exception, _on_anything)
