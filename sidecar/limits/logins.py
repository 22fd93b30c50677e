"""Guessing passwords: a few tries per e-mail address, whoever asks."""

from starlette.requests import HTTPConnection

from sidecar.limits.rates import Rates
from sidecar.limits.settings import Bounds
from sidecar.problems import TooManyRequests, Unavailable


def _who(tenant: str, email: str) -> str:
    return f"{tenant}\0{email.strip().lower()}"


def check_login(connection: HTTPConnection, tenant: str, email: str) -> None:
    """Count a try to log in, before the password is looked at; unknown addresses count the same.

    Raises TooManyRequests after ten failures (one more each minute), and Unavailable when tries cannot be counted: a
    password is not looked at uncounted. (Tries from one network address are counted before they come here.)
    """
    rates: Rates = connection.app.state.rates
    bounds: Bounds = connection.app.state.bounds
    decision = rates.take(bounds.login, _who(tenant, email))
    if decision is None:
        raise Unavailable("Logins cannot be counted at the moment; nothing was changed. Try again.")
    if not decision.admitted:
        raise TooManyRequests(
            "Too many failed logins with this e-mail address; wait, then try again.",
            retry_after=decision.retry_after,
        )


def login_succeeded(connection: HTTPConnection, tenant: str, email: str) -> None:
    """The password was right: earlier failures are forgotten."""
    rates: Rates = connection.app.state.rates
    bounds: Bounds = connection.app.state.bounds
    rates.refill(bounds.login, _who(tenant, email))
