"""How streams are served."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from resources.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds and numbers; `origins` are those of web pages on other hosts that may open WebSockets."""

    life: float = 600.0  # then a stream ends, and the client connects again
    look_again: float = 30.0  # whether who listens still may
    poll: float = 2.0  # a look at the table without a notification
    poll_deaf: float = 1.0  # the same while the listening connection is broken
    while_busy: float = 0.1  # between looks as long as each finds something: notifications come four times a second
    apart: float = 0.03  # at least, between two looks
    send: float = 30.0  # a client that takes nothing for so long is given up
    most: int = 20  # streams of one principal, in this process
    page: int = 200  # facts read at once
    kept: int = 1000  # facts of one task that are held for those who are a little behind
    origins: frozenset[str] = frozenset()


def load_terms(env: Mapping[str, str] | None = None) -> Terms:
    """The terms, with the origins of CRUCIBLE_ORIGINS (separated by commas). Raises SettingsError."""
    env = os.environ if env is None else env
    origins = [part.strip().rstrip("/").lower() for part in env.get("CRUCIBLE_ORIGINS", "").split(",")]
    for origin in filter(None, origins):
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
            raise SettingsError(
                f"CRUCIBLE_ORIGINS: {origin!r} is no origin; write https://host or https://host:port."
            )
    return Terms(origins=frozenset(filter(None, origins)))
