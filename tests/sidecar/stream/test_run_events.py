"""What an extraction run tells: each document with its cells, and how far it is."""

import threading
import time
from collections import Counter
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from resources.database.repositories.events import CHANNEL, DocumentFact, read_log, standing, tell_of_documents
from resources.database.repositories.tasks import create_task, update_task
from resources.database.tables import documents
from resources.vocabulary import CellState, EventKind, TaskKind, TaskStatus
from tests.extraction.bench import TENANT, Bench, make_bench

VARIABLES = [
    {"name": "party", "type": "TEXT", "instructions": "The party."},
    {"name": "amount", "type": "NUMBER", "instructions": "The amount."},
]
DONE, FAILED = EventKind.DOCUMENT_COMPLETED, EventKind.DOCUMENT_FAILED


@pytest.fixture
def study(settings, database, model_server, tmp_path) -> Bench:
    texts = {f"d{n:02}.txt": f"Party: Firm {n}\n\nThe amount is {n}00 EUR.\n" for n in range(25)}
    made = make_bench(settings, database, model_server, tmp_path, texts, VARIABLES)
    lost = sa.update(documents).where(documents.c.project_id == made.project.id, documents.c.name == "d07.txt")
    with database.transaction(TENANT) as session:
        session.execute(lost.values(status="FAILED", error_reason="damaged", error_message="the file is damaged"))
    return made


@pytest.fixture
def task(study) -> UUID:
    with study.database.transaction(TENANT) as session:
        task_id = create_task(session, study.project.id, TaskKind.FULL, {}, [])
        update_task(session, task_id, status=TaskStatus.RUNNING)
    return task_id


def told(study: Bench, task: UUID) -> list:
    with study.database.transaction(TENANT) as session:
        return [fact for fact in read_log(session, task) if fact.kind in (DONE, FAILED)]


def progress(study: Bench, task: UUID) -> dict:
    with study.database.transaction(TENANT) as session:
        return dict(standing(session, task).progress)


def test_every_document_is_told_once_with_its_cells(study, task):
    study.fill(task_id=task)
    facts = told(study, task)
    assert sorted(fact.document for fact in facts) == sorted(study.names.values())
    (broken,) = [fact for fact in facts if fact.kind is FAILED]
    assert broken.document == "d07.txt"
    assert broken.message == "document could not be read: the file is damaged"
    assert broken.payload["cells"] == {"FAILED": 2}
    summed = dict.fromkeys(CellState, 0)
    for fact in facts:
        for state, number in fact.payload["cells"].items():
            summed[CellState(state)] += number
    costs = [Decimal(fact.payload["cost_usd"]) for fact in facts]
    assert costs == sorted(costs)
    now = progress(study, task)
    assert now["states"] == {state.value: number for state, number in summed.items()}
    assert Decimal(now["cost_usd"]) == costs[-1] == sum(call.cost_usd for call in study.calls())
    assert costs[-1] > 0
    counted = {name: now[name] for name in ("documents", "documents_done", "documents_failed", "documents_unchanged")}
    assert counted == {"documents": 25, "documents_done": 25, "documents_failed": 1, "documents_unchanged": 0}
    assert (now["calls_in_flight"], now["seconds_left"]) == (0, 0.0)


def test_a_run_that_is_started_again_tells_only_what_was_not_told(study, task):
    some = study.run().documents[:9]
    study.fill(task_id=task, documents=some)  # as far as the run came before it was killed
    before = [fact.seq for fact in told(study, task)]
    paid = Decimal(progress(study, task)["cost_usd"])
    study.fill(task_id=task)
    facts = told(study, task)
    assert [fact.seq for fact in facts][: len(before)] == before
    assert sorted(fact.document for fact in facts) == sorted(study.names.values())
    now = progress(study, task)
    assert (now["documents_done"], now["documents_unchanged"]) == (25, 9)
    assert Decimal(now["cost_usd"]) == sum(call.cost_usd for call in study.calls()) > paid > 0
    study.fill(task_id=task, force=True)
    assert len(told(study, task)) == 25


def test_a_document_that_failed_and_is_filled_later_is_told_as_completed(study, task):
    lost = [DocumentFact(document.id, FAILED, "no answer", {}) for document in study.run().documents]
    with study.database.transaction(TENANT) as session:
        tell_of_documents(session, task, lost)
    study.fill(task_id=task)
    kinds = Counter(fact.kind for fact in told(study, task))
    assert kinds == {FAILED: 25, DONE: 24}


def test_a_document_is_told_in_the_transaction_of_its_cells(study, task):
    """Seen from another connection, at any moment as many documents were told as have cells."""
    seen, over = set(), threading.Event()
    question = sa.text(
        "SELECT (SELECT count(DISTINCT document_id) FROM cells WHERE project_id = :p), "
        "(SELECT count(*) FROM events WHERE task_id = :t AND document_id IS NOT NULL)"
    )

    def look() -> None:
        while not over.is_set():
            with study.database.transaction(TENANT) as session:
                seen.add(tuple(session.execute(question, {"p": study.project.id, "t": task}).one()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        study.fill(task_id=task)
    finally:
        over.set()
        watcher.join()
    assert [pair for pair in seen if pair[0] != pair[1]] == []
    assert max(seen)[0] > 0


def test_a_run_wakes_listeners_at_most_four_times_a_second(study, task, model_server):
    model_server.configure(latency_s=0.2)
    address = study.database.addresses.app.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        began = time.monotonic()
        study.fill(task_id=task)
        seconds = time.monotonic() - began
        notes = [n for n in connection.notifies(timeout=0.3) if str(task) in n.payload]
    assert 1 < len(notes) <= 4 * seconds + 2
