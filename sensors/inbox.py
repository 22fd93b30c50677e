"""The inbox sensor: files put under `inbox/<tenant>/<project>/` are taken in and read.

Taking in and reading are decided apart. What lies in the folders is taken in when a folder has changed; what is to
be read is asked of the documents table at every tick. A tick that dies between the two loses nothing.
"""

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import dagster as dg

from crucible_assets.documents.intake import SourceError, take_folder
from crucible_assets.partitions import RANGE_END, RANGE_START, BatchKey, ProjectKey, register, segments
from jobs.jobs import ingest
from jobs.staleness import unread
from resources.database.repositories.documents import batches_of
from resources.database.repositories.projects import load_project
from resources.database.repositories.staleness import StaleDocument
from resources.database.repositories.tasks import open_tasks
from resources.installation import Installation
from resources.vocabulary import DocumentOrigin, TaskKind

_SETTLED_SECONDS = 2.0  # a folder that changed a moment ago may still be being written
_INTAKE_SECONDS = 20.0  # after so long no further folder is begun; Dagster gives a tick 60 s
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=ingest,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes in new files of the inbox folder and starts `ingest` for the batches that hold documents "
    "of the inbox which are not read. What goes wrong with one project does not stop the others.",
)
def inbox_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Take in what changed in the folders, then ask for what is unread, whoever took it in and when."""
    tenants = installation.database.tenants()
    context.update_cursor(_take_in_changed(context, installation, tenants))
    for tenant in tenants:
        try:
            with installation.database.transaction(tenant) as session:
                waiting = unread(session, origin=DocumentOrigin.INBOX)
                busy = {task.project_id for task in open_tasks(session) if task.kind is not TaskKind.EXPORT}
        except Exception:
            context.log.exception(f"The documents of tenant {tenant} cannot be looked at; they are next time")
            continue
        for project_id, documents in groupby(waiting, key=lambda document: document.project_id):
            key = ProjectKey(tenant, project_id)
            try:
                if project_id in busy or _is_being_read(context.instance, key):
                    continue  # what that leaves unread is asked for when it has ended
                with installation.database.transaction(tenant) as session:
                    numbers = batches_of(session, project_id)
                register(context.instance, key, numbers)  # all of them, so that Dagster has them in order
                requests = requests_for(context.instance, key, list(documents))
            except Exception:
                context.log.exception(f"{key}: no run could be asked for; it is tried again")
                continue
            yield from requests


def requests_for(
    instance: dg.DagsterInstance, key: ProjectKey, documents: Sequence[StaleDocument]
) -> list[dg.RunRequest]:
    """Runs over the batches of some unread documents; Dagster must know the batches.

    The run key holds which documents they are: the same ones start a run once, others another.
    """
    batches = {str(BatchKey(key.tenant, key.project, document.batch)): document.batch for document in documents}
    order = list(instance.get_dynamic_partitions("batches"))
    found = []
    for first, last in segments(order, batches):
        covered = {batches[name] for name in order[order.index(first) : order.index(last) + 1]}
        ids = [str(document.id) for document in documents if document.batch in covered]
        found.append(
            dg.RunRequest(
                run_key=f"inbox/{first}/{last}/{_digest(ids)}",
                tags={
                    "crucible/tenant": key.tenant,
                    "crucible/project": key.project,
                    RANGE_START: first,
                    RANGE_END: last,
                },
            )
        )
    return found


def _is_being_read(instance: dg.DagsterInstance, key: ProjectKey) -> bool:
    tags = {"crucible/tenant": key.tenant, "crucible/project": key.project}
    wanted = dg.RunsFilter(job_name=ingest.name, tags=tags, statuses=_UNFINISHED)
    return bool(instance.get_run_ids(wanted, limit=1))


def _take_in_changed(
    context: dg.SensorEvaluationContext, installation: Installation, tenants: Collection[str]
) -> str:
    """Take in the folders that changed, as many as the time allows; gives the next cursor.

    The cursor holds the signature of each folder as it was taken in, and the folder after which to begin next time,
    so that a slow one does not keep the others waiting for ever.
    """
    cursor = json.loads(context.cursor) if context.cursor else {}
    seen: dict[str, str] = cursor.get("seen", {})
    folders = {
        str(ProjectKey(folder.parent.name, folder.name)): folder
        for folder in installation.settings.inbox.glob("*/*")
        if folder.parent.name in tenants and folder.is_dir()
    }
    after = ""
    end = time.monotonic() + _INTAKE_SECONDS
    for name in _in_turn(folders, cursor.get("after", "")):
        try:
            signature = _take_in(context, installation, ProjectKey.parse(name), folders[name], seen.get(name))
        except SourceError as error:
            context.log.warning(str(error))
        except Exception:
            context.log.exception(f"{folders[name]} could not be taken in; it is tried again")
        else:
            if signature is not None:
                seen[name] = signature
        if time.monotonic() > end:
            after = name
            break
    return json.dumps({"seen": {name: seen[name] for name in sorted(seen) if name in folders}, "after": after})


def _in_turn(names: Iterable[str], after: str) -> list[str]:
    """Names in order, beginning with the one behind `after`."""
    return sorted(names, key=lambda name: (name <= after, name))


def _take_in(
    context: dg.SensorEvaluationContext, installation: Installation, key: ProjectKey, folder: Path, seen: str | None
) -> str | None:
    """Take in one folder if it changed and is at rest; gives its signature, None when nothing was done."""
    signature, newest = look(folder)
    if not signature or signature == seen or time.time() - newest < _SETTLED_SECONDS:
        return None
    with installation.database.transaction(key.tenant) as session:
        if load_project(session, key.project) is None:
            context.log.warning(f"{folder}: there is no project {key}; create it first")
            return None
    intake = take_folder(
        installation.database, installation.files, key.tenant, key.project, str(folder), DocumentOrigin.INBOX
    )
    for refused in intake.refused:
        context.log.warning(f"{key}: {refused.name}: {refused.reason}")
    return signature


def look(folder: Path) -> tuple[str, float]:
    """A signature of names, sizes and times of the files in a folder, and the newest time; ('', 0) when empty.

    The times are those of the last change of content or permissions, so that a file made readable counts as new.
    """
    stats = [(str(p.relative_to(folder)), p.stat()) for p in sorted(folder.rglob("*")) if p.is_file()]
    if not stats:
        return "", 0.0
    signature = _digest([f"{name} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}" for name, stat in stats])
    return signature, max(stat.st_ctime for _, stat in stats)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(lines)).encode()).hexdigest()[:16]
