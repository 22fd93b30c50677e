"""Everything that bounds requests, put round the application."""

from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sidecar.limits.addresses import AddressLimit
from sidecar.limits.answers import Answers
from sidecar.limits.principals import costly_endpoints, metered
from sidecar.limits.rates import Rates
from sidecar.limits.settings import Bounds
from sidecar.limits.sizes import SizeLimit
from sidecar.limits.timeouts import TimeLimit

_TAKEN = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "X-Request-ID",
]
"""Headers that pages of other origins may send; browsers refuse to send others."""
_SHOWN = [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotent-Replay",
    "Location",
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]
"""Headers that their scripts may read."""


def add_limits(app: FastAPI, rates: Rates, bounds: Bounds) -> None:
    """Bound the application, whose routes and authenticator are there. The last one added sees a request first."""
    app.state.rates, app.state.bounds = rates, bounds
    app.state.costly = costly_endpoints(app, bounds)
    app.state.authenticator = metered(app.state.authenticator, rates, bounds)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=bounds.max_body)  # a route may set more
    app.add_middleware(TimeLimit, bounds=bounds)
    app.add_middleware(AddressLimit, rates=rates, zone=bounds.address)
    if bounds.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=bounds.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_TAKEN,
            expose_headers=_SHOWN,
            max_age=3600,
        )
    if bounds.hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(bounds.hosts), www_redirect=False)
    app.add_middleware(SizeLimit, bounds=bounds)
    app.add_middleware(Answers)
