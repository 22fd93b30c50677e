"""Error responses as providers and their imitators write them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.models.errors import (
    ContextOverflowError,
    CredentialError,
    ModelMissingError,
    PermanentError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    RetryableError,
    ServerFaultError,
)
from resources.models.providers.http_errors import from_status, retry_after_seconds, told
from resources.models.providers.openai import Dialect


def error(status: int, body: Any, headers: dict[str, str] | None = None) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return from_status("openai", status, content, headers or {})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"object": "error", "message": "This model's maximum context length is 4096", "code": 400}, "vLLM"),
        (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too big"}}, "llama.cpp"),
        (400, {"error": {"message": "input length and `max_tokens` exceed context limit: 1 + 2 > 2"}}, "Anthropic"),
        (500, {"error": {"message": "the request exceeds the available context size"}}, "older llama.cpp"),
        (413, {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, "size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_prompt_that_is_too_long_is_known_in_all_dialects(status: int, body: Any, kind: str) -> None:
    assert type(error(status, body)) is ContextOverflowError, kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (402, {"error": {"message": "Insufficient Balance"}}, QuotaExhaustedError),
        (429, {"error": {"message": "no", "code": "insufficient_quota"}}, QuotaExhaustedError),
        (400, {"error": {"message": "Your credit balance is too low to access"}}, QuotaExhaustedError),
        (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, RateLimitedError),
        (404, {"error": "model 'llama9' not found"}, ModelMissingError),
        (403, b"<html><h1>Forbidden</h1></html>", CredentialError),
        (408, b"", ServerFaultError),
        (422, {"detail": "temperature must be a number"}, RequestRefusedError),
    ],
)
def test_other_failures(status: int, body: Any, kind: type[Exception]) -> None:
    assert type(error(status, body)) is kind


def test_a_page_of_a_proxy_is_told_without_its_markup() -> None:
    assert told(b"<html><title>502</title><h1>Bad\n gateway</h1></html>").message == "502 Bad gateway"
    assert told(b"").message == "an empty body"


@given(st.integers(400, 599), st.binary(max_size=60))
def test_every_status_with_any_body_has_a_type_and_a_message(status: int, content: bytes) -> None:
    found = from_status("openai", status, content, {})
    assert isinstance(found, RetryableError | PermanentError)
    assert found.status == status
    assert f"answered {status}" in str(found)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "3", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


BODY = {"max_tokens": 5, "temperature": 0.1, "response_format": {}}
START = Dialect("max_tokens")


@pytest.mark.parametrize(
    ("message", "param", "code", "learnt"),
    [
        (
            "Unsupported value: 'temperature' does not support 0.1 with this model.",
            "temperature",
            "unsupported_value",
            Dialect("max_tokens", frozenset({"temperature"})),
        ),
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
            Dialect("max_completion_tokens"),
        ),
        (
            "This response_format type is unavailable now",
            None,
            None,
            Dialect("max_tokens", frozenset({"response_format"})),
        ),
        ("Invalid schema for response_format 'answer': it is no object", "response_format", None, None),
        ("Invalid 'temperature': decimal above maximum value.", "temperature", "decimal_above_max_value", None),
        ("Unsupported value: 'messages[0].role'", "messages[0].role", "unsupported_value", None),
    ],
)
def test_only_what_a_model_does_not_take_is_left_out(
    message: str, param: str | None, code: str | None, learnt: Dialect | None
) -> None:
    assert START.after(RequestRefusedError(message, status=400, param=param, code=code), BODY) == learnt


def test_what_was_not_sent_is_not_left_out_again() -> None:
    refusal = RequestRefusedError("Unsupported", status=400, param="temperature", code="unsupported_value")
    assert START.after(refusal, {"max_tokens": 5}) is None
