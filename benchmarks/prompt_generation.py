"""Generating and storing the prompts of a project: seconds beside a baseline of rendering only.

    python benchmarks/prompt_generation.py [--variables 50] [--rounds 5]

PostgreSQL is the embedded one, in a folder of its own. Measured are the first generation, one after every variable
was edited (new versions beside the old), and one with nothing edited; each is the median over `rounds` projects,
with the greatest beside it. Stored versions are counted, so that a figure never stands for work that was not done.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from crucible_assets.prompts.asset import make_prompts
from crucible_assets.prompts.render import render_prompt
from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.prompts import all_versions
from resources.installation import Installation
from resources.project import Project, project_from_data
from resources.settings import load_settings

TENANT = "bench"
TYPES = ("TEXT", "NUMBER", "DATE", "BOOLEAN", "CATEGORY")


def make_project(number: int, variables: int) -> Project:
    """A project with variables of all common types, rules and instructions of ordinary length."""
    rules = {f"class {n}": f"Documents of kind {n}, as the applicant or the office names them." for n in range(8)}
    return project_from_data(
        {
            "name": f"bench {number}",
            "documents": "documents/",
            "variables": [
                {
                    "name": f"field_{index}",
                    "type": (kind := TYPES[index % len(TYPES)]),
                    "instructions": f"What the document states as field {index}. " * 5,
                    **({"classification_rules": rules} if kind == "CATEGORY" else {}),
                }
                for index in range(variables)
            ],
        }
    )


def edited(project: Project) -> Project:
    """The project with other instructions for every variable."""
    changed = (replace(v, instructions=f"{v.instructions} Look at the last page too.") for v in project.variables)
    return replace(project, variables=tuple(changed))


def render(project: Project) -> int:
    """The pure part alone; gives how many prompts were made."""
    return len([render_prompt(project, variable) for variable in project.variables])


def store(database: Database, project: Project) -> int:
    """Generate and store, in a transaction of its own; gives how many versions became active."""
    with database.transaction(TENANT) as session:
        return len(make_prompts(session, project))


def seconds(work: Callable[[], int], expected: int) -> float:
    """How long `work` takes; it must have done as much as expected."""
    began = time.perf_counter()
    done = work()
    took = time.perf_counter() - began
    if done != expected:
        raise RuntimeError(f"{done} prompts were made, not {expected}")
    return took


def measure(variables: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of every round, by what was measured."""
    installation = Installation(load_settings())
    database = installation.database
    with database.transaction(TENANT) as session:
        ensure_tenant(session)
    found: dict[str, list[float]] = {"rendering only": [], "first": [], "all edited": [], "nothing edited": []}
    for number in range(rounds):
        project = make_project(number, variables)
        other = edited(project)
        with database.transaction(TENANT) as session:
            save_project(session, project)
        found["rendering only"].append(seconds(partial(render, project), variables))
        found["first"].append(seconds(partial(store, database, project), variables))
        found["all edited"].append(seconds(partial(store, database, other), variables))
        found["nothing edited"].append(seconds(partial(store, database, other), 0))
        with database.transaction(TENANT) as session:
            stored = sum(len(all_versions(session, project.id, v.name)) for v in project.variables)
        if stored != 2 * variables:
            raise RuntimeError(f"{stored} versions are stored, not {2 * variables}")
    database.dispose()
    return found


def show(found: dict[str, list[float]]) -> None:
    """Print median and greatest of each, beside the baseline."""
    base = _median(found["rendering only"])
    for name, times in found.items():
        note = "baseline" if name == "rendering only" else f"{_median(times) / base:.1f} × rendering"
        print(f"{name:<16}{_median(times):8.4f} s   at most {max(times):.4f} s   {note}")


def _median(times: Sequence[float]) -> float:
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variables", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        os.environ["CRUCIBLE_HOME"] = home
        print(f"{arguments.variables} variables, {arguments.rounds} projects")
        show(measure(arguments.variables, arguments.rounds))


if __name__ == "__main__":
    main()
