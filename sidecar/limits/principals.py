"""Requests of those who are known, counted by who they are."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection

from sidecar.limits.addresses import refused
from sidecar.limits.rates import Rates
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.principal import Authenticator, Principal
from sidecar.security.scopes import Scope

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def metered(authenticator: Authenticator, rates: Rates, bounds: Bounds) -> Authenticator:
    """An authenticator that counts each request against who is found to ask. Raises TooManyRequests."""

    def tell(connection: HTTPConnection, token: str) -> Principal:
        who = authenticator(connection, token)
        rates.remember_valid(token)
        zones = [bounds.principal]
        if connection.scope.get("endpoint") in connection.app.state.costly:
            zones.append(bounds.costly)
        count(connection, who, rates, zones)
        return who

    return tell


def count(connection: HTTPConnection, who: Principal, rates: Rates, zones: Iterable[Zone]) -> None:
    """Count one request of who asks in each of the zones. Raises TooManyRequests."""
    for zone in zones:
        decision = rates.take(zone, f"{who.tenant}\0{who.subject}")
        if decision is not None:  # when the buckets cannot be asked, the service goes on
            connection.scope.setdefault("state", {})["rate"] = decision
            if not decision.admitted:
                raise refused(decision)


def _scopes(dependant: Dependant) -> Iterator[str]:
    yield from dependant.own_oauth_scopes or ()
    for inner in dependant.dependencies:
        yield from _scopes(inner)


def costly_endpoints(app: FastAPI, bounds: Bounds) -> frozenset[Callable[..., Any]]:
    """The functions behind what may cost money or takes large bodies, from what their routes declare."""
    found = set()
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or (route.methods or set()) <= _READING:
            continue
        large = (route.max_body_size or 0) > bounds.max_body
        if large or Scope.RUN.value in _scopes(route.dependant):
            found.add(route.endpoint)
    return frozenset(found)
