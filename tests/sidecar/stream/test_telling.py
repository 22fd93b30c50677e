"""What listeners hear: every fact once and in order, whoever writes, and the same in both forms."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.database.repositories.tasks import update_task
from resources.database.tables import documents, tasks
from resources.vocabulary import EventKind, TaskStatus
from sidecar.stream.schemas import StreamEvent
from tests.sidecar.stream.conftest import (
    all_of,
    end,
    facts_of,
    make_documents,
    make_task,
    say,
    sse,
    tell,
)


def test_writers_whose_transactions_overlap_are_heard_completely_and_in_order(served, database, tenant, task):
    ids = make_documents(database, tenant, 120)
    groups = [ids[at : at + 5] for at in range(0, 120, 5)]

    def write(number: int) -> None:
        tell(database, tenant, task, groups[number], before_commit=(number % 5) * 0.01)  # later ones overtake

    with served.watch(task, served.bearer(tenant)) as connection:
        with ThreadPoolExecutor(6) as writers:
            list(writers.map(write, range(len(groups))))
        end(database, tenant, task)
        heard = all_of(connection)
    assert facts_of(heard) == list(range(1, 123))  # created, 120 documents, completed
    told = [m["data"]["document_id"] for m in heard if m["kind"] == "document_completed"]
    assert sorted(told) == sorted(map(str, ids))
    assert heard[-1]["kind"] == "job_completed"


def test_the_first_message_says_where_the_task_stands(served, database, tenant, task):
    with database.transaction(tenant) as session:
        update_task(session, task, progress={"documents": 4, "documents_done": 1})
    with served.watch(task, served.bearer(tenant)) as connection:
        first = StreamEvent.model_validate_json(connection.recv(30))
    assert first.kind is EventKind.PROGRESS
    assert first.seq == 0
    assert first.data == {"status": "RUNNING", "documents": 4, "documents_done": 1}


def test_both_forms_say_the_same(served, database, tenant, task):
    (document,) = make_documents(database, tenant, 1)
    tell(database, tenant, task, [document])
    end(database, tenant, task)
    headers = served.bearer(tenant)
    with served.watch(task, headers) as connection:
        by_socket = all_of(connection)
    assert (connection.close_code, connection.close_reason) == (1000, "the task has ended")
    with httpx.stream("GET", f"{served.http}/v1/stream/{task}", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        parts = list(sse(response))
    events = [part for part in parts if "data" in part]
    assert [json.loads(part["data"]) for part in events] == by_socket
    assert [part["event"] for part in events] == [message["kind"] for message in by_socket]
    assert [part["id"] for part in events] == [str(message["seq"]) for message in by_socket]
    assert parts[-1] == {"comment": "the task has ended"}
    assert by_socket[2]["data"] == {
        "message": "done",
        "cells": {"VALUE": 1},
        "document_id": str(document),
        "document": f"{document}.txt",
    }


def test_a_notification_wakes_who_listens(served, database, tenant, task):
    with served.terms(poll=60), served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30), connection.recv(30)
        time.sleep(0.5)  # past the quick looks after the beginning
        for number in range(3):
            say(database, tenant, task, f"line {number}")
            assert json.loads(connection.recv(30))["data"]["message"] == f"line {number}"
            time.sleep(0.3)


def test_a_fact_without_a_notification_is_told_at_the_next_look(served, database, tenant, task):
    ids = make_documents(database, tenant, 1)
    with served.terms(poll=0.3), served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30), connection.recv(30)
        time.sleep(0.5)
        tell(database, tenant, task, ids)
        assert json.loads(connection.recv(30))["kind"] == "document_completed"


def test_pause_and_resume_are_heard_and_do_not_end_the_stream(served, database, tenant, task):
    from resources.database.repositories.tasks import cancel_task, pause_task, resume_task

    with served.watch(task, served.bearer(tenant)) as connection:
        for change in (pause_task, resume_task, cancel_task):
            with database.transaction(tenant) as session:
                assert change(session, task)
        heard = all_of(connection)
    kinds = [message["kind"] for message in heard if message["kind"] != "progress"]
    assert kinds == ["job_created", "job_paused", "job_resumed", "job_cancelled"]


def test_nothing_is_lost_or_told_twice_wherever_a_connection_is_cut(served, database, tenant):
    task = make_task(database, tenant)
    ids = make_documents(database, tenant, 40)
    for at in range(0, 40, 4):
        tell(database, tenant, task, ids[at : at + 4])
    end(database, tenant, task)
    headers = served.bearer(tenant)
    every = list(range(1, 43))

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.lists(st.integers(1, 30), max_size=5), sockets=st.lists(st.booleans(), min_size=6, max_size=6))
    def cut(cuts: list[int], sockets: list[bool]) -> None:
        heard: list[int] = []
        last = 0
        for number, most in enumerate([*cuts, 100]):
            if sockets[number]:
                with served.watch(task, headers, after=last, max_queue=None) as connection:
                    for _, text in zip(range(most), connection, strict=False):
                        message = json.loads(text)
                        last = message["seq"]
                        heard += facts_of([message])
            else:
                sent = headers | {"Last-Event-ID": str(last)}
                with httpx.stream("GET", f"{served.http}/v1/stream/{task}?after=0", headers=sent) as response:
                    events = (part for part in sse(response) if "data" in part)
                    for _, part in zip(range(most), events, strict=False):
                        last = int(part["id"])
                        heard += facts_of([json.loads(part["data"])])
        assert heard == every

    cut()


def test_cut_connections_miss_nothing_while_writers_write(served, database, tenant, task):
    ids = make_documents(database, tenant, 150)

    def write() -> None:
        for at in range(0, 150, 3):
            tell(database, tenant, task, ids[at : at + 3])
            say(database, tenant, task, "more")
            time.sleep(0.01)
        end(database, tenant, task)

    writer = threading.Thread(target=write)
    writer.start()
    headers, heard, last = served.bearer(tenant), [], 0
    while not heard or heard[-1]["kind"] != "job_completed":
        with served.watch(task, headers, after=last, max_queue=None) as connection:
            for _, text in zip(range(17), connection, strict=False):
                heard.append(json.loads(text))
                last = heard[-1]["seq"]
    writer.join()
    assert facts_of(heard) == list(range(1, 203))


def test_an_event_source_of_an_ended_task_is_told_not_to_come_again(served, database, tenant, task):
    end(database, tenant, task)
    headers = served.bearer(tenant)
    answer = httpx.get(f"{served.http}/v1/stream/{task}", headers=headers | {"Last-Event-ID": "2"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert httpx.get(f"{served.http}/v1/stream/{task}?after=1", headers=headers).status_code == 200


def test_a_slow_client_misses_progress_and_no_fact(served, database, tenant, task):
    facts = 3000  # more than are held in memory
    narrow = socket.create_connection(("127.0.0.1", served.port))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    options = {"sock": narrow, "max_queue": 1, "compression": None}
    with served.terms(kept=200), served.watch(task, served.bearer(tenant), **options) as connection:
        heard = [json.loads(connection.recv(30))]
        padding = "x" * 4000  # 12 MB in all, more than the buffers of sockets hold
        with database.transaction(tenant) as session:
            session.execute(
                sa.text(
                    "INSERT INTO events (tenant_id, task_id, kind, message) "
                    "SELECT :tenant, :task, 'log', n || ' ' || :padding FROM generate_series(1, :facts) n"
                ),
                {"tenant": tenant, "task": task, "padding": padding, "facts": facts},
            )
        for number in range(40):
            with database.transaction(tenant) as session:
                update_task(session, task, progress={"documents_done": number})
            say(database, tenant, task, "progress")
            time.sleep(0.05)
        end(database, tenant, task)
        heard += all_of(connection)
    assert facts_of(heard) == list(range(1, facts + 43))
    progress = [message for message in heard if message["kind"] == "progress"]
    assert len(progress) < 10
    assert progress[-1]["data"] == {"documents_done": 39, "status": "COMPLETED"}
    assert all(a["seq"] <= b["seq"] for a, b in pairwise(heard))


def test_a_deleted_document_keeps_its_number_and_loses_its_name(served, database, tenant, task):
    (document,) = make_documents(database, tenant, 1)
    tell(database, tenant, task, [document])
    with database.transaction(tenant) as session:
        session.execute(sa.delete(documents).where(documents.c.id == document))
    end(database, tenant, task)
    with served.watch(task, served.bearer(tenant)) as connection:
        heard = all_of(connection)
    assert facts_of(heard) == [1, 2, 3]
    assert heard[2]["data"]["document_id"] is None
    assert str(document) not in json.dumps(heard)


def test_the_stream_of_a_deleted_task_ends(served, database, tenant, task):
    with served.terms(poll=0.2), served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30)
        with database.transaction(tenant) as session:
            session.execute(sa.delete(tasks).where(tasks.c.id == task))
        connection_closed = all_of(connection)
    assert len(connection_closed) <= 1
    assert connection.close_code == 4404


def test_what_is_told_of_a_document_is_told_once(database, tenant, task):
    from resources.database.repositories.events import DocumentFact, read_log, tell_of_documents

    ids = make_documents(database, tenant, 3)
    tell(database, tenant, task, ids[:2])
    tell(database, tenant, task, ids)  # the run was killed and started again
    with database.transaction(tenant) as session:
        failed = DocumentFact(ids[0], EventKind.DOCUMENT_FAILED, "lost", {})
        tell_of_documents(session, task, [failed])
        told = [(fact.document_id, fact.kind) for fact in read_log(session, task, 1)]
        numbers = [fact.seq for fact in read_log(session, task)]
    done = EventKind.DOCUMENT_COMPLETED
    assert told == [(ids[0], done), (ids[1], done), (ids[2], done), (ids[0], EventKind.DOCUMENT_FAILED)]
    assert numbers == [1, 2, 3, 4, 5]


def test_storing_cells_of_a_deleted_task_goes_on(database, tenant, task):
    ids = make_documents(database, tenant, 1)
    tell(database, tenant, uuid4(), ids)


@pytest.mark.parametrize("status", [TaskStatus.FAILED, TaskStatus.CANCELLED])
def test_every_end_ends_the_stream(served, database, tenant, task, status):
    with served.watch(task, served.bearer(tenant)) as connection:
        end(database, tenant, task, status)
        heard = all_of(connection)
    assert heard[-1]["kind"] == f"job_{status.value.lower()}"
    assert connection.close_code == 1000
