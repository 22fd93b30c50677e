"""Rerankers behind an HTTP endpoint: Cohere, Jina, vLLM, llama.cpp, and whatever else takes the same JSON.

`POST {model, query, documents, top_n}` is answered by `{results: [{index, relevance_score}, …]}`; those that follow
OpenAI's lists call it `{data: […]}`, and some the score `score`.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Self

import httpx2
from pydantic import AliasChoices, BaseModel, Field, ValidationError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from resources.embedding.contract import encodable
from resources.embedding.retry_after import retry_after
from resources.reranking.errors import (
    RerankInputError,
    RerankRejectedError,
    RerankReplyError,
    RerankSettingsError,
    RerankUnavailableError,
)

_ATTEMPTS = 3
_LONGEST_WAIT = 5.0  # somebody is waiting for the search
_MOST_BYTES = 8 * 2**20  # of an answer; some send the passages back
_BACKOFF = wait_exponential_jitter(initial=0.25, max=2, jitter=0.25)
_PASSING_STATUS = frozenset({408, 409, 425, 429})
_SHOWN = 300  # characters of an error of the server


class _Result(BaseModel):
    index: Annotated[int, Field(ge=0)]
    score: Annotated[float, Field(allow_inf_nan=False, validation_alias=AliasChoices("relevance_score", "score"))]


class _Reply(BaseModel):
    results: Annotated[list[_Result], Field(validation_alias=AliasChoices("results", "data"))]


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
        seconds: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """All attempts together have `seconds`. Raises `RerankSettingsError` for a wrong address."""
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
        self._client = httpx2.Client(timeout=seconds, headers=headers)
        self._seconds = seconds
        self._sleep = sleep
        self._clock = clock

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
        attempts or when the time is over, `RerankRejectedError` and `RerankReplyError` at once.
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
            stop=stop_after_attempt(_ATTEMPTS) | stop_before_delay(self._seconds),
            wait=_wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            content = retrying(self._request, body, self._clock() + self._seconds)
        except _PassingFaultError as error:
            tried = retrying.statistics["attempt_number"]
            raise RerankUnavailableError(f"{error} (attempts: {tried})", error.status) from error
        return self._checked(content, len(texts))

    def _request(self, body: dict[str, object], deadline: float) -> bytes:
        try:
            # read bit by bit: the time-outs of the client begin anew with every byte
            with self._client.stream("POST", self._url, json=body, timeout=self._left(deadline)) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    self._left(deadline)
                    if len(content) > _MOST_BYTES:
                        raise RerankReplyError(f"{self._where} sent more than {_MOST_BYTES:,} bytes")
        except httpx2.TransportError as error:
            what = "did not answer in time" if isinstance(error, httpx2.TimeoutException) else "cannot be reached"
            raise _PassingFaultError(f"{self._where} {what}: {error or type(error).__name__}") from error
        except httpx2.DecodingError as error:
            raise RerankReplyError(f"{self._where} sent an answer that cannot be read: {error}") from error
        if answer.is_success:
            return bytes(content)
        what = (
            f"{self._where} answered {answer.status_code}: {content[: 4 * _SHOWN].decode(errors='replace')[:_SHOWN]}"
        )
        if answer.status_code in _PASSING_STATUS or answer.status_code >= 500:
            wait = retry_after(answer.headers, datetime.now(UTC))
            raise _PassingFaultError(what, answer.status_code, wait)
        raise RerankRejectedError(what, answer.status_code)

    def _left(self, deadline: float) -> float:
        """Seconds until the deadline."""
        left = deadline - self._clock()
        if left <= 0:
            raise _PassingFaultError(f"{self._where} did not answer in time: {self._seconds:g} s")
        return left

    def _checked(self, content: bytes, expected: int) -> list[float]:
        try:
            reply = _Reply.model_validate_json(content)
        except ValidationError as error:
            raise RerankReplyError(
                f"{self._where} sent an answer that cannot be read: {error.errors(include_url=False)[0]['msg']}"
            ) from error
        scores = {result.index: result.score for result in reply.results}
        if len(reply.results) != expected or sorted(scores) != list(range(expected)):
            raise RerankReplyError(f"{self._where} sent {len(reply.results)} scores for {expected} passages")
        return [scores[index] for index in range(expected)]


def _wait_seconds(state: RetryCallState) -> float:
    """A quarter of a second, then half of one, with jitter; or what the server asks for, five seconds at most."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _PassingFaultError) and error.wait is not None and math.isfinite(error.wait):
        return min(error.wait, _LONGEST_WAIT)
    return _BACKOFF(state)
