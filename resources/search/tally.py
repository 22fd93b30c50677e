"""What is counted of searches in this process: lanes, legs that came out short, and the recall of those checked."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a moment."""

    searches: dict[str, int]  # with vectors, by lane
    underfilled: int  # an index gave fewer rows than there were, and all were compared instead
    checked: int  # against exact search
    recall_sum: float  # of those that were checked, 0 to 1 each
    unchecked: int  # drawn for a check, but the checks before them took too long, or failed


@dataclass(slots=True)
class Tally:
    """Counts; any thread may."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _lanes: Counter[str] = field(default_factory=Counter)
    _underfilled: int = 0
    _unchecked: int = 0
    _checked: int = 0
    _sum: float = 0.0

    def searched(self, lane: str) -> None:
        """A search compared vectors by this lane."""
        with self._lock:
            self._lanes[lane] += 1

    def underfilled(self) -> None:
        """An index gave fewer rows than there were."""
        with self._lock:
            self._underfilled += 1

    def checked(self, recall: float) -> None:
        """A search by an index found this share of what exact search finds."""
        with self._lock:
            self._checked += 1
            self._sum += recall

    def unchecked(self) -> None:
        """A check was not made."""
        with self._lock:
            self._unchecked += 1

    def read(self) -> Counted:
        """The numbers so far."""
        with self._lock:
            return Counted(
                dict(self._lanes),
                self._underfilled,
                self._checked,
                self._sum,
                self._unchecked,
            )


TALLY = Tally()
"""This process's."""
