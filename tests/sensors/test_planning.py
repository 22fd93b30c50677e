"""A task without steps is planned when the sensor first sees it, over what the project holds then."""

import threading
import time
import uuid

import dagster as dg
import pytest

from crucible_assets.documents.asset import is_to_be_read
from crucible_assets.documents.parsed import PARSER_VERSION
from jobs.reasons import why_it_ended
from jobs.wish import CARRIED, Wish
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import NewFile, list_documents, save_failed, set_fields, take_in
from resources.database.repositories.tasks import create_task, documents_of_task, tenants_at_work
from resources.vocabulary import DocumentOrigin, TaskKind, TaskStatus
from sensors.tasks import task_sensor
from tests.sensors.test_schedule import cell
from tests.sensors.ticking import DONE, FAILED, STARTED, set_ready, start, task_of, tick


def upload(database, tenant, project, names):
    with database.transaction(tenant) as session:
        files = [NewFile(name, f"{project.id}{name}", 1, "b") for name in names]
        take_in(session, project.id, files, DocumentOrigin.UPLOAD)


def ask(database, tenant, project, kind, **more):
    with database.transaction(tenant) as session:
        return create_task(session, project.id, kind, {**Wish().as_json(), **more}, [])


def planned(database, tenant, task):
    return [(step["job"], step["first"], step["last"]) for step in task_of(database, tenant, task).steps]


def documents(database, tenant, project):
    with database.transaction(tenant) as session:
        return list_documents(session, project.id)


def test_uploads_until_it_is_seen_are_included(database, installation, tenant, project, instance):
    upload(database, tenant, project, [f"{i:03d}" for i in range(100)])
    task = ask(database, tenant, project, TaskKind.FULL)
    upload(database, tenant, project, ["one more"])
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    batches = (f"{tenant}/{project.id}/0001", f"{tenant}/{project.id}/0002")
    one = f"{tenant}/{project.id}"
    assert planned(database, tenant, task) == [
        ("ingest", *batches), ("prepare", one, None), ("full", *batches), ("export", one, None),
    ]  # fmt: skip
    run = start(instance, request, STARTED)
    tick(task_sensor, instance, installation, tenants=[tenant])
    assert task_of(database, tenant, task).steps[0]["run_id"] == run.run_id


def test_a_sample_of_given_documents_reads_only_their_batches(database, installation, tenant, project, instance):
    upload(database, tenant, project, [f"{i:03d}" for i in range(101)])
    last = documents(database, tenant, project)[-1]
    task = ask(database, tenant, project, TaskKind.SAMPLE, documents=[str(last.id)])
    tick(task_sensor, instance, installation)
    assert planned(database, tenant, task)[0] == ("ingest", f"{tenant}/{project.id}/0002", None)
    with database.transaction(tenant) as session:
        assert documents_of_task(session, task) == {last.id}


def test_what_failed_is_what_is_done_again(database, installation, tenant, project, instance):
    upload(database, tenant, project, [f"{i:03d}" for i in range(201)])
    set_ready(database, tenant, project)
    unread, fine, unfilled = (documents(database, tenant, project)[at] for at in (0, 150, 200))
    with database.transaction(tenant) as session:
        save_failed(session, unread.id, "CORRUPT", "cannot be read", PARSER_VERSION)
        save_cells(session, project.id, [cell(fine.id, "price")])
        save_cells(session, project.id, [cell(unfilled.id, "price", state="FAILED", reasons=["no answer"])])
    task = ask(database, tenant, project, TaskKind.REPROCESS_FAILED)
    tick(task_sensor, instance, installation)
    with database.transaction(tenant) as session:
        assert documents_of_task(session, task) == {unread.id, unfilled.id}
    first, last = f"{tenant}/{project.id}/0001", f"{tenant}/{project.id}/0003"
    assert [step for step in planned(database, tenant, task) if step[0] in ("ingest", "full")] == [
        ("ingest", first, None), ("ingest", last, None), ("full", first, None), ("full", last, None),
    ]  # fmt: skip


def test_which_documents_a_run_reads(database, tenant, project):
    upload(database, tenant, project, ["failed", "fine", "new"])
    set_ready(database, tenant, project)
    with database.transaction(tenant) as session:
        rows = {row.name: row for row in list_documents(session, project.id)}
        save_failed(session, rows["failed"].id, "CORRUPT", "cannot be read", PARSER_VERSION)
        set_fields(session, rows["new"].id, parser_version=None)
    rows = {row.name: row for row in documents(database, tenant, project)}
    failed = frozenset({rows["failed"].id})

    def read(named, *, force=False, again=False):
        return {name for name, row in rows.items() if is_to_be_read(row, named, force=force, again=again)}

    assert read(None) == {"new"}
    assert read(None, force=True) == {"failed", "fine", "new"}
    assert read(None, again=True) == {"failed", "new"}
    assert read(failed) == set()
    assert read(failed, again=True) == {"failed"}


@pytest.mark.parametrize("kind", [TaskKind.FULL, TaskKind.INGEST, TaskKind.REPROCESS_FAILED])
def test_with_nothing_left_to_work_on_the_task_fails_and_says_so(
    database, installation, tenant, project, instance, kind
):
    task = ask(database, tenant, project, kind)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    ended = task_of(database, tenant, task)
    assert ended.status is TaskStatus.FAILED
    assert "documents" in ended.message


def test_the_run_carries_what_is_known_of_the_request(database, installation, tenant, project, instance):
    upload(database, tenant, project, ["a"])
    known = {"request_id": "r-1", "traceparent": "00-1-2-01", "idempotency_key": "k"}
    ask(database, tenant, project, TaskKind.FULL, **known)
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert {name: request.tags[tag] for name, tag in CARRIED.items()} == known


def test_a_run_that_dagster_tries_again_is_no_failure(database, installation, tenant, project, instance, monkeypatch):
    upload(database, tenant, project, ["a"])
    task = ask(database, tenant, project, TaskKind.FULL)
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    first = start(instance, request, FAILED)
    monkeypatch.setattr("sensors.tasks._SETTLED_SECONDS", 60.0)
    tick(task_sensor, instance, installation)
    assert task_of(database, tenant, task).status is TaskStatus.RUNNING  # it has not said yet
    instance.add_run_tags(first.run_id, {"dagster/will_retry": "true"})
    monkeypatch.setattr("sensors.tasks._SETTLED_SECONDS", -1.0)
    tick(task_sensor, instance, installation)
    assert task_of(database, tenant, task).status is TaskStatus.RUNNING
    second = start(instance, request, DONE)
    (following,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert following.job_name == "prepare"
    assert task_of(database, tenant, task).steps[0]["run_id"] == second.run_id


def test_a_task_asked_for_while_a_tick_waits_is_a_run_at_once(
    database, installation, tenant, project, instance, monkeypatch
):
    upload(database, tenant, project, ["a"])
    monkeypatch.setattr("sensors.tasks._WAIT_SECONDS", 20.0)
    later = threading.Timer(0.5, ask, (database, tenant, project, TaskKind.FULL))
    later.start()
    began = time.monotonic()
    requests = []
    while not requests:  # what other tests left open may end a tick
        requests, _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert 0.5 <= time.monotonic() - began < 15
    later.join()


def test_only_tenants_with_open_tasks_are_looked_at(database, tenant, project):
    assert tenant not in tenants_at_work(database)
    ask(database, tenant, project, TaskKind.EXPORT)
    assert tenant in tenants_at_work(database)


def secret() -> None:
    raise RuntimeError("postgresql://user:secret@host")


def told() -> None:
    raise dg.Failure("No call can succeed: the key was refused.")


@pytest.mark.parametrize(
    ("fail", "said"), [(told, "No call can succeed: the key was refused."), (secret, "RuntimeError in broken")]
)
def test_why_a_run_failed_is_told_without_what_is_not_for_people(instance, fail, said):
    @dg.op
    def broken() -> None:
        fail()

    @dg.job(name=f"job_{uuid.uuid4().hex[:6]}")
    def job() -> None:
        broken()

    result = job.execute_in_process(instance=instance, raise_on_error=False)
    why = why_it_ended(instance, instance.get_run_by_id(result.run_id))
    assert why == f"{said} (run {result.run_id})"
