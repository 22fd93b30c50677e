"""Rerankers behind an HTTP endpoint: Cohere, Jina, vLLM, llama.cpp, and whatever else takes the same JSON.

`POST {model, query, documents, top_n}` is answered by `{results: [{index, relevance_score}, …]}`.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

import httpx2
from pydantic import BaseModel, Field, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from resources.embedding.contract import encodable
from resources.embedding.retries import retry_after
from resources.reranking.errors import (
    RerankInputError,
    RerankRejectedError,
    RerankReplyError,
    RerankSettingsError,
    RerankUnavailableError,
)

_ATTEMPTS = 3
_LONGEST_WAIT = 5.0  # somebody is waiting for the search
_BACKOFF = wait_exponential_jitter(initial=0.25, max=2, jitter=0.25)
_PASSING_STATUS = frozenset({408, 409, 425, 429})
_SHOWN = 300  # characters of an error of the server


class _Result(BaseModel):
    index: Annotated[int, Field(ge=0)]
    relevance_score: Annotated[float, Field(allow_inf_nan=False)]


class _Reply(BaseModel):
    results: list[_Result]


class _PassingFaultError(Exception):
    """The same request may succeed later."""

    def __init__(self, message: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


class EndpointReranker:
    """A reranking model at `url`, the whole address, such as `https://…/v2/rerank`. Close it when it is done with."""

    decides_alone = True

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        depth: int = 50,
        timeout_seconds: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`timeout_seconds` holds for each of three attempts. Raises `RerankSettingsError` for a wrong address."""
        try:
            self._url = httpx2.URL(url)
        except (httpx2.InvalidURL, TypeError) as error:
            raise RerankSettingsError(f"the address {url!r} of the reranker cannot be read: {error}") from error
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise RerankSettingsError(f"the address {url!r} of the reranker must begin with http:// or https://")
        if not model:
            raise RerankSettingsError("the reranker has no model: name one")
        self.name = model
        self.depth = depth
        self._where = f"{model} at {self._url.host}"
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx2.Client(timeout=timeout_seconds, headers=headers)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """The model's scores, in the order of `texts`.

        Raises `RerankInputError` for a blank query before anything is sent, `RerankUnavailableError` after three
        attempts, `RerankRejectedError` and `RerankReplyError` at once.
        """
        if not query.strip():
            raise RerankInputError("the query is blank: there is nothing to compare passages with")
        if not texts:
            return []
        body = {
            "model": self.name,
            "query": encodable(query),
            "documents": [encodable(text) for text in texts],
            "top_n": len(texts),
        }
        retrying = Retrying(
            retry=retry_if_exception_type(_PassingFaultError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            content = retrying(self._request, body)
        except _PassingFaultError as error:
            raise RerankUnavailableError(f"{error} (after {_ATTEMPTS} attempts)", error.status) from error
        return self._checked(content, len(texts))

    def _request(self, body: dict[str, object]) -> bytes:
        try:
            answer = self._client.post(self._url, json=body)
        except httpx2.TransportError as error:
            what = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "cannot be reached"
            raise _PassingFaultError(f"{self._where} {what}: {error or type(error).__name__}") from error
        if answer.is_success:
            return answer.content
        what = f"{self._where} answered {answer.status_code}: {answer.text[:_SHOWN]}"
        if answer.status_code in _PASSING_STATUS or answer.status_code >= 500:
            wait = retry_after(answer.headers, datetime.now(UTC))
            raise _PassingFaultError(what, answer.status_code, wait)
        raise RerankRejectedError(what, answer.status_code)

    def _checked(self, content: bytes, expected: int) -> list[float]:
        try:
            reply = _Reply.model_validate_json(content)
        except ValidationError as error:
            raise RerankReplyError(
                f"{self._where} sent an answer that cannot be read: {error.errors(include_url=False)[0]['msg']}"
            ) from error
        scores = {result.index: result.relevance_score for result in reply.results}
        if len(reply.results) != expected or sorted(scores) != list(range(expected)):
            raise RerankReplyError(f"{self._where} sent {len(reply.results)} scores for {expected} passages")
        return [scores[index] for index in range(expected)]


def _wait_seconds(state: RetryCallState) -> float:
    """A quarter of a second, then half of one, with jitter; or what the server asks for, five seconds at most."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _PassingFaultError) and error.wait is not None and math.isfinite(error.wait):
        return min(error.wait, _LONGEST_WAIT)
    return _BACKOFF(state)
