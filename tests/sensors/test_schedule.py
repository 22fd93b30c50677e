"""The nightly schedule asks for what is stale, and for nothing else."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest

from crucible_assets.documents.parsed import PARSER_VERSION
from crucible_assets.partitions import RANGE_END, RANGE_START
from crucible_assets.prompts.asset import make_prompts
from jobs.schedules import refresh
from jobs.steps import Wish
from jobs.vanished import Process
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import NewFile, list_documents, save_failed, set_fields, take_in
from resources.database.repositories.projects import save_project
from resources.database.repositories.tasks import (
    create_task,
    latest_tasks,
    open_tasks,
    update_task,
)
from resources.project import project_from_data
from resources.vocabulary import DocumentOrigin, DocumentStatus, TaskKind, TaskStatus
from tests.sensors.ticking import set_ready


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
