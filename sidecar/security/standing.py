"""Whether a token's user, session or key still stands: looked up at most every 30 seconds, forgotten at once here.

A signed token says who it stands for; that it was not withdrawn since is in the database. What was found is kept for
half a minute, so another process learns of an end within that time; the process in which it happens, at once.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

Clock = Callable[[], datetime]
KEPT = timedelta(seconds=30)
_MOST = 10_000


class Holder(NamedTuple):
    """Whom a token was given to."""

    tenant: str
    user_id: str
    session_id: str | None = None
    key_id: str | None = None


class Standings:
    """The versions of which tokens must be, as they were found lately; of a bounded number of holders."""

    def __init__(self, clock: Clock, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._known: dict[Holder, tuple[datetime, int]] = {}
        self._forgotten = 0

    def stands(self, holder: Holder, version: int, look_up: Callable[[], int | None]) -> bool:
        """Whether a token of this version is still good. A refusal is never from memory."""
        now = self._clock()
        with self._lock:
            at, known = self._known.get(holder, (None, None))
            forgotten = self._forgotten
        if at is not None and timedelta(0) <= now - at < KEPT and known == version:
            return True
        current = look_up()
        with self._lock:
            self._known.pop(holder, None)
            if current is not None and forgotten == self._forgotten:  # else it may be what was there before
                self._known[holder] = (now, current)
                while len(self._known) > self._most:
                    del self._known[next(iter(self._known))]
        return current == version

    def forget(self, tenant: str, user_id: str) -> None:
        """Look up everything of this user again."""
        with self._lock:
            self._forgotten += 1
            for holder in [h for h in self._known if h.tenant == tenant and h.user_id == user_id]:
                del self._known[holder]
