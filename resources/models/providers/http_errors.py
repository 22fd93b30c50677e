"""Translate what providers answer over HTTP into the errors of this package: one taxonomy for all of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from resources.models.errors import (
    ConnectionLostError,
    ContextOverflowError,
    CredentialError,
    ModelError,
    ModelMissingError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
)
from resources.models.providers.http_limits import observed_limits

_TOO_LONG = re.compile(
    r"prompt is too long|maximum context length|exceeds? (the )?(available |model'?s? )?context"
    r"|exceed_context_size|context_length_exceeded|input length and `max_tokens` exceed",
    re.IGNORECASE,
)
"""In the words of Anthropic, OpenAI, vLLM and llama.cpp, in their messages, codes or types."""

_NO_CREDIT = re.compile(
    r"insufficient_quota|credit balance is too low|billing_hard_limit|billing_error", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Told:
    """What an error response says of itself."""

    message: str
    kind: str = ""
    code: str = ""
    param: str | None = None


def told(content: bytes) -> Told:
    """Read an error body: OpenAI's, Anthropic's and their imitators' JSON; anything else is its own message."""
    text = content.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except ValueError:
        return Told(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip() or "an empty body")
    error: Any = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return Told(str(error))
    param = error.get("param")
    return Told(
        message=str(error.get("message") or error.get("detail") or text),
        kind=str(error.get("type") or ""),
        code=str(error.get("code") or ""),
        param=param if isinstance(param, str) else None,
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`; None when absent or unreadable.

    A date is counted from the response's own `date`, so that a wrong clock here does no harm.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        raw = headers.get(name)
        if raw is None:
            continue
        try:
            return max(0.0, float(raw) * unit)
        except ValueError:
            pass
        try:
            wait = parsedate_to_datetime(raw) - parsedate_to_datetime(headers["date"])
        except (ValueError, TypeError, KeyError):
            continue
        return max(0.0, wait.total_seconds())
    return None


def from_status(provider: str, status: int, content: bytes, headers: Mapping[str, str]) -> ModelError:
    """The error for an HTTP status of 400 and above, with what to do where something can be done."""
    said = told(content)
    text = f"{provider} answered {status}: {said.message[:500]}"
    everything = f"{said.kind} {said.code} {said.message}"
    if status == 402 or (status in {400, 403, 429} and _NO_CREDIT.search(everything)):
        return QuotaExhaustedError(
            f"{text} Waiting does not help: add credit to the account, raise its limit, or use another key.",
            status=status,
        )
    if status == 429:
        limits = observed_limits((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())
        return RateLimitedError(text, status=status, retry_after=retry_after_seconds(headers), limits=limits)
    if status in {401, 403}:
        return CredentialError(f"{text} Check the key and what it may use.", status=status)
    if status == 404:
        return ModelMissingError(f"{text} Check the model's name and the base URL.", status=status)
    if status in {408, 409} or (status >= 500 and not _TOO_LONG.search(everything)):
        return ServerFaultError(text, status=status, retry_after=retry_after_seconds(headers))
    refused = ContextOverflowError if status == 413 or _TOO_LONG.search(everything) else RequestRefusedError
    return refused(text, status=status, param=said.param, code=said.code or None)


def from_connection(provider: str, error: Exception) -> ModelError:
    """The error for a request that got no complete answer."""
    cause = error.__cause__ or error
    return ConnectionLostError(f"{provider} did not answer: {type(cause).__name__}: {cause}"[:500])
