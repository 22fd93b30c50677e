"""Server-sent events with JSON in them, as both providers stream their answers (WHATWG HTML, section 9.2)."""

import json
from collections.abc import AsyncIterator
from typing import Any

from resources.models.errors import ConnectionLostError, ModelError
from resources.models.providers.http_errors import from_status

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}
"""The status that an error has when it is not told in the middle of a stream; others are faults of the server."""


async def json_events(provider: str, lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a stream, up to `[DONE]`. Raises ConnectionLostError for what is none, and told errors."""
    data: list[str] = []
    async for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            text, data = "\n".join(data), []
            if text == "[DONE]":
                return
            yield _event(provider, text)
    if data and "\n".join(data) != "[DONE]":  # some servers leave out the last empty line
        yield _event(provider, "\n".join(data))


def _event(provider: str, text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError as error:
        raise ConnectionLostError(f"{provider} streamed no JSON: {text[:200]!r}") from error
    if not isinstance(event, dict):
        raise ConnectionLostError(f"{provider} streamed no object: {text[:200]!r}")
    if event.get("error"):
        raise _told(provider, event)
    return event


def _told(provider: str, event: dict[str, Any]) -> ModelError:
    error = event["error"]
    kind = error.get("type") if isinstance(error, dict) else None
    return from_status(provider, _STATUS.get(str(kind), 500), json.dumps(event).encode(), {})
