"""Budgets over real sockets and a real database: never overrun, used to the end, and true to the ledger."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.budgets import WHOLE_PROJECT, BudgetRow, budget_rows, hold, set_budget
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.tasks import create_task
from resources.database.tables import calls, reservations
from resources.models.budgets import Budget
from resources.models.decisions.money import usd
from resources.models.errors import BudgetReachedError, UnpricedModelError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, Ledger
from resources.models.prices import worst_cost
from resources.models.reader import Reader
from resources.models.request import ModelRequest
from resources.vocabulary import TaskKind
from tests.gateway.asking import Desk, anthropic_provider, ask, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer


def short(text: str, number: int | str) -> ModelRequest:
    """A request that costs at worst some hundredths of a cent."""
    return make_request(document=text, question=f"Question {number}", max_output_tokens=100)


def worst_of(desk: Desk, server: ModelServer, request: ModelRequest) -> Decimal:
    """What the budget sets aside for a request."""
    budget = Budget(desk.database, desk.tenant, desk.project_id, project_usd=Decimal(1))
    today = datetime.now(UTC).date()
    return usd(budget.worst(openai_provider(server), request.size_bytes, request.max_output_tokens, today))


def rows(desk: Desk) -> dict[str, BudgetRow]:
    with desk.database.transaction(desk.tenant) as session:
        return {row.scope: row for row in budget_rows(session, desk.project_id)}


def ledger_sum(desk: Desk) -> Decimal:
    with desk.database.transaction(desk.tenant) as session:
        total = session.scalar(sa.select(sa.func.sum(calls.c.cost_usd)).where(calls.c.project_id == desk.project_id))
    return total or Decimal(0)


def a_task(desk: Desk) -> UUID:
    with desk.database.transaction(desk.tenant) as session:
        return create_task(session, desk.project_id, TaskKind.EXPORT, {}, [])


async def ask_until_reached(
    desk: Desk, server: ModelServer, requests: Sequence[ModelRequest], limit: Decimal, task_id: UUID | None = None
) -> list[Call | BaseException]:
    """Put all requests at once to a gateway of its own."""
    limits: dict[str, Any] = {"task_usd": limit} if task_id else {"project_usd": limit}
    budget = Budget(desk.database, desk.tenant, desk.project_id, task_id, **limits)
    gateway = Gateway([openai_provider(server)], Ledger(desk.database, desk.tenant), concurrency=25, budget=budget)
    try:
        asked = (ask(gateway, request, desk.context(task_id=task_id)) for request in requests)
        return await asyncio.gather(*asked, return_exceptions=True)
    finally:
        await gateway.close()


def test_a_hundred_askers_in_four_gateways_do_not_overrun_and_use_what_there_is(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(latency_s=0.02)
    worst = worst_of(desk, model_server, short(text, "00"))
    limit = worst * 6  # fewer than a quarter of the askers fit at once at their worst
    ends: list[Call | BaseException] = []

    def gateway(number: int) -> None:
        requests = [short(text, f"{number}.{index}") for index in range(25)]
        ends.extend(asyncio.run(ask_until_reached(desk, model_server, requests, limit)))

    threads = [threading.Thread(target=gateway, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    paid = [end for end in ends if isinstance(end, Call)]
    refused = [end for end in ends if isinstance(end, BudgetReachedError)]
    assert len(paid) + len(refused) == 100
    assert refused
    spent = sum((call.cost_usd or Decimal(0) for call in paid), Decimal(0))
    assert spent <= limit
    assert limit - spent < worst  # to the last call that was sure to fit
    row = rows(desk)[WHOLE_PROJECT]
    assert row.spent_usd == ledger_sum(desk) == pytest.approx(spent)
    assert row.held_by_others_usd == 0
    assert model_server.stats().calls == len(paid)


def test_a_budget_that_suffices_holds_nothing_up_and_gives_back_what_it_took(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    ends = asyncio.run(ask_until_reached(desk, model_server, [short(text, n) for n in range(30)], Decimal(5)))
    assert all(isinstance(end, Call) for end in ends)
    assert rows(desk)[WHOLE_PROJECT].spent_usd == ledger_sum(desk) > 0
    assert rows(desk)[WHOLE_PROJECT].held_by_others_usd == 0


def test_a_reached_budget_says_what_is_left_and_sends_nothing(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (end,) = asyncio.run(ask_until_reached(desk, model_server, [short(text, 1)], Decimal("0.0001")))
    assert isinstance(end, BudgetReachedError)
    assert "project may spend $0.0001, $0.000100 is left" in str(end)
    assert "openai:gpt-4.1-mini" in str(end)
    assert model_server.stats().calls == 0


def test_what_is_in_the_ledger_is_given_out_when_the_budget_is_reached(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (bought,) = desk.ask([openai_provider(model_server)], short(text, 1))
    (end,) = asyncio.run(ask_until_reached(desk, model_server, [short(text, 1)], Decimal(0)))
    assert isinstance(end, Call)
    assert (end.key, end.paid) == (bought.key, False)


def test_what_was_spent_before_there_was_a_budget_counts(desk: Desk, text: str, model_server: ModelServer) -> None:
    (call,) = desk.ask([openai_provider(model_server)], short(text, 1))
    assert call.cost_usd
    limit = call.cost_usd + worst_of(desk, model_server, short(text, 2)) - Decimal("0.000001")
    (end,) = asyncio.run(ask_until_reached(desk, model_server, [short(text, 2)], limit))
    assert isinstance(end, BudgetReachedError)


def test_a_task_has_a_budget_of_its_own(desk: Desk, text: str, model_server: ModelServer) -> None:
    desk.ask([openai_provider(model_server)], short(text, "of nobody"))
    one, other = a_task(desk), a_task(desk)
    worst = worst_of(desk, model_server, short(text, 1))
    for task_id in (one, other):
        requests = [short(text, f"{task_id} {number}") for number in range(20)]
        ends = asyncio.run(ask_until_reached(desk, model_server, requests, worst * 2, task_id))
        paid = [end for end in ends if isinstance(end, Call)]
        assert 2 <= len(paid) < 20
        assert rows(desk)[str(task_id)].spent_usd == sum(call.cost_usd or 0 for call in paid) <= worst * 2


def test_what_a_process_held_that_is_gone_is_free_when_its_lease_ends(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    worst = worst_of(desk, model_server, short(text, 1))
    with desk.database.transaction(desk.tenant) as session:
        set_budget(session, desk.project_id, WHOLE_PROJECT, worst)
        gone = hold(session, desk.project_id, [WHOLE_PROJECT], uuid4(), 1.0, lambda _: worst)
        assert gone == worst
    began = time.monotonic()
    (end,) = asyncio.run(ask_until_reached(desk, model_server, [short(text, 1)], worst))
    assert isinstance(end, Call)
    assert 0.5 < time.monotonic() - began < 25
    with desk.database.transaction(desk.tenant) as session:
        left = session.scalars(sa.select(reservations.c.holder).where(reservations.c.project_id == desk.project_id))
        assert left.all() == []


def test_a_failed_call_gives_back_what_was_set_aside(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=FaultPlan(script={1: Fault.BAD_REQUEST}))
    worst = worst_of(desk, model_server, short(text, 1))

    async def one_after_the_other() -> list[Any]:
        budget = Budget(desk.database, desk.tenant, desk.project_id, project_usd=worst)
        gateway = Gateway(
            [openai_provider(model_server)], Ledger(desk.database, desk.tenant), concurrency=2, budget=budget
        )
        try:
            ends = []
            for number in (1, 2):
                ends += await asyncio.gather(
                    ask(gateway, short(text, number), desk.context()), return_exceptions=True
                )
            return ends
        finally:
            await gateway.close()

    refused, answered = asyncio.run(one_after_the_other())
    assert "400" in str(refused)
    assert isinstance(answered, Call)


def test_a_model_without_a_price_is_not_asked_where_there_is_a_budget(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    def budget() -> Budget:
        return Budget(desk.database, desk.tenant, desk.project_id, project_usd=Decimal(5))

    async def job(gateway: Gateway) -> Call:
        return await ask(gateway, short(text, 1), desk.context())

    unpriced = openai_provider(model_server, "my-own-model")
    with pytest.raises(UnpricedModelError, match="openai:my-own-model has no known price"):
        desk.work([unpriced], job, budget=budget())
    assert model_server.stats().calls == 0
    providers = [openai_provider(model_server, "my-own-model"), anthropic_provider(model_server)]
    assert desk.work(providers, job, budget=budget()).provider == "anthropic"


def test_a_model_that_runs_here_needs_no_money(desk: Desk, text: str) -> None:
    async def job(gateway: Gateway) -> Call:
        return await ask(gateway, short(text, 1), desk.context())

    budget = Budget(desk.database, desk.tenant, desk.project_id, project_usd=Decimal(0))
    assert desk.work([Reader()], job, budget=budget).cost_usd == 0


def test_money_does_not_come_back_with_a_deleted_call(desk: Desk, text: str, model_server: ModelServer) -> None:
    asyncio.run(ask_until_reached(desk, model_server, [short(text, 1)], Decimal(5)))
    before = rows(desk)[WHOLE_PROJECT].spent_usd
    admin = sa.create_engine(desk.database.addresses.admin, poolclass=sa.NullPool)
    with admin.begin() as connection:
        connection.execute(sa.text("SELECT set_config('app.tenant_id', :t, true)"), {"t": desk.tenant})
        connection.execute(sa.delete(calls).where(calls.c.project_id == desk.project_id))
    with desk.database.transaction(desk.tenant) as session:
        assert tenant_of(session) == desk.tenant
        set_budget(session, desk.project_id, WHOLE_PROJECT, Decimal(6))
    assert rows(desk)[WHOLE_PROJECT].spent_usd == before > 0


@pytest.mark.parametrize("limits", [{}, {"project_usd": Decimal(-1)}, {"task_usd": Decimal(1)}])
def test_a_budget_that_is_none_is_refused(desk: Desk, limits: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="limit"):
        Budget(desk.database, desk.tenant, desk.project_id, **limits)


def test_the_worst_is_no_less_than_any_way_of_caching() -> None:
    day = date(2026, 11, 1)
    plain = worst_cost("anthropic", "claude-haiku-4-5", 1_000_000, 0, day)
    assert plain == Decimal("1.25")  # all of it written to the cache
    assert worst_cost("openai", "gpt-4.1-mini", 1_000_000, 1_000_000, day) == Decimal("2.00")
    assert worst_cost("openai", "nobody-knows", 1, 1, day) is None
