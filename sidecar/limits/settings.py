"""What bounds the requests to one installation, from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from resources.settings import SettingsError

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Zone:
    """Requests of one kind from one asker: `burst` at once, then `per_minute` in every minute."""

    name: str
    per_minute: int
    burst: int

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.per_minute / 60


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one installation."""

    principal: Zone = Zone("principal", 600, 600)
    """Every authenticated request of one user, key or service."""
    costly: Zone = Zone("costly", 60, 60)
    """Of these, what starts work or takes large bodies: uploads, tasks, suggestions."""
    address: Zone = Zone("address", 120, 120)
    """Requests of one address to log in, refresh or bootstrap, and all that show no valid token."""
    login: Zone = Zone("login", 1, 10)
    """Failed logins of one e-mail address in one tenant, from one network address."""
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    request_seconds: float = 30.0
    upload_seconds: float = 300.0
    max_body: int = 1024 * 1024
    max_target: int = 16 * 1024
    max_headers: int = 32 * 1024

    @property
    def account(self) -> Zone:
        """Failed logins of one e-mail address in one tenant, from wherever: what goes beyond waits for a while."""
        return Zone("account", 10 * self.login.per_minute, 10 * self.login.burst)


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal() or not 1 <= int(raw) <= 10_000_000:
        raise SettingsError(f"{name}={raw!r}: a whole number from 1 to 10,000,000 is needed.")
    return int(raw)


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def load_bounds(env: Mapping[str, str] | None = None) -> Bounds:
    """The bounds that `env` (the process environment by default) sets. Raises SettingsError.

    CRUCIBLE_RATE_PER_MINUTE, CRUCIBLE_RATE_COSTLY_PER_MINUTE, CRUCIBLE_RATE_ADDRESS_PER_MINUTE: requests a minute.
    CRUCIBLE_ORIGINS: origins of web pages that may ask. CRUCIBLE_HOSTS: names under which this is reached.
    CRUCIBLE_REQUEST_SECONDS: how long a request may take.
    """
    env = os.environ if env is None else env
    principal = _count(env, "CRUCIBLE_RATE_PER_MINUTE", 600)
    costly = _count(env, "CRUCIBLE_RATE_COSTLY_PER_MINUTE", max(1, principal // 10))
    address = _count(env, "CRUCIBLE_RATE_ADDRESS_PER_MINUTE", 120)
    origins = _list(env, "CRUCIBLE_ORIGINS")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(f"CRUCIBLE_ORIGINS: {origin!r} is no origin like https://example.org.")
    return Bounds(
        principal=Zone("principal", principal, principal),
        costly=Zone("costly", costly, costly),
        address=Zone("address", address, address),
        origins=origins,
        hosts=_list(env, "CRUCIBLE_HOSTS"),
        request_seconds=float(_count(env, "CRUCIBLE_REQUEST_SECONDS", 30)),
    )
