"""A sample of searches is done again exactly, after their answer has gone: the recall that people really get."""

import hashlib
import queue
import threading
from collections.abc import Callable

from resources.observe.logs import get_logger
from resources.search.tally import TALLY, Tally

SHARE = 0.01
"""Of the searches by an index that are checked."""
_WAITING = 4
_log = get_logger("search")


def drawn(key: str, share: float) -> bool:
    """Whether a search is in the sample: the same one always is or never is."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) < share * 2**64


class Checker:
    """Does checks one after the other in a thread of its own, which lives while there are any.

    What would have to wait behind `_WAITING` others is left out and counted: searching goes first.
    """

    def __init__(self, share: float = SHARE, tally: Tally = TALLY) -> None:
        self.share = share
        self._tally = tally
        self._lock = threading.Lock()
        self._waiting: queue.Queue[Callable[[], float]] = queue.Queue(_WAITING)
        self._worker: threading.Thread | None = None

    def offer(self, key: str, check: Callable[[], float]) -> None:
        """Have `check` done if the search `key` is in the sample; it gives the recall."""
        if not drawn(key, self.share):
            return
        with self._lock:
            try:
                self._waiting.put_nowait(check)
            except queue.Full:
                self._tally.unchecked()
                return
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="search-checks", daemon=True)
                self._worker.start()

    def wait(self) -> None:
        """Until all that was drawn is checked."""
        worker = self._worker
        if worker is not None:
            worker.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._waiting.empty():
                    self._worker = None
                    return
            check = self._waiting.get()
            try:
                self._tally.checked(check())
            except Exception as error:  # a check is no reason for anything else to fail
                self._tally.unchecked()
                _log.error("search_check_failed", error=f"{type(error).__name__}: {error}")


CHECKER = Checker()
"""This process's."""
