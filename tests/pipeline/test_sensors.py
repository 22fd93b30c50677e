"""Sensors, the schedule and vanished commands on the real database: nothing is lost, nothing is started twice."""

import json
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.test_utils import create_run_for_test

from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.parsed import PARSER_VERSION
from crucible_assets.partitions import RANGE_END, RANGE_START, ProjectKey, register
from crucible_assets.prompts.asset import make_prompts
from jobs.schedules import refresh
from jobs.steps import Step, Wish, steps_of
from jobs.vanished import SILENT_SECONDS, Process, release_vanished
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import NewFile, list_documents, save_failed, set_fields, take_in
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.tasks import (
    active_extraction,
    create_task,
    get_task,
    latest_tasks,
    open_tasks,
    pause_task,
    resume_task,
    update_task,
)
from resources.database.tables import tasks as tasks_table
from resources.installation import Installation
from resources.project import project_from_data
from resources.vocabulary import DocumentOrigin, DocumentStatus, TaskKind, TaskStatus
from sensors.inbox import inbox_sensor
from sensors.tasks import task_sensor

DONE, FAILED, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def tenant(database):
    """A tenant of this test's own, so that what others left behind is not in the way."""
    name = f"t{uuid.uuid4().hex[:10]}"
    with database.transaction(name) as session:
        ensure_tenant(session)
    return name


@pytest.fixture
def project(database, tenant):
    return make_project(database, tenant)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("sensors.inbox._SETTLED_SECONDS", -1.0)
    monkeypatch.setattr("sensors.tasks._SETTLED_SECONDS", -1.0)
    monkeypatch.setattr("sensors.tasks._WAIT_SECONDS", 0.0)


def make_project(database, tenant):
    made = project_from_data(
        {
            "name": f"study {uuid.uuid4().hex[:10]}",
            "documents": "x",
            "variables": [
                {"name": "price", "type": "NUMBER", "instructions": "The price."},
                {"name": "signed", "type": "DATE", "instructions": "The day."},
            ],
        }
    )
    with database.transaction(tenant) as session:
        save_project(session, made)
    return made


def tick(sensor, instance, installation, cursor=None, tenants=None):
    """The requests of one tick, for some tenants only, and the cursor after it."""
    context = dg.build_sensor_context(instance=instance, resources={"installation": installation}, cursor=cursor)
    requests = [r for r in sensor(context) or [] if isinstance(r, dg.RunRequest)]
    return [r for r in requests if tenants is None or r.tags["crucible/tenant"] in tenants], context.cursor


def start(instance, request, status, job_name="ingest"):
    """A run as the request asks for it, in the state given."""
    name = request.job_name or job_name
    return create_run_for_test(instance, job_name=name, tags=dict(request.tags), status=status)


def put(installation, tenant, project, name, text=None):
    folder = installation.settings.inbox / tenant / project.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text or f"{project.id} {name}")


def set_ready(database, tenant, project, **fields):
    """All documents as `ingest` leaves them."""
    ready = {
        "status": DocumentStatus.READY.value,
        "parser_version": PARSER_VERSION,
        "chunks_version": SplitSettings().hash,
        "embeddings_version": "e",
    }
    with database.transaction(tenant) as session:
        for row in list_documents(session, project.id):
            set_fields(session, row.id, **{**ready, **fields})


def task_of(database, tenant, task_id):
    with database.transaction(tenant) as session:
        return get_task(session, task_id)


# tasks and their runs


def test_a_task_becomes_its_runs_one_after_the_other(database, installation, tenant, project, instance):
    key = ProjectKey(tenant, project.id)
    keys = register(instance, key, [1])
    steps = steps_of(TaskKind.FULL, key, keys, instance.get_dynamic_partitions("batches"))
    wish = Wish(models=("local",)).as_json()
    with database.transaction(tenant) as session:
        task = create_task(session, project.id, TaskKind.FULL, wish, [s.as_json() for s in steps])
    seen = []
    for _ in steps:
        (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
        assert request.run_key == f"{task}/{len(seen)}/0"
        assert request.tags["crucible/task"] == str(task)
        assert request.tags["crucible/models"] == "local"
        seen.append(request.job_name)
        start(instance, request, DONE)
    tick(task_sensor, instance, installation)
    assert seen == ["ingest", "prepare", "full", "export"]
    assert task_of(database, tenant, task).status is TaskStatus.COMPLETED
    assert task_of(database, "default", task) is None


@pytest.fixture
def export_task(database, tenant, project):
    with database.transaction(tenant) as session:
        step = Step("export", f"{tenant}/{project.id}")
        return create_task(session, project.id, TaskKind.EXPORT, {}, [step.as_json()])


def test_a_failed_run_fails_the_task_with_the_reason(database, installation, tenant, export_task, instance):
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    run = start(instance, request, FAILED)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    ended = task_of(database, tenant, export_task)
    assert ended.status is TaskStatus.FAILED
    assert run.run_id in ended.message


def test_a_request_that_was_lost_is_made_again_under_the_same_key(installation, tenant, export_task, instance):
    (first,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    (again,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert again.run_key == first.run_key


def test_a_resumed_task_starts_its_step_again_and_once(database, installation, tenant, export_task, instance):
    (first,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    start(instance, first, FAILED)  # as a run ends that found its task paused
    with database.transaction(tenant) as session:
        assert pause_task(session, export_task)
        assert not pause_task(session, export_task)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    assert task_of(database, tenant, export_task).status is TaskStatus.PAUSED
    with database.transaction(tenant) as session:
        assert resume_task(session, export_task)
        assert not resume_task(session, export_task)
    (second,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert (first.run_key, second.run_key) == (f"{export_task}/0/0", f"{export_task}/0/1")
    assert (first.tags["crucible/attempt"], second.tags["crucible/attempt"]) == ("0", "1")
    start(instance, second, STARTED)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    assert task_of(database, tenant, export_task).status is TaskStatus.RUNNING


def test_a_task_resumed_before_its_run_has_stopped_waits_for_it(
    database, installation, tenant, export_task, instance
):
    (first,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    run = start(instance, first, STARTED)
    with database.transaction(tenant) as session:
        pause_task(session, export_task)
        resume_task(session, export_task)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    instance.report_run_failed(run)
    (second,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert second.run_key == f"{export_task}/0/1"
    start(instance, second, FAILED)
    tick(task_sensor, instance, installation)
    assert task_of(database, tenant, export_task).status is TaskStatus.FAILED


def test_one_broken_task_or_tenant_does_not_stop_the_others(
    database, installation, tenant, project, export_task, instance, monkeypatch
):
    with database.transaction("default") as session:
        save_project(session, project)
        broken = create_task(session, project.id, TaskKind.EXPORT, {}, [{"job": "export"}])  # names no partition
    others = []
    monkeypatch.setattr(installation.database, "tenants", lambda: ["default", "no such\x00tenant", tenant])
    for request in tick(task_sensor, instance, installation)[0]:
        others.append(request.tags["crucible/task"])
    assert str(export_task) in others
    assert str(broken) not in others
    with database.transaction("default") as session:
        update_task(session, broken, status=TaskStatus.CANCELLED)


# commands that vanished


def gone() -> Process:
    """A process of this host that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return replace(Process.current(), pid=ended.pid, started=1)


def driven(database, tenant, project, kind, process, status=TaskStatus.RUNNING):
    with database.transaction(tenant) as session:
        task = create_task(session, project.id, kind, {"driver": "cli", "process": str(process)}, [])
        update_task(session, task, status=status)
    return task


@pytest.mark.parametrize("kind", list(TaskKind))
def test_a_killed_command_leaves_no_task_running(database, installation, tenant, project, instance, kind):
    task = driven(database, tenant, project, kind, gone())
    tags = {"crucible/task": str(task), "dagster/max_retries": "2"}
    run = create_run_for_test(instance, job_name="export", tags=tags, status=STARTED)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    ended = task_of(database, tenant, task)
    assert ended.status is TaskStatus.FAILED
    assert "killed" in ended.message
    reported = instance.get_run_by_id(run.run_id)
    assert reported.status is FAILED
    assert not auto_reexecution_should_retry_run(instance, reported, None)  # the daemon leaves it alone


def test_the_command_ends_all_that_was_left_and_says_so(database, tenant, project, instance):
    tasks = [driven(database, tenant, project, kind, gone()) for kind in (TaskKind.EXPORT, TaskKind.INGEST)]
    paused = driven(database, tenant, project, TaskKind.FULL, gone(), TaskStatus.PAUSED)
    with database.transaction(tenant) as session:
        said = release_vanished(session, instance, project.id)
        assert release_vanished(session, instance, project.id) is None
        assert active_extraction(session, project.id) is None
    assert all(str(task) in said for task in (*tasks, paused))
    assert task_of(database, tenant, paused).status is TaskStatus.CANCELLED


def test_tasks_of_living_commands_are_left_alone(database, installation, tenant, project, instance):
    elsewhere = replace(Process.current(), host="another-host")
    here = driven(database, tenant, project, TaskKind.FULL, Process.current())
    there = driven(database, tenant, project, TaskKind.EXPORT, elsewhere)
    tick(task_sensor, instance, installation)
    assert task_of(database, tenant, here).status is TaskStatus.RUNNING
    assert task_of(database, tenant, there).status is TaskStatus.RUNNING
    with database.transaction(tenant) as session:
        silent = datetime.fromtimestamp(datetime.now(UTC).timestamp() - SILENT_SECONDS - 1, UTC)
        session.execute(sa.update(tasks_table).where(tasks_table.c.id == there).values(updated_at=silent))
    tick(task_sensor, instance, installation)
    assert task_of(database, tenant, here).status is TaskStatus.RUNNING
    assert task_of(database, tenant, there).status is TaskStatus.FAILED


def test_a_paused_command_can_be_resumed_by_the_daemon(database, installation, tenant, project, instance):
    step = Step("export", f"{tenant}/{project.id}")
    parameters = {**Wish().as_json(), "driver": "cli", "process": str(gone())}
    with database.transaction(tenant) as session:
        task = create_task(session, project.id, TaskKind.EXPORT, parameters, [step.as_json()])
        update_task(session, task, status=TaskStatus.PAUSED)
    assert tick(task_sensor, instance, installation, tenants=[tenant])[0] == []
    assert task_of(database, tenant, task).status is TaskStatus.PAUSED
    with database.transaction(tenant) as session:
        resume_task(session, task)
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert request.tags["crucible/task"] == str(task)


# the inbox


def test_files_in_the_inbox_start_ingest_once_and_again_for_new_ones(
    database, installation, tenant, project, instance
):
    put(installation, tenant, project, "new.txt")
    (first,), cursor = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert first.tags["crucible/project"] == project.id
    assert first.tags[RANGE_START] == first.tags[RANGE_END] == f"{tenant}/{project.id}/0001"
    (same,), cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert same.run_key == first.run_key  # Dagster starts one run per key
    run = start(instance, first, STARTED)
    put(installation, tenant, project, "more.txt")
    requests, cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert requests == []  # the batch is being read
    instance.report_run_failed(run)
    (second,), cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert second.run_key != first.run_key
    set_ready(database, tenant, project)
    assert tick(inbox_sensor, instance, installation, cursor, [tenant])[0] == []
    with database.transaction(tenant) as session:
        assert [row.name for row in list_documents(session, project.id)] == ["more.txt", "new.txt"]


def test_a_tick_that_died_after_the_intake_loses_nothing(database, installation, tenant, project, instance):
    put(installation, tenant, project, "new.txt")
    _, cursor = tick(inbox_sensor, instance, installation)  # its requests never arrive
    assert len(tick(inbox_sensor, instance, installation, cursor, [tenant])[0]) == 1
    assert len(tick(inbox_sensor, instance, installation, None, [tenant])[0]) == 1


def test_an_error_of_one_tenant_does_not_lose_the_runs_of_another(
    database, installation, tenant, project, instance, monkeypatch
):
    from sensors import inbox

    bad = f"{tenant}b"
    with database.transaction(bad) as session:
        ensure_tenant(session)
    broken = make_project(database, bad)
    put(installation, tenant, project, "new.txt")
    put(installation, bad, broken, "new.txt")
    take_folder = inbox.take_folder

    def fails(database, files, tenant, *rest):
        if tenant == bad:
            raise OSError("the disk is full")
        return take_folder(database, files, tenant, *rest)

    monkeypatch.setattr(inbox, "take_folder", fails)
    requests, cursor = tick(inbox_sensor, instance, installation, tenants=[tenant, bad])
    assert [r.tags["crucible/tenant"] for r in requests] == [tenant]
    monkeypatch.setattr(inbox, "take_folder", take_folder)
    requests, _ = tick(inbox_sensor, instance, installation, cursor, [bad])
    assert [r.tags["crucible/project"] for r in requests] == [broken.id]


def test_only_batches_with_unread_documents_are_asked_for(database, installation, tenant, project, instance):
    files = [NewFile(f"{i}.txt", f"{project.id}{i}", 1, "b") for i in range(350)]
    with database.transaction(tenant) as session:
        take_in(session, project.id, files, DocumentOrigin.INBOX)
    set_ready(database, tenant, project)
    with database.transaction(tenant) as session:
        rows = {row.batch: row for row in list_documents(session, project.id)}
        save_failed(session, rows[1].id, "CORRUPT", "cannot be read", PARSER_VERSION)
        set_fields(session, rows[4].id, parser_version="older")
    (late,), _ = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert (late.tags[RANGE_START], late.tags[RANGE_END]) == (f"{tenant}/{project.id}/0004",) * 2
    with database.transaction(tenant) as session:
        set_fields(session, rows[2].id, chunks_version="older")
        set_fields(session, rows[3].id, status=DocumentStatus.PARSED.value)
        set_fields(session, rows[4].id, parser_version=PARSER_VERSION)
    (both,), _ = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert [both.tags[name][-4:] for name in (RANGE_START, RANGE_END)] == ["0002", "0003"]


def test_the_inbox_waits_for_a_task_of_its_project(database, installation, tenant, project, instance):
    put(installation, tenant, project, "new.txt")
    with database.transaction(tenant) as session:
        task = create_task(session, project.id, TaskKind.INGEST, {}, [])
    requests, cursor = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert requests == []
    with database.transaction(tenant) as session:
        update_task(session, task, status=TaskStatus.COMPLETED)
    assert len(tick(inbox_sensor, instance, installation, cursor, [tenant])[0]) == 1


def test_a_tick_takes_in_what_its_time_allows_and_the_next_one_the_rest(
    database, installation, tenant, project, instance, monkeypatch
):
    monkeypatch.setattr("sensors.inbox._INTAKE_SECONDS", -1.0)
    studies = [project, make_project(database, tenant)]
    for study in studies:
        put(installation, tenant, study, "new.txt")
    cursor = json.dumps({"seen": {}, "after": f"{tenant}/"})
    counts = []
    for _ in range(2):
        requests, cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
        counts.append(len(requests))
    assert counts == [1, 2]


# the nightly schedule


def night(instance, installation):
    """The requests of one night."""
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2026, 1, 1, 3, tzinfo=UTC),
        resources={"installation": installation},
    )
    return list(refresh(context))


@pytest.fixture
def nightly(installation, tenant, monkeypatch, tmp_path):
    """One night for the test's tenant alone; a schedule reaches only an instance that is stored somewhere."""
    monkeypatch.setattr(installation.database, "tenants", lambda: [tenant])
    with dg.DagsterInstance.local_temp(str(tmp_path)) as stored:
        yield lambda: night(stored, installation)


WISH = Wish(models=("local",), formats=("csv",), export_options={"bom": True}, force=True)


@pytest.fixture
def finished(database, tenant, project):
    """A project that was run in full: everything current, every cell there."""
    with database.transaction(tenant) as session:
        files = [NewFile(name, f"{project.id}{name}", 1, "b") for name in ("a.txt", "b.txt")]
        take_in(session, project.id, files, DocumentOrigin.FOLDER)
        make_prompts(session, project)
        for row in list_documents(session, project.id):
            save_cells(session, project.id, [cell(row.id, v.name) for v in project.variables])
        parameters = {**WISH.as_json(), "driver": "cli", "process": str(Process.current())}
        task = create_task(session, project.id, TaskKind.FULL, parameters, [])
        update_task(session, task, status=TaskStatus.COMPLETED)
    set_ready(database, tenant, project)
    return project


def cell(document, variable, **fields):
    return {
        "document_id": document, "row_key": "", "variable": variable, "state": "ABSENT", "value": None, "raw": None,
        "confidence": 0.5, "evidence": [], "reasons": [], "prompt_version": 1, "model": "m", "call_keys": [],
        "fingerprint": "f", "task_id": None, **fields,
    }  # fmt: skip


def open_of(database, tenant):
    with database.transaction(tenant) as session:
        return open_tasks(session)


def test_a_current_project_is_left_in_peace(database, tenant, finished, nightly):
    assert nightly() == []
    assert open_of(database, tenant) == []


def spoil_document(session, project, **fields):
    set_fields(session, list_documents(session, project.id)[0].id, **fields)


def new_document(session, project):
    take_in(session, project.id, [NewFile("c.txt", f"{project.id}c", 1, "b")], DocumentOrigin.FOLDER)


def edit_variable(session, project):
    variables = (project.variables[0], replace(project.variables[1], instructions="Another day."))
    save_project(session, replace(project, variables=variables))


def edit_and_sample(session, project):
    """The prompt was changed and activated, but only a few documents were asked again."""
    variables = (project.variables[0], replace(project.variables[1], instructions="Another day."))
    save_project(session, replace(project, variables=variables))
    make_prompts(session, replace(project, variables=variables))


def fail_cell(session, project):
    document = list_documents(session, project.id)[0].id
    save_cells(session, project.id, [cell(document, "price", state="FAILED", reasons=["no answer"])])


def add_variable(session, project):
    added = replace(project.variables[0], name="buyer")
    save_project(session, replace(project, variables=(*project.variables, added)))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda s, p: spoil_document(s, p, parser_version="older"), "1 documents to read"),
        (lambda s, p: spoil_document(s, p, chunks_version="older"), "1 documents to read"),
        (new_document, "1 documents to read, cut or embed, 2 missing cells"),
        (edit_variable, "1 changed variables"),
        (edit_and_sample, "2 cells of an earlier prompt"),
        (fail_cell, "1 failed cells"),
        (add_variable, "1 changed variables, 2 missing cells"),
    ],
)
def test_what_is_stale_gives_a_full_task_like_the_last_one(database, tenant, finished, nightly, spoil, why):
    from resources.database.repositories.events import read_log

    with database.transaction(tenant) as session:
        spoil(session, finished)
    assert nightly() == []
    (task,) = open_of(database, tenant)
    assert task.kind is TaskKind.FULL
    assert Wish.from_json(task.parameters) == replace(WISH, force=False)
    assert "driver" not in task.parameters
    assert [step["job"] for step in task.steps] == ["ingest", "prepare", "full", "export"]
    with database.transaction(tenant) as session:
        assert any(why in line.message for line in read_log(session, task.id))
    nightly()
    assert len(open_of(database, tenant)) == 1


def test_an_unreadable_document_does_not_start_a_task_every_night(database, tenant, finished, nightly):
    with database.transaction(tenant) as session:
        document = list_documents(session, finished.id)[0].id
        save_failed(session, document, "CORRUPT", "cannot be read", PARSER_VERSION)
        failed = [cell(document, v.name, state="FAILED", reasons=["unreadable"]) for v in finished.variables]
        save_cells(session, finished.id, failed)
    assert nightly() == []
    assert open_of(database, tenant) == []


def test_a_project_never_run_in_full_has_only_its_stale_batches_read(database, tenant, project, nightly):
    files = [NewFile(f"{i}.txt", f"{project.id}{i}", 1, "b") for i in range(201)]
    with database.transaction(tenant) as session:
        take_in(session, project.id, files, DocumentOrigin.FOLDER)
    set_ready(database, tenant, project)
    assert nightly() == []
    with database.transaction(tenant) as session:
        last = next(row for row in list_documents(session, project.id) if row.batch == 3)
        set_fields(session, last.id, status=DocumentStatus.UPLOADED.value)
    (request,) = nightly()
    assert request.job_name == "ingest"
    assert request.tags[RANGE_START] == request.tags[RANGE_END] == f"{tenant}/{project.id}/0003"
    assert request.tags["crucible/project"] == project.id
    with database.transaction(tenant) as session:
        assert latest_tasks(session, project.id) == []


def test_a_project_that_cannot_be_looked_at_does_not_stop_the_others(
    database, tenant, finished, nightly, monkeypatch
):
    from jobs import schedules

    first = project_from_data(
        {
            "name": f"a {uuid.uuid4().hex[:10]}",
            "documents": "x",
            "variables": [{"name": "x", "type": "TEXT", "instructions": "X."}],
        }
    )
    with database.transaction(tenant) as session:
        save_project(session, first)
        new_document(session, finished)
    load = schedules.load_project

    def fails(session, project_id):
        if project_id == first.id:
            raise ValueError("a definition that cannot be read")
        return load(session, project_id)

    monkeypatch.setattr(schedules, "load_project", fails)
    nightly()
    assert [task.project_id for task in open_of(database, tenant)] == [finished.id]
