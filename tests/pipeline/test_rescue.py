"""Processes die in the middle of a task: it ends in a true state all the same, and nothing is paid for twice.

The daemon, its code server and its run workers are real, and so are their deaths.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import psutil
import pytest

from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Step
from resources.database.engine import Database
from resources.database.keeper import EmbeddedKeeper
from resources.settings import Settings
from resources.vocabulary import TaskKind, TaskStatus
from tests.conftest import own_server
from tests.model_server import SubprocessModelServer
from tests.pipeline.daemon import DaemonAtWork
from tests.pipeline.study import wait_until

pytestmark = pytest.mark.timeout(1200)
DOCUMENTS = 12
QUESTIONS = 2 * DOCUMENTS
AT_ONCE = 4  # CRUCIBLE_CONCURRENCY of the daemon: so many answers a death may cost
EXTRACTION = 2
TRIES = 3  # the first, and as often as `jobs/jobs.py` has it tried again


@pytest.fixture(scope="module")
def server() -> Iterator[SubprocessModelServer]:
    with SubprocessModelServer([]) as running:
        yield running


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[Settings, Database]]:
    """Other tests' tenants would be served by the daemon too, and their server killed.

    Dagster's storage finds its server by the environment, here as in the daemon.
    """
    with own_server() as (settings, opened):
        found = {**opened.addresses.export(), "CRUCIBLE_HOME": str(settings.home)}
        with mock.patch.dict(os.environ, found):
            yield settings, opened


@pytest.fixture(scope="module")
def home(own: tuple[Settings, Database]) -> Path:
    return own[0].home


@pytest.fixture(scope="module")
def database(own: tuple[Settings, Database]) -> Database:
    return own[1]


@pytest.fixture(scope="module")
def daemon(database: Database, model_cache: Path, server: SubprocessModelServer) -> Iterator[DaemonAtWork]:
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        models = {"CRUCIBLE_MODEL": "openai:test", "OPENAI_BASE_URL": server.openai_url}
        made = DaemonAtWork(Path(folder), database, model_cache, models)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def task(daemon, server):
    """A project that is read and extracted, slowly; some answers are paid for already. The extraction is step 2."""
    server.reset()
    server.configure(latency_s=0.5, hold=False)
    project = daemon.make_project(DOCUMENTS)
    of_project, of_batch = f"{daemon.tenant}/{project.id}", f"{daemon.tenant}/{project.id}/0001"
    steps = [Step("ingest", of_batch), Step("prepare", of_project), Step("full", of_batch)]
    register(daemon.instance, ProjectKey(daemon.tenant, project.id), [1])
    asked = daemon.ask(project.id, TaskKind.FULL, steps)
    daemon.wait_until(lambda: server.stats().useful >= 5)
    server.hold()  # however slow this machine is, the extraction is under way until the test says otherwise
    daemon.wait_until(
        lambda: server.stats().held == AT_ONCE and daemon.stored(project.id) == paid(server, project.id)
    )
    return asked


def paid(server, project_id) -> int:
    """How many different questions of a project were paid for.

    Of it: what was still in flight for the task of the test before may come to its end meanwhile.
    """
    return len({call.question_hash for call in server.calls if call.useful and call.document.startswith(project_id)})


def test_a_worker_that_is_killed_and_one_that_stands_still_are_replaced(daemon, task, server):
    first = daemon.worker(task, EXTRACTION)
    daemon.kill(first)
    second = daemon.worker(task, EXTRACTION, after=first.pid)
    run = daemon.run_of(task, EXTRACTION)
    os.kill(second.pid, signal.SIGSTOP)
    daemon.wait_until(lambda: daemon.instance.get_run_by_id(run.run_id).is_finished)
    assert daemon.task(task).status is TaskStatus.RUNNING
    assert daemon.worker(task, EXTRACTION, after=second.pid)
    wait_until(lambda: not psutil.pid_exists(second.pid))  # it does not go on beside its successor
    server.configure(latency_s=0, hold=False)
    assert daemon.ended(task).status is TaskStatus.COMPLETED
    assert paid(server, daemon.task(task).project_id) == QUESTIONS
    assert server.stats().questions_again <= 2 * AT_ONCE


def test_with_daemon_code_server_and_worker_gone_the_next_daemon_goes_on(daemon, task, server):
    daemon.worker(task, EXTRACTION)
    daemon.kill(daemon.process, *daemon.family())
    server.configure(latency_s=0, hold=False)
    daemon.start()
    assert daemon.ended(task).status is TaskStatus.COMPLETED
    assert paid(server, daemon.task(task).project_id) == QUESTIONS
    assert server.stats().questions_again <= AT_ONCE


def test_killed_again_and_again_the_task_fails_and_says_why(daemon, task, server):
    worker, before = None, 0
    for _ in range(TRIES):
        worker = daemon.worker(task, EXTRACTION, after=before)
        daemon.kill(worker)
        before = worker.pid
    ended = daemon.ended(task)
    assert ended.status is TaskStatus.FAILED
    assert "its process was terminated by signal 9 (SIGKILL)" in ended.message or "is gone" in ended.message
    assert "(run " in ended.message
    server.configure(latency_s=0, hold=False)
    step = Step("full", ended.steps[EXTRACTION]["first"])
    again = daemon.ask(ended.project_id, TaskKind.FULL, [step])
    assert daemon.ended(again).status is TaskStatus.COMPLETED
    assert paid(server, daemon.task(task).project_id) == QUESTIONS


def test_when_the_database_is_restarted_the_task_ends_truly_and_can_be_asked_for_again(
    daemon, task, server, database, home
):
    daemon.worker(task, EXTRACTION)
    keeper = EmbeddedKeeper(home)
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: not keeper.running(), 120)
    time.sleep(2)
    keeper.start()
    server.configure(latency_s=0, hold=False)
    ended = daemon.ended(task)
    if ended.status is TaskStatus.FAILED:
        assert "(run " in ended.message
        again = daemon.ask(ended.project_id, TaskKind.FULL, [Step("full", ended.steps[EXTRACTION]["first"])])
        ended = daemon.ended(again)
    assert ended.status is TaskStatus.COMPLETED
    assert paid(server, daemon.task(task).project_id) == QUESTIONS
