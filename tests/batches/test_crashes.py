"""kill -9 of real processes at every stage of a batch's life: nothing is lost, nothing is paid twice."""

import subprocess
import time
from collections.abc import Callable

import pytest

from resources.vocabulary import BatchItemStatus, BatchStatus
from tests.batches.child import start
from tests.batches.desk import Desk, documents
from tests.batches.proxy import LosingProxy
from tests.model_server import ModelServer

FINISHED = BatchItemStatus.FINISHED.value


def wait_until(condition: Callable[[], object], process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        assert process.poll() is None, "the process ended before it could be killed"
        time.sleep(0.002)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(30)


def finished(desk: Desk) -> int:
    return sum(item.status == FINISHED for item in desk.items().values())


def test_killed_while_collecting(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(700, "Collected")
    process = start("run", desk, count=700, name="Collected")
    wait_until(lambda: sum(batch.items for batch in desk.batches()) >= 500, process)
    kill(process)
    (batch,) = desk.batches()
    assert not batch.sealed
    assert model_server.stats().batches == 0
    desk.run(asked)
    desk.look_until_ended()
    seen = desk.run(asked, attempt=1)
    assert len(seen.answers) == 700
    assert len(desk.calls()) == 700
    assert model_server.stats().questions_again == 0


@pytest.mark.parametrize(
    ("provider", "started_by"), [("openai", "POST /v1/batches "), ("anthropic", "POST /v1/messages/batches ")]
)
def test_killed_after_the_provider_took_the_batch_and_before_that_was_known(
    make_desk, model_server: ModelServer, provider: str, started_by: str
) -> None:
    model_server.configure(batch_seconds=0.05)
    asked = documents(40, "Started")
    with LosingProxy(model_server.url, started_by, hang=True) as proxy:
        desk = make_desk(proxy.url, provider)
        process = start("run", desk, count=40, name="Started")
        wait_until(proxy.swallowed.is_set, process)
        kill(process)
    (batch,) = desk.batches()
    assert (batch.status, batch.remote_id) == (BatchStatus.SUBMITTED, None)
    desk.env = make_desk(model_server.url, provider).env
    desk.look_until_ended()
    assert model_server.stats().batches == 1
    assert len(desk.run(asked, attempt=1).answers) == 40
    assert model_server.stats().questions_again == 0


def test_killed_while_the_file_was_on_its_way(make_desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.05)
    asked = documents(40, "Uploaded")
    with LosingProxy(model_server.url, "POST /v1/files", hang=True) as proxy:
        desk = make_desk(proxy.url, "openai")
        process = start("run", desk, count=40, name="Uploaded")
        wait_until(proxy.swallowed.is_set, process)
        kill(process)
    assert desk.batches()[0].status is BatchStatus.PREPARED
    desk.env = make_desk(model_server.url, "openai").env
    desk.look_until_ended()
    assert model_server.stats().batches == 1
    assert len(desk.run(asked, attempt=1).answers) == 40


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_killed_twice_while_ingesting(make_desk, model_server: ModelServer, provider: str) -> None:
    model_server.configure(batch_seconds=0.05)
    desk = make_desk(model_server.url, provider)
    asked = documents(700, "Ingested")
    desk.run(asked)
    direct = desk.env
    results = {"openai": "GET /v1/files/", "anthropic": "GET /v1/messages/batches/msgbatch"}[provider]
    seen = 0
    for let_through in (250_000, 420_000):
        with LosingProxy(model_server.url, results, hang=True, let_through=let_through) as proxy:
            desk.env = {name: value.replace(model_server.url, proxy.url) for name, value in direct.items()}
            process = start("look", desk)
            wait_until(proxy.swallowed.is_set, process)
            wait_until(lambda: finished(desk) > seen, process)  # noqa: B023 - called before `seen` changes
            kill(process)
        seen = finished(desk)
        assert 0 < seen <= len(desk.calls()) < 700  # an answer is in the ledger before its item is marked
    desk.env = direct
    desk.look_until_ended()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.INGESTED
    assert finished(desk) == batch.items
    assert len(desk.calls()) == 700
    assert len(desk.run(asked, attempt=1).answers) == 700
    assert model_server.stats().questions_again == 0


def test_two_processes_that_look_at_once_do_the_work_once(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(400, "Shared")
    desk.run(asked, submit=False)
    processes = [start("look", desk) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert model_server.stats().batches == 1
    assert len(desk.calls()) == 400
    assert len(desk.run(asked, attempt=1).answers) == 400
