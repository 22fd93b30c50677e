"""Translate what the SDKs raise into the errors of this package: one taxonomy for all providers."""

from collections.abc import Mapping

from resources.models.errors import (
    ConnectionLostError,
    CredentialError,
    ModelError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after`; None when absent or not a number of seconds."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        raw = headers.get(name)
        if raw is not None:
            try:
                return max(0.0, float(raw) * unit)
            except ValueError:
                continue
    return None


def from_status(provider: str, status: int, message: str, headers: Mapping[str, str]) -> ModelError:
    """The error for an HTTP status."""
    text = f"{provider} answered {status}: {message[:500]}"
    if status == 429:
        return RateLimitedError(text, retry_after=retry_after_seconds(headers))
    if status in {401, 403}:
        return CredentialError(f"{text}. Check the key and what it may use.", status=status)
    if status in {408, 409} or status >= 500:
        return ServerFaultError(text, status=status)
    return RequestRefusedError(text, status=status)


def from_connection(provider: str, error: Exception) -> ModelError:
    """The error for a request that got no complete answer."""
    cause = error.__cause__ or error
    return ConnectionLostError(f"{provider} did not answer: {type(cause).__name__}: {cause}"[:500])
