"""Pages of cells and of the dataset: how long 500 cells take to answer in a project of 100,000, over HTTP.

    python -m benchmarks.results_pages [--documents 5000] [--explain]

Target: p95 < 200 ms for 500 cells, first page and one from the middle, in every order. The requests go through the
whole application over a socket. Uses the database of the installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL), makes
a tenant of its own in it with the project, and another project of the same size beside it.
"""

import argparse
import hashlib
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
import sqlalchemy as sa
import uvicorn

from crucible_assets.prompts.asset import make_prompts
from resources.database.engine import Database, TenantSession
from resources.database.repositories.cell_pages import CellFilter, CellSort, page_of_cells
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import NewFile, take_in
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.tables import users
from resources.installation import Installation
from resources.project import Project, project_from_data
from resources.settings import load_settings
from resources.vocabulary import DocumentOrigin, Role, UnitOfObservation
from sidecar.app import make_app
from sidecar.limits.settings import load_bounds
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES
from sidecar.security.secrets import load_secrets
from sidecar.security.tokens import issue

VARIABLES = 20
REPEATS = 15


def study(database: Database, tenant: str, documents: int, draw: random.Random) -> Project:
    """A project with a cell for every document and variable, with evidence as extraction stores it."""
    variables = [{"name": f"v{n}", "type": "TEXT", "instructions": f"Field {n}."} for n in range(VARIABLES)]
    project = project_from_data({"name": f"pages {uuid4().hex[:8]}", "variables": variables})
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, project)
        make_prompts(session, project)
        names = [f"folder-{draw.randrange(99)}/document-{n}.pdf" for n in range(documents)]
        files = [NewFile(n, hashlib.sha256((project.id + n).encode()).hexdigest(), 1, f"b/{n}") for n in names]
        taken = take_in(session, project.id, files, DocumentOrigin.FOLDER)
    for start in range(0, documents, 100):
        rows = [
            _cell(item.document_id, f"v{n}", draw) for item in taken[start : start + 100] for n in range(VARIABLES)
        ]
        with database.transaction(tenant) as session:
            save_cells(session, project.id, rows)
    return project


def _cell(document: object, variable: str, draw: random.Random) -> dict[str, object]:
    words = " ".join(draw.choice(["agreed", "amount", "party", "clause", "契約", "Straße"]) for _ in range(25))
    box = [round(draw.uniform(0, 600), 1) for _ in range(4)]
    state = draw.choice(["VALUE"] * 7 + ["ABSENT", "UNCERTAIN", "FAILED"])
    value = f"{words[:40]} {draw.randrange(10**6)}" if state in ("VALUE", "UNCERTAIN") else None
    place = {"page": draw.randrange(1, 20), "boxes": [box, box], "label": None}
    reasons = ["nothing usable"] if state in ("FAILED", "UNCERTAIN") else []
    piece = {"quote": words, "start": 1, "end": 150, "status": "EXACT", "score": 1.0, "places": [place]}
    return {
        "document_id": document, "row_key": "", "variable": variable, "state": state, "value": value, "raw": value,
        "confidence": None if state == "FAILED" else round(draw.random(), 3), "uncalibrated": None,
        "evidence": [piece] if value else [], "reasons": reasons,
        "prompt_version": 1, "model": "openai:test", "call_keys": [uuid4().hex], "fingerprint": uuid4().hex,
        "task_id": None,
    }  # fmt: skip


@contextmanager
def served(installation: Installation, tenant: str) -> Iterator[httpx.Client]:
    """A client of the application on a socket, with a researcher's token and a limit of rate that is far away."""
    secrets = load_secrets(installation.settings.home)
    user = uuid4()
    with installation.database.transaction(tenant) as session:
        row = {"tenant_id": tenant, "id": user, "email": f"{user}@example.org", "name": "r", "role": "researcher"}
        session.execute(sa.insert(users).values(row))
    who = Principal(tenant, f"user:{user}", Role.RESEARCHER, SCOPES[Role.RESEARCHER], str(user))
    bounds = load_bounds({"CRUCIBLE_RATE_PER_MINUTE": "1000000"})
    config = uvicorn.Config(make_app(installation, secrets, bounds), port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {issue(secrets, who)}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join()


def measure(client: httpx.Client, path: str, **asked: object) -> tuple[float, float, dict]:
    """(p50, p95) in milliseconds, and the last answer."""
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        answer = client.get(path, params=asked)
        took.append((time.perf_counter() - start) * 1000)
        answer.raise_for_status()
    took.sort()
    return took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.95))], answer.json()


def explain(session: TenantSession, project: Project) -> None:
    """Print the plan of the page of each order."""

    def shown(state):
        if state.is_select and "cells" in str(state.statement):
            dialect = session.get_bind().dialect
            compiled = state.statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            plan = session.connection().exec_driver_sql(
                "EXPLAIN (ANALYZE, BUFFERS) " + str(compiled).replace("%%", "%").replace("%", "%%")
            )
            print("\n".join(row[0] for row in plan), "\n")

    sa.event.listen(session, "do_orm_execute", shown)
    for sort in CellSort:
        print(f"-- {sort}")
        page_of_cells(session, project.id, UnitOfObservation.DOCUMENT, CellFilter(), sort=sort, limit=501)


def main() -> None:
    """Measure, and print the figures as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    installation = Installation(load_settings())
    tenant, draw = f"pages-{uuid4().hex[:8]}", random.Random(1)
    project = study(installation.database, tenant, options.documents, draw)
    study(installation.database, tenant, options.documents, draw)
    if options.explain:
        with installation.database.transaction(tenant) as session:
            explain(session, project)
    cells, table = "/v1/results/cells", "/v1/results/datasets/latest"
    orders = ("document", "-document", "variable", "confidence", "-confidence", "updated_at", "-updated_at")
    asked: list[tuple[str, str, dict]] = [(f"cells by {o}", cells, {"sort": o, "limit": 500}) for o in orders]
    asked += [
        ("cells FAILED", cells, {"state": "FAILED", "limit": 500}),
        ("cells unreviewed, least sure", cells, {"reviewed": False, "sort": "confidence", "limit": 500}),
        ("cells with text", cells, {"q": "straße amount", "limit": 500}),
        ("cells with rare text", cells, {"q": "nowhere to be found", "limit": 500}),
        ("cells counted", cells, {"count": True, "limit": 500}),
        ("table, 25 rows", table, {"limit": 25}),
        ("quality", "/v1/quality", {}),
    ]
    with served(installation, tenant) as client:
        for name, path, given in asked:
            given = {"project_id": project.id, **given}
            p50, p95, answer = measure(client, path, **given)
            line = {"what": name, "page": "first", "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}
            print(json.dumps(line), flush=True)
            if answer.get("next"):
                for _ in range(20):
                    answer = client.get(path, params={**given, "after": answer["next"]}).json()
                    if not answer["next"]:
                        break
                else:
                    p50, p95, _answer = measure(client, path, **given, after=answer["next"])
                    line |= {"page": "22nd", "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}
                    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
