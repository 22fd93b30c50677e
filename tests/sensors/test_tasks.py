"""Tasks become runs: in order, each once, and what becomes of them is true."""

import pytest

from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Step, Wish, steps_of
from resources.database.repositories.projects import save_project
from resources.database.repositories.tasks import (
    create_task,
    pause_task,
    resume_task,
    update_task,
)
from resources.vocabulary import TaskKind, TaskStatus
from sensors.tasks import task_sensor
from tests.sensors.ticking import DONE, FAILED, STARTED, make_project, start, task_of, tick


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


def test_a_project_that_dagster_has_forgotten_is_registered_again(
    installation, tenant, export_task, project, instance
):
    key = str(ProjectKey(tenant, project.id))
    instance.delete_dynamic_partition("projects", key)
    (request,), _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert request.partition_key == key
    assert instance.has_dynamic_partition("projects", key)


def test_a_step_of_a_batch_that_is_none_fails_its_task_and_stops_no_other(
    database, installation, tenant, export_task, project, instance
):
    other = make_project(database, tenant)
    nowhere = f"{tenant}/{other.id}/0009"
    with database.transaction(tenant) as session:
        step = {"job": "ingest", "first": nowhere, "last": None}
        lost = create_task(session, other.id, TaskKind.INGEST, {}, [step])
    requests, _ = tick(task_sensor, instance, installation, tenants=[tenant])
    assert [request.tags["crucible/task"] for request in requests] == [str(export_task)]
    ended = task_of(database, tenant, lost)
    assert ended.status is TaskStatus.FAILED
    assert nowhere in ended.message
