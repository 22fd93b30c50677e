"""Ticks of sensors, and the runs and documents that they look at."""

import uuid

import dagster as dg
from dagster._core.test_utils import create_run_for_test

from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.parsed import PARSER_VERSION
from resources.database.repositories.documents import list_documents, set_fields
from resources.database.repositories.projects import save_project
from resources.database.repositories.tasks import (
    get_task,
)
from resources.project import project_from_data
from resources.vocabulary import DocumentStatus

DONE, FAILED, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED


def make_project(database, tenant):
    made = project_from_data(
        {
            "name": f"study {uuid.uuid4().hex[:10]}",
            "documents": "x",
            "variables": [
                {"name": "price", "type": "NUMBER", "instructions": "The price."},
                {"name": "signed", "type": "DATE", "instructions": "The day."},
            ],
        }
    )
    with database.transaction(tenant) as session:
        save_project(session, made)
    return made


def tick(sensor, instance, installation, cursor=None, tenants=None):
    """The requests of one tick, for some tenants only, and the cursor after it."""
    context = dg.build_sensor_context(instance=instance, resources={"installation": installation}, cursor=cursor)
    requests = [r for r in sensor(context) or [] if isinstance(r, dg.RunRequest)]
    return [r for r in requests if tenants is None or r.tags["crucible/tenant"] in tenants], context.cursor


def start(instance, request, status, job_name="ingest"):
    """A run as the request asks for it, in the state given."""
    name = request.job_name or job_name
    return create_run_for_test(instance, job_name=name, tags=dict(request.tags), status=status)


def put(installation, tenant, project, name, text=None):
    folder = installation.settings.inbox / tenant / project.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text or f"{project.id} {name}")


def set_ready(database, tenant, project, **fields):
    """All documents as `ingest` leaves them."""
    ready = {
        "status": DocumentStatus.READY.value,
        "parser_version": PARSER_VERSION,
        "chunks_version": SplitSettings().hash,
        "embeddings_version": "e",
    }
    with database.transaction(tenant) as session:
        for row in list_documents(session, project.id):
            set_fields(session, row.id, **{**ready, **fields})


def task_of(database, tenant, task_id):
    with database.transaction(tenant) as session:
        return get_task(session, task_id)
