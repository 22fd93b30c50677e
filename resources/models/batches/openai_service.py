"""OpenAI's Batch API: a file of requests is uploaded, a batch made of it, and results come as two files.

Limits and states: https://platform.openai.com/docs/guides/batch. Servers that speak the same API work alike.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import IO, Any, Final
from uuid import UUID

import openai
from openai.types import Batch, FileObject

from resources.models.batches.service import LIMITS, ItemResult, Remote
from resources.models.batches.transport import TIMEOUT, json_lines, our_errors
from resources.models.errors import ConnectionLostError
from resources.models.providers.http_errors import from_status

_ENDPOINT: Final = "/v1/chat/completions"
_LABEL = "crucible_batch"
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_TAKEN = frozenset({"in_progress", "finalizing", "cancelling", "completed", "expired", "cancelled"})
_NO_ROOM = "token_limit_exceeded"  # more tokens are waiting than the account may have
_PAGE = 100


class OpenAIBatches:
    """Batches of chat completions."""

    name = "openai"
    limits = LIMITS["openai"]
    keeps_labels = True

    def __init__(self, *, api_key: str, base_url: str | None = None) -> None:
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=TIMEOUT)

    def write_line(self, file: IO[bytes], number: int, key: str, body: bytes) -> None:
        """One line of the input file."""
        file.write(b'{"custom_id":"%s","method":"POST","url":"%s","body":' % (key.encode(), _ENDPOINT.encode()))
        file.write(body)
        file.write(b"}\n")

    def write_end(self, file: IO[bytes]) -> None:
        """Lines need no end."""

    async def upload(self, batch_id: UUID, file: IO[bytes]) -> str:
        """Upload the input file; its name is that of the batch."""
        file.seek(0)
        with self._errors():
            stored = await self._client.files.create(file=(f"crucible-{batch_id}.jsonl", file), purpose="batch")
        if not isinstance(stored, FileObject):
            raise ConnectionLostError(f"{self.name} sent no file object: {str(stored)[:200]}")
        return stored.id

    async def create(self, batch_id: UUID, uploaded: str, file: IO[bytes]) -> Remote:
        """Start the batch, labelled with our id."""
        with self._errors():
            batch = await self._client.batches.create(
                input_file_id=uploaded,
                endpoint=_ENDPOINT,
                completion_window="24h",
                metadata={_LABEL: str(batch_id)},
            )
        return self._remote(batch)

    async def get(self, remote_id: str) -> Remote:
        """How the batch stands."""
        with self._errors():
            return self._remote(await self._client.batches.retrieve(remote_id))

    async def since(self, moment: datetime) -> AsyncIterator[Remote]:
        """The account's batches made since then, newest first."""
        with self._errors():
            async for batch in self._client.batches.list(limit=_PAGE):
                remote = self._remote(batch)
                if remote.created_at < moment:
                    return
                yield remote

    async def results(self, remote: Remote) -> AsyncIterator[ItemResult]:
        """Both files, the answers first. Raises ConnectionLostError when fewer answers came than were counted."""
        answers = 0
        for file_id in remote.places:
            with self._errors():
                async with self._client.files.with_streaming_response.content(file_id) as response:
                    async for line in json_lines(self.name, response.iter_bytes()):
                        result = _result(line)
                        answers += result.error is None
                        yield result
        if answers < remote.answered:
            raise ConnectionLostError(f"{self.name} sent {answers} of {remote.answered} answers of {remote.id}")

    async def cancel(self, remote_id: str) -> None:
        """Ask to stop."""
        with self._errors():
            await self._client.batches.cancel(remote_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _errors(self) -> Any:
        return our_errors(self.name, openai.APIStatusError, openai.OpenAIError)

    def _remote(self, batch: Batch) -> Remote:
        if not isinstance(batch, Batch) or not batch.id:
            raise ConnectionLostError(f"{self.name} sent no batch: {str(batch)[:200]}")
        errors = batch.errors.data or [] if batch.errors else []
        failed = batch.status == "failed"
        said = "; ".join(f"{e.message} (line {e.line})" if e.line else str(e.message) for e in errors[:5])
        counted = batch.request_counts
        return Remote(
            id=batch.id,
            created_at=datetime.fromtimestamp(batch.created_at, UTC),
            ended=batch.status in _ENDED,
            taken=batch.status in _TAKEN,
            cancelling=batch.status == "cancelling",
            requests=counted.total if counted else 0,
            answered=counted.completed if counted else 0,
            label=(batch.metadata or {}).get(_LABEL),
            refused=(said or "the provider gave no reason") if failed else None,
            no_room=failed and any(error.code == _NO_ROOM for error in errors),
            places=tuple(file for file in (batch.output_file_id, batch.error_file_id) if file),
        )


def _result(line: Any) -> ItemResult:
    """One line of an output or error file."""
    try:
        key, response, error = str(line["custom_id"]), line.get("response"), line.get("error")
    except (LookupError, TypeError, AttributeError) as problem:
        raise ConnectionLostError(f"openai sent a result without custom_id: {str(line)[:200]}") from problem
    if response and response.get("status_code") == 200:
        return ItemResult(key, data=response.get("body"))
    if error:
        return ItemResult(key, error=f"openai: {error.get('message') or error.get('code') or 'no reason given'}")
    if response:
        content = json.dumps(response.get("body")).encode()
        return ItemResult(key, error=str(from_status("openai", int(response.get("status_code") or 500), content, {})))
    return ItemResult(key, error="openai gave neither an answer nor a reason")
