"""A process of its own that works on batches, to be killed: `python -m tests.batches.child ACTION ARGUMENTS`."""

import json
import subprocess
import sys
from uuid import UUID

from resources.database.engine import open_database
from resources.settings import load_settings
from tests.batches.desk import Desk, documents


def start(action: str, desk: Desk, *, count: int = 0, name: str = "Loan") -> subprocess.Popen[bytes]:
    """Do something with a desk in another process: `run` collects and submits, `look` looks until nothing is out."""
    arguments = {
        "tenant": desk.tenant,
        "project_id": desk.project_id,
        "task_id": str(desk.task_id),
        "env": desk.env,
        "provider": desk.provider,
        "count": count,
        "name": name,
    }
    return subprocess.Popen([sys.executable, "-m", "tests.batches.child", action, json.dumps(arguments)])


def main() -> None:
    action, given = sys.argv[1], json.loads(sys.argv[2])
    desk = Desk(
        open_database(load_settings()),
        given["tenant"],
        given["project_id"],
        UUID(given["task_id"]),
        given["env"],
        given["provider"],
    )
    if action == "run":
        desk.run(documents(given["count"], given["name"]))
    else:
        desk.look_until_ended(10_000)


if __name__ == "__main__":
    main()
