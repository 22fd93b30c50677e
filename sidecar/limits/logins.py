"""Guessing passwords: a few tries per account from one network address, and slower ones from everywhere together.

A stranger who fails on purpose shuts out nobody but those at the same address. Those with many addresses are slowed
down, and so is the owner for as long as they try; a login is never refused for what other addresses did.
"""

from starlette.requests import HTTPConnection

from sidecar.limits.addresses import address_of
from sidecar.limits.rates import Decision, Rates
from sidecar.limits.settings import Bounds, Zone
from sidecar.problems import TooManyRequests, Unavailable
from sidecar.security.principal import Principal

LONGEST_DELAY = 8.0
"""Seconds that a login waits when an account's bucket is empty."""


def _account(tenant: str, email: str) -> str:
    return f"{tenant}\0{email.strip().lower()}"


def _here(connection: HTTPConnection, account: str) -> str:
    return f"{account}\0{address_of(connection.scope)}"


def check_login(connection: HTTPConnection, tenant: str, email: str) -> float:
    """Count a try to log in, before the password is looked at; unknown accounts count the same.

    Gives the seconds to wait before it is looked at: none while half of the account's bucket is left, then the more
    the emptier it is. Raises TooManyRequests after ten failures from this network address (one more each minute), and
    Unavailable when tries cannot be counted: a password is not looked at uncounted. (Tries from one network address,
    whatever the account, are counted before they come here.)
    """
    account = _account(tenant, email)
    bounds: Bounds = connection.app.state.bounds
    _admitted(connection, bounds.login, _here(connection, account))
    return delay(_take(connection, bounds.account, account))


def delay(decision: Decision) -> float:
    """Seconds to wait: 0 while half of the bucket is left, then rising evenly to LONGEST_DELAY for an empty one."""
    half = decision.zone.burst / 2
    return LONGEST_DELAY * max(0.0, 1 - decision.remaining / half)


def login_succeeded(connection: HTTPConnection, tenant: str, email: str) -> None:
    """The password was right: earlier failures are forgotten."""
    account = _account(tenant, email)
    rates: Rates = connection.app.state.rates
    bounds: Bounds = connection.app.state.bounds
    rates.refill(bounds.login, _here(connection, account))
    rates.refill(bounds.account, account)


def check_password(connection: HTTPConnection, who: Principal) -> None:
    """Count a try of somebody logged in to name their password; from wherever, as it takes their token.

    Raises TooManyRequests and Unavailable.
    """
    bounds: Bounds = connection.app.state.bounds
    _admitted(connection, bounds.login, _account(who.tenant, who.subject))


def password_named(connection: HTTPConnection, who: Principal) -> None:
    """The password was right."""
    rates: Rates = connection.app.state.rates
    bounds: Bounds = connection.app.state.bounds
    rates.refill(bounds.login, _account(who.tenant, who.subject))


def _take(connection: HTTPConnection, zone: Zone, who: str) -> Decision:
    rates: Rates = connection.app.state.rates
    decision = rates.take(zone, who)
    if decision is None:
        raise Unavailable("Logins cannot be counted at the moment; nothing was changed. Try again.")
    return decision


def _admitted(connection: HTTPConnection, zone: Zone, who: str) -> None:
    decision = _take(connection, zone, who)
    if not decision.admitted:
        raise TooManyRequests(
            "Too many wrong passwords for this account from here; wait, then try again.",
            retry_after=decision.retry_after,
        )
