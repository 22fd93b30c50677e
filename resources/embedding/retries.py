"""Which failures of an embedding server pass by themselves, and how long to wait for that."""

from datetime import UTC, datetime

import openai
from tenacity import RetryCallState, wait_exponential, wait_random

from resources.embedding.retry_after import retry_after

_BACKOFF = wait_exponential(multiplier=1, max=16) + wait_random(0, 0.5)
_LONGEST_WAIT = 60.0
_PASSING_STATUS = frozenset({408, 409, 425, 429})
_SPENT = "insufficient_quota"  # OpenAI sends it with 429, but waiting does not fill an account


def is_passing_fault(error: BaseException) -> bool:
    """Whether the same request may succeed later: no connection, overload, or a fault of the server."""
    if isinstance(error, openai.APIStatusError):
        if error.code == _SPENT:
            return False
        return error.status_code in _PASSING_STATUS or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def wait_seconds(state: RetryCallState) -> float:
    """1, 2, 4, 8, 16 s plus up to half a second of jitter, or what the server asks for (at most a minute)."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, openai.APIStatusError):
        asked = retry_after(error.response.headers, datetime.now(UTC))
        if asked is not None:
            return min(asked, _LONGEST_WAIT)
    return _BACKOFF(state)
