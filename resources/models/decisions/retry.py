"""When a failed call is tried again: at most five times, later and later, within one deadline.

Full jitter (M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog 2015): each wait is drawn between 0
and 1, 2, 4, 8, 16 s. A provider's Retry-After is kept, and up to a second more, lest all that were refused come
back at once.
"""

from dataclasses import dataclass, replace

RETRIES = 5
DEADLINE_SECONDS = 180.0
"""From the first failure on, over all models: an outage of three minutes is waited out; beyond it the answer is
FAILED for now, a task pauses after a few such documents, and a later run asks again. Longer, and one document that
always fails would hold a whole run at its end, because its failures keep the breaker open.
"""
LONGEST_BACKOFF_SECONDS = 16.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How far the tries of one model are; `deadline` is shared by all models that are asked for one answer."""

    deadline: float
    failures: int = 0


def after_failure(
    state: Patience, retry_after: float | None, now: float, draw: float
) -> tuple[Patience, float | None]:
    """The state after one more failed try, and the seconds to wait before the next; None: give up.

    `draw` is uniform in [0, 1).
    """
    state = replace(state, failures=state.failures + 1)
    if state.failures > RETRIES:
        return state, None
    most = min(2.0 ** (state.failures - 1), LONGEST_BACKOFF_SECONDS)
    wait = draw * most if retry_after is None else retry_after + draw
    return state, wait if now + wait <= state.deadline else None
