"""No route without authorisation: looked at when the application starts, which it refuses to do otherwise."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

PUBLIC = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/v1/auth/bootstrap",  # by the operator's token
        "/v1/auth/token",
        "/v1/auth/refresh",
        "/v1/auth/logout",  # by the refresh token
        "/metrics",  # by the operator's token
    }
)
"""Routes that authenticate by other means, or show nothing of anybody."""


class UnauthorisedRouteError(RuntimeError):
    """Routes that declare no scope and are not on the list of public ones."""


def _scopes(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for inner in dependant.dependencies:
        yield from _scopes(inner)


def refuse_undeclared(app: FastAPI) -> None:
    """Raises UnauthorisedRouteError when a route declares no scope and is not public."""
    bare = [
        context.path or ""
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute | APIWebSocketRoute)
        and context.path not in PUBLIC
        and not list(_scopes(context.original_route.dependant))
    ]
    if bare:
        raise UnauthorisedRouteError(f"These routes declare no authorisation: {', '.join(sorted(bare))}.")
