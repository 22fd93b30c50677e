"""Batches keep to budgets: what they may cost is held until they have ended, whoever else spends meanwhile."""

from decimal import Decimal

import pytest

from resources.database.repositories.budgets import WHOLE_PROJECT, BudgetRow, budget_rows
from resources.models.errors import BudgetReachedError
from tests.batches.desk import Desk, documents
from tests.model_server import ModelServer


def budget(desk: Desk) -> BudgetRow:
    with desk.database.transaction(desk.tenant) as session:
        return next(row for row in budget_rows(session, desk.project_id) if row.scope == WHOLE_PROJECT)


def test_what_a_batch_may_cost_is_held_until_it_has_ended(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(batch_hold=True)
    asked = documents(20, "Held")
    desk.run(asked, budgets={WHOLE_PROJECT: Decimal(5)})
    (batch,) = desk.batches()
    held = budget(desk).held_by_others_usd
    assert held == batch.worst_usd > 0
    model_server.configure(batch_hold=False)
    desk.look_until_ended()
    after = budget(desk)
    assert after.held_by_others_usd == 0
    assert after.spent_usd == sum(row.cost_usd for row in desk.calls())
    assert 0 < after.spent_usd < held


def test_what_a_budget_may_not_cover_waits_for_a_later_batch(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(40, "Short")
    desk.run(documents(3, "Measure"), budgets={WHOLE_PROJECT: Decimal(5)})
    (batch,) = desk.batches()
    desk.look_until_ended()
    limit = budget(desk).spent_usd + 12 * batch.worst_usd / batch.items
    for attempt in range(1, 12):
        seen = desk.run(asked, attempt=attempt, budgets={WHOLE_PROJECT: limit})
        now = budget(desk)
        assert now.spent_usd + now.held_by_others_usd <= now.limit_usd
        if not seen.deferred:
            break
        desk.look_until_ended()
    assert len(seen.answers) == 40
    assert len(desk.batches()) == 3  # of the first attempts; the rest is asked live
    assert model_server.stats().questions_again == 0


def test_a_budget_that_covers_no_request_stops_the_run_and_sends_nothing(
    desk: Desk, model_server: ModelServer
) -> None:
    with pytest.raises(BudgetReachedError, match="Raise the budget"):
        desk.run(documents(5, "Poor"), budgets={WHOLE_PROJECT: Decimal("0.0000001")})
    assert model_server.stats().calls == 0
    assert desk.batches() == []
    assert budget(desk).held_by_others_usd == 0


def test_a_model_without_a_price_is_refused_where_there_is_a_budget(make_desk, model_server: ModelServer) -> None:
    desk = make_desk(model_server.url, "anthropic")
    seen = desk.run(documents(3), model="anthropic:unpriced", budgets={WHOLE_PROJECT: Decimal(5)})
    assert len(seen.failed) == 3
    assert "no known price" in next(iter(seen.failed.values()))
    assert model_server.stats().calls == 0
