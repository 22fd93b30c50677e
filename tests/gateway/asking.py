"""What the tests of the gateway share: requests as the pipeline makes them, and one event loop per test."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from crucible_assets.extractions.answer import answer_schema
from resources.database.engine import Database
from resources.database.tables import attempts, calls
from resources.models.errors import ParameterLearntError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.providers.anthropic import AnthropicProvider
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import Field, ModelReply, ModelRequest, Provider
from resources.vocabulary import VariableType
from tests.model_server import ModelServer

T = TypeVar("T")
DOCUMENT = "Loan agreement\nBorrower: Acme GmbH\nAmount: 1234.5\nSecured: yes"
BORROWER = Field("borrower", VariableType.TEXT, "Who borrows.", "borrower")


def make_request(*fields: Field, document: str = DOCUMENT, **changes: Any) -> ModelRequest:
    """A request for some fields (one text without) as the extraction stage makes it."""
    wanted = fields or (BORROWER,)
    request = ModelRequest(
        system="You extract values from documents and answer in JSON.",
        document=document,
        fence="k3x9",
        question="What does the document say?",
        schema=answer_schema(wanted),
        schema_name="answer",
        fields=wanted,
        temperature=0.2,
        max_output_tokens=2_000,
    )
    return replace(request, **changes)


def openai_provider(server: ModelServer, model: str = "gpt-4.1-mini", **changes: Any) -> OpenAIProvider:
    """OpenAI's SDK, pointed at the server of the test."""
    arguments: dict[str, Any] = {"api_key": "key", "base_url": server.openai_url, "timeout_seconds": 10} | changes
    return OpenAIProvider(model, **arguments)


def anthropic_provider(server: ModelServer, model: str = "claude-haiku-4-5", **changes: Any) -> AnthropicProvider:
    """Anthropic's SDK, pointed at the server of the test."""
    arguments: dict[str, Any] = {"api_key": "key", "base_url": server.anthropic_url, "timeout_seconds": 10} | changes
    return AnthropicProvider(model, **arguments)


def generate(provider: Provider, *requests: ModelRequest) -> list[ModelReply]:
    """The replies to requests sent one after the other."""

    async def run() -> list[ModelReply]:
        try:
            return [await _generate(provider, request) for request in requests]
        finally:
            await provider.close()

    return asyncio.run(run())


async def _generate(provider: Provider, request: ModelRequest) -> ModelReply:
    """One reply; a request is put again without what the server does not take, as the gateway does."""
    while True:
        try:
            return await provider.generate(request)
        except ParameterLearntError:
            continue


class Desk:
    """A gateway with its ledger for one project; sleeping takes no time and is noted."""

    def __init__(self, database: Database, project_id: str, tenant: str = "default") -> None:
        self.database = database
        self.project_id = project_id
        self.tenant = tenant
        self.slept: list[float] = []

    def context(self, **changes: Any) -> CallContext:
        """What a call of this desk is made for."""
        return replace(CallContext(self.project_id, None, None, ("borrower",)), **changes)

    def work(self, providers: Sequence[Provider], job: Callable[[Gateway], Awaitable[T]], **options: Any) -> T:
        """Run a job with a gateway of its own, as one run does; sleeping moves its clock and takes no time."""

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        async def run() -> T:
            clock: dict[str, Any] = {"sleep": sleep, "now": lambda: time.monotonic() + sum(self.slept)}
            arguments: dict[str, Any] = {"concurrency": 8} | clock | options
            gateway = Gateway(providers, Ledger(self.database, self.tenant), **arguments)
            try:
                return await job(gateway)
            finally:
                await gateway.close()

        return asyncio.run(run())

    def ask(self, providers: Sequence[Provider], *requests: ModelRequest) -> list[Call]:
        """The calls that answer requests sent one after the other."""

        async def job(gateway: Gateway) -> list[Call]:
            return [await ask(gateway, request, self.context()) for request in requests]

        return self.work(providers, job)

    def calls(self, keys: Iterable[str]) -> list[Any]:
        """The rows of finished calls with these keys."""
        with self.database.transaction(self.tenant) as session:
            return list(session.execute(sa.select(calls).where(calls.c.key.in_(list(keys)))))

    def attempts(self) -> list[Any]:
        """The rows of failed tries of this project, in order."""
        chosen = sa.select(attempts).where(attempts.c.project_id == self.project_id).order_by(attempts.c.id)
        with self.database.transaction(self.tenant) as session:
            return list(session.execute(chosen))


async def ask(gateway: Gateway, request: ModelRequest, context: CallContext) -> Call:
    """Ask as the extraction stage does for a request that was not planned."""
    route = gateway.route(str(context.document_id))
    return await route.ask(request, context, route.keys(request))
