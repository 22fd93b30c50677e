"""What the tests of provider batches share: a task of a project of its own, and one attempt at its step as a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.provider_batches import Attempt, batches_of_task, set_batch
from resources.database.repositories.tasks import create_task, update_task
from resources.database.tables import attempts, calls, provider_batch_items
from resources.models.batches.batching import Batching
from resources.models.batches.collector import BatchCollector
from resources.models.batches.connect import FromEnvironment
from resources.models.batches.look import look
from resources.models.batches.service import LIMITS, Limits
from resources.models.errors import DeferredError, ModelError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.providers.choose import make_provider
from resources.models.request import Field, ModelRequest
from resources.vocabulary import BatchStatus, TaskKind, TaskStatus, VariableType
from tests.model_server.prompts import answer_schema

AMOUNT = Field("amount", VariableType.NUMBER, "The amount.", "amount")
MODELS = {"openai": "openai:gpt-4.1-mini", "anthropic": "anthropic:claude-haiku-4-5"}


def make_request(document: str, temperature: float = 0.1) -> ModelRequest:
    """A question about one document."""
    return ModelRequest(
        system="You extract values from documents and answer in JSON.",
        document=document,
        fence="k3x9",
        question="What does the document say?",
        schema=answer_schema({"amount": "number"}),
        schema_name="answer",
        fields=(AMOUNT,),
        temperature=temperature,
        max_output_tokens=500,
    )


@dataclass
class Seen:
    """What one attempt's run saw: answers by document, what was put off, and what failed."""

    answers: dict[str, Call] = field(default_factory=dict)
    deferred: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class Desk:
    """One task and how its run is tried; `env` leads to the model server."""

    database: Database
    tenant: str
    project_id: str
    task_id: UUID
    env: dict[str, str]
    provider: str
    settle_seconds: float = 0.0

    @property
    def model(self) -> str:
        return MODELS[self.provider]

    def attempt(self, number: int) -> Attempt:
        return Attempt(self.project_id, self.task_id, 0, number)

    def run(
        self,
        documents: Sequence[str],
        attempt: int = 0,
        *,
        limits: Limits | None = None,
        submit: bool = True,
        finish: bool = True,
        model: str | None = None,
        budgets: Mapping[str, Decimal] | None = None,
    ) -> Seen:
        """One run of the step: every document is asked one question, through a gateway with a collector."""
        return asyncio.run(self.running(documents, attempt, limits, submit, finish, model or self.model, budgets))

    async def running(
        self,
        documents: Sequence[str],
        attempt: int,
        limits: Limits | None,
        submit: bool,
        finish: bool,
        model: str,
        budgets: Mapping[str, Decimal] | None,
    ) -> Seen:
        seen = Seen()
        ledger = Ledger(self.database, self.tenant)
        batching = Batching(
            self.database,
            self.tenant,
            self.attempt(attempt),
            budgets=budgets,
            limits=dict.fromkeys(LIMITS, limits) if limits else LIMITS,
            env=self.env,
        )
        collector = batching.collector
        if not submit:  # as if the process ended before anything was sent
            collector = BatchCollector(self.database, ledger, self.attempt(attempt), budgets=budgets)
            collector.load()
        provider = make_provider(model, timeout_seconds=10, env=self.env)
        gateway = Gateway([provider], ledger, concurrency=8, collector=collector, sleep=_no_sleep)

        async def one(document: str) -> None:
            request = make_request(document)
            context = CallContext(self.project_id, None, self.task_id, ("amount",))
            try:
                seen.answers[document] = await gateway.ask(request, context, gateway.keys(request))
            except DeferredError:
                seen.deferred.append(document)
            except ModelError as error:
                seen.failed[document] = str(error)

        try:
            await asyncio.gather(*(one(document) for document in documents))
            if finish:
                await (batching.finish() if submit else collector.finish())
        finally:
            await batching.close()
            await gateway.close()
        return seen

    def look(self) -> list[str]:
        """One look at the task's batches; what went wrong."""

        async def run() -> list[str]:
            async with FromEnvironment(self.env) as connections:
                return await look(
                    self.database,
                    self.tenant,
                    connections,
                    task_id=self.task_id,
                    settle_seconds=self.settle_seconds,
                )

        return asyncio.run(run())

    def batches(self) -> list[Any]:
        with self.database.transaction(self.tenant) as session:
            return list(batches_of_task(session, self.task_id))

    def look_until_ended(self, most: int = 400) -> None:
        """Look as the sensor does, a little faster, until nothing of the task is out."""
        for _ in range(most):
            if not any(batch.open for batch in self.batches()):
                return
            self.look()
            time.sleep(0.02)
        raise AssertionError([(batch.status, batch.message) for batch in self.batches()])

    def items(self) -> dict[str, Any]:
        """The rows of this project's items by key; the newest where a key is in several batches."""
        ids = [batch.id for batch in self.batches()]
        table = provider_batch_items
        with self.database.transaction(self.tenant) as session:
            rows = session.execute(sa.select(table).where(table.c.batch_id.in_(ids))).all()
        return {row.call_key: row for row in sorted(rows, key=lambda row: ids.index(row.batch_id))}

    def calls(self) -> list[Any]:
        with self.database.transaction(self.tenant) as session:
            return list(session.execute(sa.select(calls).where(calls.c.project_id == self.project_id)))

    def failed_tries(self) -> list[Any]:
        with self.database.transaction(self.tenant) as session:
            return list(session.execute(sa.select(attempts).where(attempts.c.project_id == self.project_id)))

    def new_task(self) -> UUID:
        """The task that a person asks for next."""
        with self.database.transaction(self.tenant) as session:
            task = create_task(session, self.project_id, TaskKind.FULL, {}, [])
            update_task(session, task, status=TaskStatus.RUNNING)
        return task

    def mark_as_sent(self) -> None:
        """As a process leaves its batch that is killed just before the batch is started."""
        with self.database.transaction(self.tenant) as session:
            for batch in batches_of_task(session, self.task_id):
                set_batch(session, batch.id, status=BatchStatus.SUBMITTED, submitted_at=datetime.now(UTC))

    def set_task(self, status: TaskStatus) -> None:
        with self.database.transaction(self.tenant) as session:
            update_task(session, self.task_id, status=status)


async def _no_sleep(_: float) -> None:
    """Waits between live tries take no time."""


def documents(count: int, name: str = "Loan") -> list[str]:
    """Documents that no other test has."""
    return [f"{name} agreement {number}\nAmount: {1000 + number}" for number in range(count)]
