"""What both services share: errors of the SDKs in our words, a few retries, and JSON lines as a stream."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx2
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from resources.models.errors import ConnectionLostError, RetryableError
from resources.models.providers.http_errors import from_connection, from_status

T = TypeVar("T")

_TRIES = 4
_LONGEST_WAIT = 30.0
_BACKOFF = wait_random_exponential(multiplier=0.5, max=8)
TIMEOUT = httpx2.Timeout(600, connect=30)
"""Hundreds of megabytes go up; each write and read has its own ten minutes."""


@contextmanager
def our_errors(provider: str, status_error: type[Exception], any_error: type[Exception]) -> Iterator[None]:
    """Raise the errors of `resources.models.errors` for those of an SDK (its status error, its base error)."""
    try:
        yield
    except status_error as error:
        response = getattr(error, "response")  # noqa: B009 - both SDKs' status errors have it, `Exception` has not
        raise from_status(provider, response.status_code, _content(response), response.headers) from error
    except (any_error, httpx2.HTTPError, httpx2.StreamError) as error:
        raise from_connection(provider, error) from error


def _content(response: httpx2.Response) -> bytes:
    try:
        return response.content
    except httpx2.ResponseNotRead:
        return b""


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryableError) and error.retry_after is not None:
        return min(error.retry_after, _LONGEST_WAIT)
    return _BACKOFF(state)


async def patiently(call: Callable[[], Awaitable[T]], passing: type[RetryableError] = RetryableError) -> T:
    """The call's result, tried a few times while it fails with `passing`; the next look at the batch goes on."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(passing), wait=_wait, stop=stop_after_attempt(_TRIES), reraise=True
    )

    async def attempt() -> T:  # tenacity awaits only what it sees to be a coroutine function
        return await call()

    return await retrying(attempt)


async def json_lines(provider: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """The values of a stream of JSON lines. Raises ConnectionLostError where a line is no JSON, as when cut off.

    Lines end with a line feed and nothing else: values may hold every other character that ends lines somewhere.
    """
    rest: list[bytes] = []
    async for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for line in whole:
            rest.append(line)
            if text := b"".join(rest).strip():
                yield _value(provider, text)
            rest = []
        if last:
            rest.append(last)
    if text := b"".join(rest).strip():
        yield _value(provider, text)


def _value(provider: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConnectionLostError(f"{provider} sent a line of results that is no JSON: {text[:200]!r}") from error
