"""A process of its own that asks through a gateway, to be killed perhaps: `python -m tests.gateway.asker WORK`."""

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict, dataclass

from resources.database.engine import open_database
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import ModelRequest
from resources.settings import load_settings
from tests.gateway.asking import Desk, ask, make_request


@dataclass(frozen=True)
class Work:
    """What a process asks: `count` questions about a document, then one of its own, all at once.

    A claim of it ends so many seconds after the process was last heard of; None: as always.
    """

    tenant: str
    project_id: str
    url: str
    document: str
    count: int
    own: str
    concurrency: int = 16
    held_seconds: float | None = None


def start(work: Work) -> subprocess.Popen[str]:
    """Asks when it is told to; then prints how many answers it has, and how many it paid for."""
    arguments = [sys.executable, "-m", "tests.gateway.asker", json.dumps(asdict(work))]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    """Until it can ask at once."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def go(process: subprocess.Popen[str]) -> None:
    """Let it ask."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def ended(process: subprocess.Popen[str]) -> tuple[int, int]:
    """How many answers it got, and how many of them it paid for."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    answers, paid = map(int, said.split())
    return answers, paid


def questions(work: Work) -> list[ModelRequest]:
    """The requests, the process's own last."""
    asked = [*(f"Question {number}" for number in range(work.count)), f"Only {work.own}"]
    return [make_request(document=work.document, question=question) for question in asked]


async def _run(work: Work, desk: Desk) -> tuple[int, int]:
    provider = OpenAIProvider("gpt-4.1-mini", api_key="key", base_url=work.url, timeout_seconds=300)
    gateway = Gateway([provider], Ledger(desk.database, work.tenant), concurrency=work.concurrency)
    try:
        calls = await asyncio.gather(*(ask(gateway, request, desk.context()) for request in questions(work)))
    finally:
        await gateway.close()
    return len(calls), sum(call.paid for call in calls)


def main() -> None:
    work = Work(**json.loads(sys.argv[1]))
    if work.held_seconds is not None:
        from resources.models import claims

        claims.HELD_SECONDS = work.held_seconds
    desk = Desk(open_database(load_settings()), work.project_id, work.tenant)
    print("ready", flush=True)
    sys.stdin.readline()
    print(*asyncio.run(_run(work, desk)))


if __name__ == "__main__":
    main()
