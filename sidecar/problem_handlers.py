"""Whatever goes wrong in the application becomes a problem; what it was inside stands in the log alone."""

from collections.abc import Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from sidecar.field_problems import field_problem
from sidecar.fields import BEYOND_SCHEMA
from sidecar.openapi import methods_of
from sidecar.problems import (
    BadRequest,
    Conflict,
    Invalid,
    Problem,
    Unavailable,
    UnsupportedMedia,
    Unusable,
    answer,
    plain,
)

_MOST_ERRORS = 50
_AGAIN = {
    "57014": "The database was too slow for this and was stopped; nothing was changed. Try again, or ask for less.",
    "55P03": "Something else is changing the same; nothing was changed. Try again.",
    "40P01": "Something else was changing the same; nothing was changed. Try again.",
    "40001": "Something else was changing the same; nothing was changed. Try again.",
}
"""By SQLSTATE: query_canceled, lock_not_available, deadlock_detected, serialization_failure."""

_log = structlog.get_logger(__name__)


async def _on_problem(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(connection, error)


async def _on_http(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:  # the framework names those of one route of the address
        return _no_such_method(connection, methods_of(connection.app, connection.url.path))
    return plain(connection, error.status_code, str(error.detail), error.headers)


def _no_such_method(connection: HTTPConnection, methods: Sequence[str]) -> JSONResponse:
    allowed = ", ".join(methods)
    detail = f"This is not done here; what can be done is {allowed}."
    return plain(connection, HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": allowed})


async def _on_validation(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(item["loc"][0] == "path" for item in error.errors()):
        # `GET /tasks/process`: taken for the task `process`, and yet an address of its own, for another method
        methods = methods_of(connection.app, connection.url.path, literal=True)
        if methods:
            return _no_such_method(connection, methods)
    return answer(connection, _of_validation(error))


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        where = next(item for item in found if item["type"] == "json_invalid")
        return BadRequest(f"The body is no JSON: {where['ctx']['error']} at character {where['loc'][-1]}.")
    if any(tuple(item["loc"]) == ("body",) and isinstance(item.get("input"), bytes) for item in found):
        return UnsupportedMedia("Send the body as JSON, with `Content-Type: application/json`.")
    errors = [field_problem(item) for item in found[:_MOST_ERRORS]]
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:5])
    kind = Unusable if all(item["type"] == BEYOND_SCHEMA for item in found) else Invalid
    return kind(detail, errors=errors)


async def _on_database(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    state = getattr(error.orig, "sqlstate", None)
    _log.error("database_error", error=type(error).__name__, sqlstate=state)
    gone = "The database does not answer; nothing was changed. Try again."
    return answer(connection, Unavailable(_AGAIN.get(state or "", gone), retry_after=1 if state in _AGAIN else 5))


async def _on_no_connection(connection: HTTPConnection, error: Exception) -> JSONResponse:
    _log.error("no_database_connection_free", error=type(error).__name__)
    detail = "Too many requests wait for the database; nothing was changed. Try again."
    return answer(connection, Unavailable(detail, retry_after=5))


async def _on_integrity(connection: HTTPConnection, error: Exception) -> JSONResponse:
    assert isinstance(error, IntegrityError)
    state = getattr(error.orig, "sqlstate", None)
    _log.warning("integrity_error", sqlstate=state, exc_info=error)
    detail = "This does not go with what is there (it was changed meanwhile, say); nothing was changed. Look again."
    return answer(connection, Conflict(detail))


async def _on_data(connection: HTTPConnection, error: Exception) -> JSONResponse:
    _log.warning("data_error", error=type(error).__name__, exc_info=error)
    detail = "A value that was sent cannot be stored: a number out of range, or text with a NUL or broken Unicode."
    return answer(connection, Invalid(detail))


async def _on_anything(connection: HTTPConnection, error: Exception) -> JSONResponse:
    _log.error("unhandled", exc_info=error)
    detail = "Something went wrong here; nothing was changed. The log has the details under this request id."
    return answer(connection, Problem(detail))


def add_problem_handlers(app: FastAPI) -> None:
    """Every error of the application becomes problem details."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(OperationalError, _on_database)
    app.add_exception_handler(InterfaceError, _on_database)
    app.add_exception_handler(NoConnectionError, _on_no_connection)
    app.add_exception_handler(IntegrityError, _on_integrity)
    app.add_exception_handler(DataError, _on_data)
    app.add_exception_handler(UnicodeEncodeError, _on_data)
    app.add_exception_handler(Exception, _on_anything)
