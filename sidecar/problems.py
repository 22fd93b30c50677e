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
    │   └── Unusable            it fits the schema, and not what is there
    ├── TooManyRequests 429     Retry-After says when
    └── Unavailable 503         Retry-After says when

A route raises them and lists them with `responses=problems(NotFound, Conflict)`, so that they stand in the OpenAPI.

What cannot be read (broken JSON, a form that is none) is 400; what can be read and does not fit the schema is 422
of type `invalid`: the client program is wrong. What no schema can forbid, because it depends on what is there or on
several fields together, is 422 of type `unusable`: at another time, or with other values, it is taken.
"""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, ClassVar

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection

MEDIA_TYPE = "application/problem+json"
_MOST_SHOWN = 300  # characters of anything that was sent


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


class Unusable(Invalid):
    """It fits the schema, and cannot be used: it contradicts itself, or what is there."""

    slug, title = "unusable", "Not usable as things are"


class TooManyRequests(Problem):
    """More than the limit in this time."""

    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(
        self, detail: str, *, retry_after: float, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail, headers={**(headers or {}), "Retry-After": _seconds(retry_after)}, **extra)


class Unavailable(Problem):
    """Not now; try again."""

    status, slug, title = 503, "unavailable", "Not available at the moment"

    def __init__(self, detail: str, *, retry_after: float = 5, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": _seconds(retry_after)}, **extra)


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

_KINDS: Mapping[int, type[Problem]] = {
    kind.status: kind for kind in (*EVERYWHERE, NotFound, Conflict, UnsupportedMedia, Problem)
}


def _seconds(wait: float) -> str:
    return str(max(1, ceil(wait)))


def shown(text: str) -> str:
    """Text that somebody sent, as an answer may repeat it: short, and valid Unicode."""
    sound = text.encode("utf-8", "backslashreplace").decode()
    return sound if len(sound) <= _MOST_SHOWN else f"{sound[:_MOST_SHOWN]}…"


def answer(connection: HTTPConnection, problem: Problem) -> JSONResponse:
    """A problem as it is sent."""
    return _answer(connection, problem.status, problem.slug, problem.title, problem)


def plain(
    connection: HTTPConnection, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """What a library says in plain words, as a problem: of the kind that has this status, if there is one."""
    kind = _KINDS.get(status)
    title = kind.title if kind else HTTPStatus(status).phrase
    slug = kind.slug if kind else title.lower().replace(" ", "-")
    return _answer(connection, status, slug, title, Problem(shown(detail), headers=headers))


def details_of(connection: HTTPConnection, problem: Problem) -> ProblemDetails:
    """A problem as a stream that has begun tells it."""
    return _details(connection, problem.status, problem.slug, problem.title, problem)


def _details(connection: HTTPConnection, status: int, slug: str, title: str, problem: Problem) -> ProblemDetails:
    return ProblemDetails(
        type=f"urn:crucible:problem:{slug}",
        title=title,
        status=status,
        detail=problem.detail,
        instance=shown(connection.url.path),
        request_id=getattr(connection.state, "request_id", None),
        **jsonable_encoder(problem.extra),
    )


def _answer(connection: HTTPConnection, status: int, slug: str, title: str, problem: Problem) -> JSONResponse:
    body = _details(connection, status, slug, title, problem).model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, status, headers=problem.headers, media_type=MEDIA_TYPE)


def describe_problems(app: FastAPI) -> None:
    """Put the schema of problem details into the OpenAPI, to which every error's description refers."""
    schema = app.openapi()
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    described = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(described.pop("$defs", {}))
    components["ProblemDetails"] = described
    other_media = problems(UnsupportedMedia)[UnsupportedMedia.status]
    for path in schema["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                operation["responses"].setdefault(str(UnsupportedMedia.status), other_media)
