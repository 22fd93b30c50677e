"""What a provider's batch service is to this package, and the shape of what it says."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol
from uuid import UUID

from resources.models.request import ModelReply, ModelRequest, Provider


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one batch may hold."""

    requests: int
    size_bytes: int


LIMITS: Mapping[str, Limits] = {
    "openai": Limits(50_000, 200 * 1024 * 1024),
    "anthropic": Limits(100_000, 256 * 1024 * 1024),
}
"""Of the providers that have batches; here, so that knowing them needs no SDK, which takes a second to import."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A batch as its provider describes it."""

    id: str
    created_at: datetime
    ended: bool  # nothing will change any more; results can be read
    taken: bool  # it was found in order and is worked on
    cancelling: bool
    requests: int  # 0 where the provider has not counted them yet
    answered: int  # 0 where the provider counts only at the end
    label: str | None = None  # our own name for it, where the provider keeps one
    refused: str | None = None  # why the provider took none of it
    no_room: bool = False  # it was refused only because too much is waiting already
    places: tuple[str, ...] = ()  # where its results are


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One line of the results: `data` is what the live endpoint would have answered, else `error` says why not."""

    key: str
    data: Any = None
    error: str | None = None


class BatchProvider(Provider, Protocol):
    """A provider whose requests and answers can travel in a batch: the same bodies as live."""

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """What is posted for a request."""
        ...

    def reply(self, data: Any) -> ModelReply:
        """What was answered. Raises the errors of `resources.models.errors`."""
        ...


class BatchService(Protocol):
    """One provider's batch service. Raises the errors of `resources.models.errors`; no retries of its own."""

    name: str
    limits: Limits
    keeps_labels: bool  # whether `Remote.label` is given

    def write_line(self, file: IO[bytes], number: int, key: str, body: bytes) -> None:
        """Append one request, the `number`-th from 0, to the file that is sent."""
        ...

    def write_end(self, file: IO[bytes]) -> None:
        """Complete the file that is sent."""
        ...

    async def upload(self, batch_id: UUID, file: IO[bytes]) -> str:
        """Whatever can be sent ahead without starting anything; `create` is given what this returns."""
        ...

    async def create(self, batch_id: UUID, uploaded: str, file: IO[bytes]) -> Remote:
        """Start the batch. After an error that may pass, it may have been started all the same."""
        ...

    async def get(self, remote_id: str) -> Remote:
        """How the batch stands."""
        ...

    def since(self, moment: datetime) -> AsyncIterator[Remote]:
        """The account's batches made since then, newest first."""
        ...

    def results(self, remote: Remote) -> AsyncIterator[ItemResult]:
        """The results of an ended batch, as a stream, in any order."""
        ...

    async def cancel(self, remote_id: str) -> None:
        """Ask the provider to stop; what is answered by then stays."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
