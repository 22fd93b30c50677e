"""`crucible run` and money: provider batches at half the price, and budgets that are kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from resources.database.tables import calls, tasks
from tests.pipeline.study import VARIABLES

pytestmark = pytest.mark.timeout(300)
PRICED = ("--model", "openai:gpt-4.1-mini", "--format", "csv-wide")


def spent(database, study) -> list[sa.Row]:
    with database.transaction(study.env["CRUCIBLE_TENANT"]) as session:
        return list(session.execute(sa.select(calls)))


def test_a_full_run_goes_through_provider_batches_round_by_round(study, server, database):
    study.env["CRUCIBLE_BATCH_POLL_SECONDS"] = "1"
    dependent = {"name": "urgent", "type": "BOOLEAN", "instructions": "Is it urgent?", "depends_on": "price"}
    study.write_project([*VARIABLES, dependent], settings={"calls": "batch"})
    code, said = study.extract(*PRICED)
    assert code == 0, said
    assert "VALUE 18 + ABSENT 6 = 24 (they add up)" in said
    assert "requests are out in 1 provider batches" in said
    stats = server.stats()
    assert (stats.batches, stats.useful_again) == (2, 0)  # what depends on a price shows when the prices are there
    paid = spent(database, study)
    assert len(paid) == 24
    by_batch = [call for call in paid if call.batch_id is not None]
    assert len(by_batch) == stats.batch_items > 18
    assert all(call.price_version.endswith("batch") for call in by_batch)
    server.reset()
    code, said = study.extract(*PRICED)
    assert code == 0, said
    assert server.stats().calls == 0


def test_a_reached_budget_pauses_the_task_and_says_so(study, database, server):
    study.write_documents(40)
    code, said = study.extract(*PRICED, "--budget", "0.01")
    assert code == 130, said
    assert "budget" in said.lower()
    paid = sum((call.cost_usd for call in spent(database, study)), Decimal(0))
    assert Decimal("0.001") < paid <= Decimal("0.01")
    with database.transaction(study.env["CRUCIBLE_TENANT"]) as session:
        task = session.execute(sa.select(tasks.c.status, tasks.c.message)).one()
    assert task.status == "PAUSED"
    assert "budget" in task.message.lower()
    before = server.stats().useful
    code, said = study.extract(*PRICED)
    assert code == 0, said
    assert server.stats().useful == 120
    assert server.stats().useful_again == 0
    assert before > 5


def test_documents_without_an_answer_pause_the_task(study, database, server):
    study.write_documents(30)
    server.configure(faults={"permanent": {"This contract was made": "bad_request"}})
    code, said = study.extract(*PRICED)
    assert code == 130, said
    assert "documents in a row got no answer" in said
    with database.transaction(study.env["CRUCIBLE_TENANT"]) as session:
        assert session.scalar(sa.select(tasks.c.status)) == "PAUSED"
    assert server.stats().calls < 90
