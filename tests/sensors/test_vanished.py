"""Commands that vanished: others say for them that their tasks have ended."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.test_utils import create_run_for_test

from jobs.steps import Step, Wish
from jobs.vanished import SILENT_SECONDS, Process, release_vanished
from resources.database.repositories.tasks import (
    active_extraction,
    create_task,
    resume_task,
    update_task,
)
from resources.database.tables import tasks as tasks_table
from resources.vocabulary import TaskKind, TaskStatus
from sensors.tasks import task_sensor
from tests.sensors.ticking import FAILED, STARTED, task_of, tick


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
