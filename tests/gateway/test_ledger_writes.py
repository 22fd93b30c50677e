"""A call is given out when it is durable, and keeps nobody from being sent until then."""

import asyncio
from typing import Any

from resources.database.engine import Database
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from tests.gateway.asking import Desk, ask, make_request, openai_provider
from tests.model_server import ModelServer


class SlowLedger(Ledger):
    """Writes are not durable before they may be."""

    def __init__(self, database: Database, tenant: str) -> None:
        super().__init__(database, tenant)
        self.may = asyncio.Event()

    def _write(self, group: Any) -> None:
        asyncio.run_coroutine_threadsafe(self.may.wait(), self.loop).result()
        super()._write(group)

    async def store(self, *args: Any) -> None:
        self.loop = asyncio.get_running_loop()
        await super().store(*args)


def test_a_call_that_is_being_stored_holds_no_slot_and_is_not_given_out(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def run() -> None:
        ledger = SlowLedger(desk.database, desk.tenant)
        gateway = Gateway([openai_provider(model_server)], ledger, concurrency=1)
        requests = [make_request(document=text, question=f"Question {number}") for number in range(5)]
        asked = [asyncio.create_task(ask(gateway, request, desk.context())) for request in requests]
        await asyncio.to_thread(model_server.wait_for_calls, 5)  # one after the other, none of them stored
        assert not any(task.done() for task in asked)
        ledger.may.set()
        calls = await asyncio.gather(*asked)
        assert len(desk.calls(call.key for call in calls)) == 5
        await gateway.close()

    asyncio.run(run())
