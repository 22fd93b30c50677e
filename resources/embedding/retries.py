"""Which failures of an embedding server pass by themselves, and how long to wait for that."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai
from tenacity import RetryCallState, wait_exponential, wait_random

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


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a `Retry-After` header, given as a number or an HTTP date; None without a readable one."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp())
