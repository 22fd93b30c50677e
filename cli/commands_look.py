"""`crucible status`, `doctor`: look, and change nothing."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from rich.table import Table
from rich.text import Text

from cli.console import make_console
from cli.session import open_installation, open_instance
from cli.tables import money
from resources.database.migrate import APP_ROLE, current_revision, newest_revision
from resources.database.repositories.calls import spending
from resources.database.repositories.cells import count_states
from resources.database.repositories.documents import list_documents
from resources.database.repositories.entities import row_keys
from resources.database.repositories.projects import load_project, project_ids
from resources.database.repositories.tasks import latest_tasks
from resources.installation import Installation
from resources.models.errors import ModelError
from resources.models.providers.choose import describe, make_provider

console = make_console()


def show_status(project_id: str | None) -> int:
    """Projects with their documents, cells, cost and tasks."""
    installation = open_installation()
    tenant = installation.settings.tenant
    with installation.database.transaction(tenant) as session:
        chosen = [project_id] if project_id else project_ids(session)
        if not chosen:
            console.print("There are no projects yet: `crucible run PROJECT.yaml` makes one.")
        for name in chosen:
            project = load_project(session, name)
            if project is None:
                console.print(
                    f"{name}: there is no such project; known are {', '.join(project_ids(session)) or 'none'}."
                )
                return 2
            rows = list_documents(session, name)
            documents = Counter(row.status.value for row in rows)
            states = count_states(session, name, [row.id for row in rows])
            used = spending(session, name)
            keys = row_keys(session, name, project.unit_of_observation, [row.id for row in rows])
            expected = sum(map(len, keys.values())) * len(project.variables)
            console.print(Text.assemble((f"{tenant}/{name}", "bold"), f"  {project.name}"))
            console.print(f"  documents: {len(rows)}  " + "  ".join(f"{k} {v}" for k, v in sorted(documents.items())))
            filled = sum(states.values())
            console.print(
                f"  cells: {filled} of {expected}  " + "  ".join(f"{k} {v}" for k, v in sorted(states.items()))
            )
            console.print(
                f"  calls: {used.calls} finished, {used.failed_attempts} failed tries, "
                f"{used.input_tokens + used.output_tokens:,} tokens, {money(used)}"
            )
            for task in latest_tasks(session, name, 3):
                console.print(f"  task {task.id} {task.kind.value} {task.status.value}  {task.message or ''}")
    return 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at."""

    what: str
    fine: bool
    said: str


def run_doctor(*, rebuild_index: bool = False) -> int:
    """Look at all that the product stands on, the index rebuilt first if told. Returns 0 when all is well, else 2."""
    if rebuild_index:
        _rebuild_index()
    findings = list(_examine())
    table = Table(show_header=False)
    for finding in findings:
        table.add_row("ok" if finding.fine else "MEND", finding.what, finding.said)
    console.print(table)
    return 0 if all(finding.fine for finding in findings) else 2


def _rebuild_index() -> None:
    from jobs.search_index import keep_search

    done = keep_search(open_installation(), rebuild=True, report=console.print)
    console.print(f"Search index: {done.indexes}.")
    for what, why in done.failed.items():
        console.print(f"{what}: {why}")


def _examine_search(installation: Installation) -> Iterator[Finding]:
    from resources.search.health import search_health

    health = search_health(installation.database, installation.settings.embedding)
    vectors = sum(found.vectors for found in health.tenants.values())
    indexes = health.indexes.indexes
    size = sum(index.size for index in indexes) / 2**20
    told = (
        f"{vectors:,} vectors; {len(health.indexes.partitions)} tenants with a partition, {size:,.0f} MiB of indexes"
    )
    troubles = list(health.troubles())
    yield Finding("search index", not troubles, told)
    for trouble in troubles:
        yield Finding("search index", False, trouble)


def _examine() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    installation = open_installation()
    settings = installation.settings
    free = shutil.disk_usage(settings.home).free // 2**30
    yield Finding("home", free >= 2, f"{settings.home}, {free} GiB free, 2 are needed")
    yield from _examine_database(installation)
    for spec in settings.models:
        try:
            make_provider(spec, timeout_seconds=settings.call_timeout_seconds)
        except ModelError as error:
            yield Finding("model", False, str(error))
        else:
            yield Finding("model", True, describe(spec))
    yield _examine_embedder(installation)
    yield from _examine_search(installation)
    with open_instance(installation) as instance:
        runs = instance.get_runs_count()
    yield Finding("Dagster", True, f"{runs} runs in its storage")


def _examine_database(installation: Installation) -> Iterator[Finding]:
    addresses = installation.database.addresses
    engine = sa.create_engine(addresses.admin, poolclass=sa.NullPool)
    with engine.connect() as connection:
        number = int(connection.scalar(sa.text("SHOW server_version_num")) or 0)
        shown = connection.scalar(sa.text("SHOW server_version"))
        where = "embedded" if addresses.embedded else f"at {addresses.app.host}"
        yield Finding("PostgreSQL", number >= 160000, f"{shown}, {where}; 16 or newer is needed")
        vector = connection.scalar(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
        yield Finding("pgvector", vector is not None, str(vector))
        revision = current_revision(connection)
        yield Finding("tables", revision == newest_revision(), f"revision {revision}")
        open_tables = list(
            connection.scalars(
                sa.text(
                    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                    "WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') "
                    "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
                )
            )
        )
        yield Finding("row-level security", not open_tables, ", ".join(open_tables) or "forced on every tenant table")
        role = connection.execute(
            sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :r"), {"r": APP_ROLE}
        ).scalar()
        yield Finding("application role", role is False, f"{APP_ROLE} is bound by row-level security")


def _examine_embedder(installation: Installation) -> Finding:
    from resources.embedding.errors import EmbeddingError
    from resources.embedding.factory import embedder_from_settings

    settings = installation.settings
    try:
        embedder = embedder_from_settings(settings.embedding, settings.model_cache)
    except EmbeddingError as error:
        return Finding("embedding model", False, str(error))
    return Finding("embedding model", True, f"{embedder.name}, {embedder.dimension} dimensions")
