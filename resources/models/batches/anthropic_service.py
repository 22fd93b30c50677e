"""Anthropic's Message Batches: one body holds all requests, and results come as one stream.

Limits and states: https://platform.claude.com/docs/en/build-with-claude/batch-processing. A batch has no label of
ours, so one whose creation was not answered can be told from others only by its items, once it has ended.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any
from uuid import UUID

import anthropic
from anthropic.types.messages import MessageBatch

from resources.models.batches.service import LIMITS, ItemResult, Remote
from resources.models.batches.transport import TIMEOUT, json_lines, our_errors
from resources.models.errors import ConnectionLostError

_PATH = "/v1/messages/batches"
_CHUNK = 256 * 1024
_PAGE = 100
_WITHOUT_ANSWER = {
    "expired": "anthropic: the request expired before the batch reached it",
    "canceled": "anthropic: the batch was cancelled before it reached the request",
}


class AnthropicBatches:
    """Batches of messages."""

    name = "anthropic"
    limits = LIMITS["anthropic"]
    keeps_labels = False

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        self._client = anthropic.AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0, timeout=TIMEOUT)

    def write_line(self, file: IO[bytes], number: int, key: str, body: bytes) -> None:
        """One element of the body's list."""
        file.write(b"," if number else b'{"requests":[')
        file.write(b'{"custom_id":"%s","params":' % key.encode())
        file.write(body)
        file.write(b"}")

    def write_end(self, file: IO[bytes]) -> None:
        """Close the list."""
        file.write(b"]}")

    async def upload(self, batch_id: UUID, file: IO[bytes]) -> str:
        """Nothing is sent ahead."""
        return ""

    async def create(self, batch_id: UUID, uploaded: str, file: IO[bytes]) -> Remote:
        """Send all requests, from the file: the SDK's own way would hold them in memory several times."""
        size = file.seek(0, 2)
        file.seek(0)
        with self._errors():
            batch = await self._client.post(
                _PATH,
                cast_to=MessageBatch,
                content=_chunks(file),
                options={"headers": {"Content-Length": str(size), "Content-Type": "application/json"}},
            )
        return self._remote(batch)

    async def get(self, remote_id: str) -> Remote:
        """How the batch stands."""
        with self._errors():
            return self._remote(await self._client.messages.batches.retrieve(remote_id))

    async def since(self, moment: datetime) -> AsyncIterator[Remote]:
        """The workspace's batches made since then, newest first."""
        with self._errors():
            async for batch in self._client.messages.batches.list(limit=_PAGE):
                remote = self._remote(batch)
                if remote.created_at < moment:
                    return
                yield remote

    async def results(self, remote: Remote) -> AsyncIterator[ItemResult]:
        """The stream of results. Raises ConnectionLostError when fewer answers came than were counted."""
        answers = 0
        with self._errors():
            async with self._client.messages.batches.with_streaming_response.results(remote.id) as response:
                async for line in json_lines(self.name, response.iter_bytes()):
                    result = _result(line)
                    answers += result.error is None
                    yield result
        if answers < remote.answered:
            raise ConnectionLostError(f"{self.name} sent {answers} of {remote.answered} answers of {remote.id}")

    async def cancel(self, remote_id: str) -> None:
        """Ask to stop."""
        with self._errors():
            await self._client.messages.batches.cancel(remote_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _errors(self) -> Any:
        return our_errors(self.name, anthropic.APIStatusError, anthropic.AnthropicError)

    def _remote(self, batch: MessageBatch) -> Remote:
        if not isinstance(batch, MessageBatch) or not batch.id:
            raise ConnectionLostError(f"{self.name} sent no message batch: {str(batch)[:200]}")
        counts, ended = batch.request_counts, batch.processing_status == "ended"
        return Remote(
            id=batch.id,
            created_at=batch.created_at,
            ended=ended,
            taken=True,
            cancelling=batch.processing_status == "canceling",
            requests=counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired,
            answered=counts.succeeded,
            refused="its results were archived" if ended and not batch.results_url else None,
        )


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _result(line: Any) -> ItemResult:
    """One line of the results."""
    try:
        key, result = str(line["custom_id"]), line["result"]
        kind = result["type"]
    except (LookupError, TypeError) as problem:
        raise ConnectionLostError(f"anthropic sent a result without custom_id: {str(line)[:200]}") from problem
    if kind == "succeeded":
        return ItemResult(key, data=result.get("message"))
    if kind == "errored":
        return ItemResult(key, error=f"anthropic: {_reason(result.get('error'))}")
    return ItemResult(key, error=_WITHOUT_ANSWER.get(kind, f"anthropic gave no answer: {kind}"))


def _reason(error: Any) -> str:
    inner = error.get("error", error) if isinstance(error, dict) else error
    return str(inner.get("message") or inner) if isinstance(inner, dict) else str(inner)
