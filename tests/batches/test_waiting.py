"""Who looks after batches: the sensor and its job under the daemon, a command in its own process."""

from uuid import UUID

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from crucible_assets.partitions import ProjectKey, register
from jobs.provider_batches import POLL_SECONDS, poll_seconds, provider_batches, wait_and_ingest
from jobs.steps import Step, Wish, run_tags
from resources.database.repositories.tasks import get_task, pause_task, resume_task, update_task
from resources.installation import Installation
from resources.settings import SettingsError
from resources.vocabulary import BatchStatus, CallMode, TaskKind, TaskStatus
from sensors.provider_batches import provider_batch_sensor
from sensors.tasks import task_sensor
from tests.batches.desk import Desk, documents
from tests.model_server import ModelServer

DONE, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def desk(desk: Desk, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose provider is where the environment says, as for sensors and jobs; Dagster knows its project."""
    for name, value in desk.env.items():
        monkeypatch.setenv(name, value)
    project = ProjectKey(desk.tenant, desk.project_id)
    register(instance, project, [1])
    with desk.database.transaction(desk.tenant) as session:
        steps = [Step("full", f"{project}/0001"), Step("export", str(project))]
        update_task(session, desk.task_id, steps=[step.as_json() for step in steps])
    return desk


def tick(sensor, instance, installation, desk):
    context = dg.build_sensor_context(instance=instance, resources={"installation": installation})
    requests = [r for r in sensor(context) or [] if isinstance(r, dg.RunRequest)]
    return [r for r in requests if r.tags["crucible/tenant"] == desk.tenant]


def ran(instance, request, status=DONE):
    return create_run_for_test(instance, job_name=request.job_name, tags=dict(request.tags), status=status)


def look_by_job(instance, installation, request):
    result = provider_batches.execute_in_process(
        instance=instance, resources={"installation": installation}, tags=dict(request.tags)
    )
    assert result.success


def test_a_task_waits_for_its_batches_and_then_does_its_step_again(
    desk: Desk, installation, instance, model_server: ModelServer
) -> None:
    model_server.configure(batch_hold=True)
    asked = documents(9, "Waiting")
    (first,) = tick(task_sensor, instance, installation, desk)
    assert (first.job_name, first.tags["crucible/attempt"]) == ("full", "0")
    desk.run(asked)
    ran(instance, first)
    assert tick(task_sensor, instance, installation, desk) == []
    look_by_job(instance, installation, dg.RunRequest(tags={"crucible/tenant": desk.tenant}))  # bodies are dropped
    assert tick(provider_batch_sensor, instance, installation, desk) == []  # nothing has ended
    model_server.configure(batch_hold=False)
    while not (requests := tick(provider_batch_sensor, instance, installation, desk)):
        pass
    going = create_run_for_test(instance, job_name="provider_batches", tags=dict(requests[0].tags), status=STARTED)
    assert tick(provider_batch_sensor, instance, installation, desk) == []  # one run at a time for a tenant
    instance.report_run_failed(going)  # killed: the next tick starts another
    (request,) = tick(provider_batch_sensor, instance, installation, desk)
    assert tick(task_sensor, instance, installation, desk) == []
    look_by_job(instance, installation, request)
    assert desk.batches()[0].status is BatchStatus.INGESTED
    assert tick(provider_batch_sensor, instance, installation, desk) == []
    (second,) = tick(task_sensor, instance, installation, desk)
    assert (second.job_name, second.tags["crucible/step"], second.tags["crucible/attempt"]) == ("full", "0", "1")
    assert second.run_key != first.run_key
    assert len(desk.run(asked, attempt=1).answers) == 9
    ran(instance, second)
    (third,) = tick(task_sensor, instance, installation, desk)
    assert third.job_name == "export"
    assert model_server.stats().questions_again == 0


def test_a_task_that_is_paused_while_its_batches_are_out_goes_on_where_it_was(
    desk: Desk, installation, instance, model_server: ModelServer
) -> None:
    model_server.configure(batch_seconds=2)
    asked = documents(30, "Paused")
    (first,) = tick(task_sensor, instance, installation, desk)
    desk.run(asked)
    ran(instance, first)
    while model_server.stats().batch_items < 5:
        pass
    model_server.configure(batch_hold=True)  # however slow this machine is, the batch ends after what is seen here
    with desk.database.transaction(desk.tenant) as session:
        assert pause_task(session, desk.task_id)
    (request,) = tick(provider_batch_sensor, instance, installation, desk)
    look_by_job(instance, installation, request)  # asks the provider to stop
    with desk.database.transaction(desk.tenant) as session:
        assert resume_task(session, desk.task_id)
    assert tick(task_sensor, instance, installation, desk) == []  # what was finished is still on its way
    model_server.configure(batch_seconds=0.05, batch_hold=False)
    while not (requests := tick(provider_batch_sensor, instance, installation, desk)):
        pass
    look_by_job(instance, installation, requests[0])
    desk.look_until_ended()
    (second,) = tick(task_sensor, instance, installation, desk)
    assert second.tags["crucible/attempt"] == "1"
    seen = desk.run(asked, attempt=1)
    assert len(seen.answers) >= 5
    desk.look_until_ended()
    assert len(desk.run(asked, attempt=2).answers) == 30
    assert model_server.stats().questions_again == 0


def test_a_command_waits_for_its_batches_itself(desk: Desk, installation, model_server: ModelServer) -> None:
    asked = documents(7, "Command")
    desk.run(asked)
    said: list[str] = []

    def wait(attempt: int) -> bool:
        return wait_and_ingest(
            installation, desk.tenant, desk.task_id, 0.05, step=0, attempt=attempt, say=said.append, settle_seconds=0
        )

    assert wait(0)
    assert "are out in 1 provider batches" in said[0]
    assert len(desk.run(asked, attempt=1).answers) == 7
    assert not wait(1)
    with desk.database.transaction(desk.tenant) as session:
        task = get_task(session, desk.task_id)
    assert task is not None
    assert task.status is TaskStatus.RUNNING


def test_how_calls_are_sent_travels_with_the_task() -> None:
    wish = Wish(calls=CallMode.BATCH)
    assert Wish.from_json(wish.as_json()).calls is CallMode.BATCH
    assert Wish.from_json(Wish().as_json()).calls is None
    key = ProjectKey("t", "p")
    tags = run_tags(key, UUID(int=1), TaskKind.FULL, 0, wish)
    assert tags["crucible/calls"] == "batch"


def test_how_often_providers_are_asked_can_be_set() -> None:
    assert poll_seconds({}) == POLL_SECONDS == 30
    assert poll_seconds({"CRUCIBLE_BATCH_POLL_SECONDS": "1"}) == 1
    for wrong in ("0", "-3", "x", "1.5"):
        with pytest.raises(SettingsError, match="CRUCIBLE_BATCH_POLL_SECONDS"):
            poll_seconds({"CRUCIBLE_BATCH_POLL_SECONDS": wrong})
