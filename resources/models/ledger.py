"""The ledger: every finished call, stored before its result is used, so that nothing is paid for twice.

A call is keyed by SHA-256 of (tenant, model, parameters that change the answer, rendered messages, response schema);
the key contains nothing else and nothing less. Writes of many concurrent calls are gathered into one transaction
(group commit): a caller goes on only when its call is durable.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import Database, TenantSession
from resources.database.repositories.call_sources import add_call_sources, all_present
from resources.database.tables import attempts, calls
from resources.models.request import ModelReply, ModelRequest, Provider, Usage
from resources.vocabulary import CallPurpose, CallStatus

_GATHER_SECONDS = 0.004  # how long a write waits for company where there is some


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call is made for."""

    project_id: str
    document_id: UUID | None
    task_id: UUID | None
    variables: tuple[str, ...]
    purpose: CallPurpose = CallPurpose.EXTRACT
    row_key: str = ""
    span: tuple[int, int] | None = None  # of the stretch that is asked, in the document's text
    sources: tuple[UUID, ...] = ()  # documents whose words the request holds, where it is not `document_id` alone


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call."""

    key: str
    provider: str
    model: str
    reply: ModelReply
    cost_usd: Decimal | None
    price_version: str | None
    seconds: float
    paid: bool  # False: found in the ledger, nothing was sent
    arm: str | None = None  # of a weighted choice between models


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that failed."""

    call_key: str
    attempt: int
    provider: str
    model: str
    error: str
    seconds: float


@lru_cache(maxsize=512)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def call_key(tenant: str, provider: Provider, request: ModelRequest) -> str:
    """The ledger's key of one request to one model, 64 hexadecimal digits.

    The schema counts as it is sent, in its order: models answer in it, so another order is another question.
    """
    parts = [
        tenant,
        f"{provider.name}:{provider.model}",
        sorted(provider.parameters(request).items()),
        _digest(request.system),
        _digest(request.document_message),
        request.question,
        provider.schema(request),
        *([request.sample] if request.sample else []),
    ]
    canonical = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def find_calls(session: TenantSession, keys: Sequence[str]) -> dict[str, Call]:
    """The finished calls among `keys`."""
    rows = session.execute(sa.select(calls).where(calls.c.key == sa.any_(sa.literal(list(keys)))))
    return {row.key: _from_row(row) for row in rows}


class Ledger:
    """One tenant's ledger, opened by one run. Use inside one event loop; `close` flushes what is queued."""

    def __init__(self, database: Database, tenant: str) -> None:
        self.tenant = tenant
        self.database = database
        self._queue: asyncio.Queue[tuple[dict[str, Any], bool, asyncio.Future[None]] | None] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._writer: asyncio.Task[None] | None = None

    def find(self, keys: Iterable[str]) -> dict[str, Call]:
        """The finished calls among `keys`. Blocking."""
        wanted = list(set(keys))
        if not wanted:
            return {}
        with self.database.transaction(self.tenant) as session:
            return find_calls(session, wanted)

    async def store(self, call: Call, context: CallContext, batch_id: UUID | None = None) -> None:
        """Make a finished call durable; returns when it is. `batch_id`: the provider batch that it came back with."""
        usage = call.reply.usage
        await self._enqueue(
            {
                "key": call.key,
                "project_id": context.project_id,
                "document_id": context.document_id,
                "task_id": context.task_id,
                "variables": list(context.variables),
                "purpose": context.purpose.value,
                "row_key": context.row_key,
                "span_start": context.span[0] if context.span else None,
                "span_end": context.span[1] if context.span else None,
                "arm": call.arm,
                "batch_id": batch_id,
                "provider": call.provider,
                "model": call.model,
                "reply": call.reply.text.replace("\x00", "\ufffd"),
                "finish_reason": call.reply.finish_reason,
                "input_tokens": usage.input_tokens,
                "cached_tokens": usage.cached_tokens,
                "output_tokens": usage.output_tokens,
                "cache_write_tokens": usage.cache_write_tokens,
                "cost_usd": call.cost_usd,
                "price_version": call.price_version,
                "seconds": call.seconds,
                "request_id": call.reply.request_id,
                "sources": context.sources,
            },
            is_call=True,
        )

    async def record(self, attempt: Attempt, context: CallContext) -> None:
        """Make a failed try durable; returns when it is."""
        await self._enqueue(
            {
                "project_id": context.project_id,
                "task_id": context.task_id,
                "call_key": attempt.call_key,
                "attempt": attempt.attempt,
                "provider": attempt.provider,
                "model": attempt.model,
                "status": CallStatus.FAILED.value,
                "error": attempt.error.replace("\x00", "\ufffd"),
                "seconds": attempt.seconds,
            },
            is_call=False,
        )

    async def _enqueue(self, row: dict[str, Any], *, is_call: bool) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_queued())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((row, is_call, done))
        await done

    async def _write_queued(self) -> None:
        loop = asyncio.get_running_loop()
        dense = False  # several calls end within the time of one write
        while True:
            entry = await self._queue.get()
            if dense:
                await asyncio.sleep(_GATHER_SECONDS)  # callers hold no slot meanwhile, so no call waits for this
            group = []
            while entry is not None:
                group.append(entry)
                if self._queue.empty():
                    break
                entry = self._queue.get_nowait()
            dense = len(group) > 1
            if group:
                try:
                    await loop.run_in_executor(self._thread, self._write, group)
                except Exception as error:
                    for _, _, done in group:
                        if not done.done():
                            done.set_exception(error)
                else:
                    for _, _, done in group:
                        if not done.done():
                            done.set_result(None)
            if entry is None:
                return

    def _write(self, group: list[tuple[dict[str, Any], bool, asyncio.Future[None]]]) -> None:
        finished = [row for row, is_call, _ in group if is_call]
        sources = {row["key"]: ids for row in finished if (ids := row.pop("sources"))}
        failed = [row for row, is_call, _ in group if not is_call]
        with self.database.transaction(self.tenant) as session:
            gone = {key for key, ids in sources.items() if not all_present(session, ids)}
            for row in finished:
                if row["key"] in gone:  # it was paid for; what it said is forgotten before it is stored
                    del sources[row["key"]]
                    row |= {"key": f"deleted:{uuid4()}", "reply": ""}
            insert_rows(session, calls, finished)
            add_call_sources(session, sources)
            insert_rows(session, attempts, failed)

    async def close(self) -> None:
        """Write what is queued and stop the writer."""
        if self._writer is not None:
            self._queue.put_nowait(None)
            await self._writer
        self._thread.shutdown()


def _from_row(row: Any) -> Call:
    return Call(
        key=row.key,
        provider=row.provider,
        model=row.model,
        reply=ModelReply(
            text=row.reply,
            finish_reason=row.finish_reason,
            usage=Usage(row.input_tokens, row.cached_tokens, row.output_tokens, row.cache_write_tokens),
            model=row.model,
            request_id=row.request_id,
        ),
        cost_usd=row.cost_usd,
        price_version=row.price_version,
        seconds=row.seconds,
        paid=False,
        arm=row.arm,
    )
