"""Anchors of the audit log: what each tenant's chain ended with, written outside of the database.

A chain shows that an entry in its middle was changed or removed, but not that its end was cut off: for that, somebody
else has to remember the end. `audit/<tenant>.jsonl` under CRUCIBLE_HOME does, one line for each time it was looked at
and had grown. Who is to trust the log even against the machine's operator copies these files elsewhere.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from resources.database.repositories.audit import Anchor

_TAIL = 4096
"""Bytes that hold the last line, and more."""


class AnchorError(RuntimeError):
    """A file of anchors cannot be read; the message says which line."""


class Anchors:
    """The anchors of one installation."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "audit"

    def add(self, tenant: str, anchor: Anchor, at: datetime) -> None:
        """Write an anchor; it is on the disk when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"n": anchor.n, "hash": anchor.hash.hex(), "at": at.isoformat()}) + "\n"
        with self._file(tenant).open("ab") as file:  # one write at the end of the file: several writers do not mix
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def all(self, tenant: str) -> Iterator[Anchor]:
        """All anchors of a tenant, the oldest first. Raises AnchorError."""
        path = self._file(tenant)
        if not path.exists():
            return
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield _read(path, f"line {number}", line)

    def newest(self, tenant: str) -> Anchor | None:
        """The last anchor that was written; None when there is none. Raises AnchorError."""
        path = self._file(tenant)
        if not path.exists():
            return None
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            lines = file.read().splitlines()
        return _read(path, "last line", lines[-1]) if lines else None

    def _file(self, tenant: str) -> Path:
        return self._folder / f"{tenant}.jsonl"


def _read(path: Path, where: str, line: bytes) -> Anchor:
    try:
        said = json.loads(line)
        return Anchor(int(said["n"]), bytes.fromhex(said["hash"]))
    except (ValueError, KeyError, TypeError):
        raise AnchorError(f"{path.name}, {where}: this is no anchor.") from None
