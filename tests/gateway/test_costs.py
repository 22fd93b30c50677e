"""What calls cost by call, document, variable, task and project, from a ledger with known figures."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from resources.database.repositories.costs import (
    NOTHING,
    cost_by_arm,
    cost_by_call,
    cost_by_document,
    cost_by_task,
    cost_by_variable,
    cost_of_project,
)
from resources.database.repositories.tasks import create_task
from resources.models.ledger import Call, Ledger
from resources.models.prices import cost_of
from resources.models.request import ModelReply, Usage
from resources.vocabulary import TaskKind
from tests.gateway.asking import Desk
from tests.gateway.test_prices import DAY


def store(desk: Desk, model: str, variables: tuple[str, ...], usage: Usage, **more: object) -> Call:
    """One call in the ledger, priced as the gateway and the batches do."""
    batch_id, task_id, arm = more.get("batch_id"), more.get("task_id"), more.get("arm")
    cost, version = cost_of("openai", model, usage, DAY, batch=batch_id is not None)
    reply = ModelReply("{}", "stop", usage, model)
    call = Call(uuid4().hex, "openai", model, reply, cost, version, 0.1, paid=True, arm=arm)  # type: ignore[arg-type]

    async def write() -> None:
        ledger = Ledger(desk.database, desk.tenant)
        await ledger.store(call, desk.context(variables=variables, task_id=task_id), batch_id)  # type: ignore[arg-type]
        await ledger.close()

    asyncio.run(write())
    return call


@pytest.fixture
def task_id(desk: Desk) -> UUID:
    with desk.database.transaction(desk.tenant) as session:
        return create_task(session, desk.project_id, TaskKind.EXPORT, {}, [])


def test_sums_by_everything(desk: Desk, task_id: UUID) -> None:
    usage = Usage(900_000, 300_000, 90_000)
    single = store(desk, "gpt-4.1-mini", ("a",), usage, task_id=task_id, arm="openai:gpt-4.1-mini")
    grouped = store(desk, "gpt-4.1-mini", ("a", "b", "c"), usage)
    batch = store(desk, "gpt-4.1-mini", ("b",), usage, batch_id=uuid4(), task_id=task_id)
    unpriced = store(desk, "nobody-knows", ("c",), usage)
    price = Decimal("0.24") + Decimal("0.03") + Decimal("0.144")
    with desk.database.transaction(desk.tenant) as session:
        whole = cost_of_project(session, desk.project_id)
        of_task = cost_of_project(session, desk.project_id, task_id)
        by_call = cost_by_call(session, desk.project_id)
        by_task = cost_by_task(session, desk.project_id)
        by_variable = cost_by_variable(session, desk.project_id)
        variables_of_task = cost_by_variable(session, desk.project_id, task_id)
        by_arm = cost_by_arm(session, desk.project_id)
        by_document = cost_by_document(session, desk.project_id)
        nothing = cost_of_project(session, desk.project_id, uuid4())

    assert single.cost_usd == price
    assert batch.cost_usd == price / 2
    assert batch.price_version == "openai:gpt-4.1-mini@2025-10-11 batch"
    assert (whole.calls, whole.batch_calls, whole.unpriced) == (4, 1, 1)
    assert (whole.input_tokens, whole.cached_tokens, whole.output_tokens) == (3_600_000, 1_200_000, 360_000)
    assert whole.batch_tokens == 990_000
    assert (whole.usd, whole.batch_usd) == (price * 5 / 2, price / 2)
    assert of_task.usd == price * 3 / 2 == by_task[task_id].usd
    assert {key: cost.usd for key, cost in by_call.items()} == {
        single.key: price,
        grouped.key: price,
        batch.key: price / 2,
        unpriced.key: 0,
    }
    assert by_call[unpriced.key].unpriced == 1
    assert by_variable["a"].usd == pytest.approx(price + price / 3)
    assert by_variable["b"].usd == pytest.approx(price / 2 + price / 3)
    assert by_variable["c"].usd == pytest.approx(price / 3)
    assert by_variable["c"].unpriced == 1
    assert by_variable["b"].batch_calls == 1
    assert sum(cost.usd for cost in by_variable.values()) == pytest.approx(whole.usd)
    assert sum(cost.calls for cost in by_variable.values()) == pytest.approx(Decimal(4))
    assert set(variables_of_task) == {"a", "b"}
    assert {arm: cost.calls for arm, cost in by_arm.items()} == {"openai:gpt-4.1-mini": 1}
    assert by_document == {}
    assert nothing == NOTHING
