"""Whether requests can be served: the database answers, it has this code's tables, the blob store takes files."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from upath import UPath

from resources.database.migrate import newest_revision
from resources.database.repositories.operations import DatabaseSilentError, Found, look_at
from resources.installation import Installation
from resources.observe.logs import get_logger

_KEPT_SECONDS = 1.0  # anybody may ask, so the answer of a moment serves all who ask in it
_DATABASE_SECONDS = 3
_log = get_logger("health")


class Part(StrEnum):
    """What the sidecar stands on."""

    DATABASE = "database"
    MIGRATION = "migration"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Check:
    """One part, looked at. `reason` says to strangers what is wrong, without internals; the log says more."""

    part: Part
    ok: bool
    ms: float
    reason: str | None = None


class Readiness:
    """Looks at most once a second, however many ask."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._checks: tuple[Check, ...] = ()
        self._until = 0.0

    def checks(self) -> tuple[Check, ...]:
        """Every part as it was found within the last second."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._checks = self._look()
                self._until = time.monotonic() + _KEPT_SECONDS
            return self._checks

    def _look(self) -> tuple[Check, ...]:
        found: list[Found] = []
        database = _timed(Part.DATABASE, lambda: self._database(found))
        migration = _timed(Part.MIGRATION, lambda: _migration(found))
        return database, migration, _timed(Part.FILES, self._files)

    def _database(self, found: list[Found]) -> str | None:
        try:
            found.append(look_at(self._installation.database.addresses, _DATABASE_SECONDS))
        except DatabaseSilentError as error:
            _log.error("database_silent", error=str(error))
            return f"it does not answer within {_DATABASE_SECONDS} seconds, or refuses the connection"
        return None

    def _files(self) -> str | None:
        probe = UPath(self._installation.settings.files) / f".health-{os.getpid()}-{uuid4().hex[:8]}"
        try:
            probe.parent.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"ok")
            read = probe.read_bytes()
            probe.unlink()
        except Exception as error:  # every kind of store has its own errors
            _log.error("files_not_writable", error=f"{type(error).__name__}: {error}")
            return "files cannot be written"
        return None if read == b"ok" else "what was written is not what is read"


def _migration(found: list[Found]) -> str | None:
    if not found:
        return "not known while the database does not answer"
    wanted, there = newest_revision(), found[0].revision
    return None if there == wanted else f"the tables are of revision {there or 'none'}, this code needs {wanted}"


def _timed(part: Part, look: Callable[[], str | None]) -> Check:
    began = time.perf_counter()
    reason = look()
    return Check(part, reason is None, round((time.perf_counter() - began) * 1000, 2), reason)
