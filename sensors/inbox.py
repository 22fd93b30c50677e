"""The inbox sensor: files put under `inbox/<tenant>/<project>/` are taken in and read."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from crucible_assets.documents.intake import SourceError, take_folder
from crucible_assets.partitions import RANGE_END, RANGE_START, ProjectKey, register, segments
from jobs.jobs import ingest
from resources.database.repositories.projects import load_project
from resources.installation import Installation
from resources.vocabulary import DocumentOrigin

_SETTLED_SECONDS = 2.0  # a folder that changed a moment ago may still be being written


@dg.sensor(
    job=ingest,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes in new files of the inbox folder and starts `ingest` for their batches.",
)
def inbox_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Look at every project's inbox that changed since the last look."""
    inbox = installation.settings.inbox
    seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    known = set(installation.database.tenants()) if inbox.is_dir() else set()
    for folder in sorted(inbox.glob("*/*")) if known else []:
        if not folder.is_dir() or folder.parent.name not in known:
            continue
        key = ProjectKey(folder.parent.name, folder.name)
        signature, newest = look(folder)
        if not signature or seen.get(str(key)) == signature or time.time() - newest < _SETTLED_SECONDS:
            continue
        with installation.database.transaction(key.tenant) as session:
            if load_project(session, key.project) is None:
                context.log.warning(f"{folder}: there is no project {key}; create it first")
                continue
        try:
            intake = take_folder(
                installation.database, installation.files, key.tenant, key.project, str(folder), DocumentOrigin.INBOX
            )
        except SourceError as error:
            context.log.warning(str(error))
            continue
        seen[str(key)] = signature
        for refused in intake.refused:
            context.log.warning(f"{refused.name}: {refused.reason}")
        if not intake.new:
            continue
        keys = register(context.instance, key, intake.batches)
        for first, last in segments(context.instance.get_dynamic_partitions("batches"), keys):
            yield dg.RunRequest(run_key=f"inbox/{first}/{signature}", tags={RANGE_START: first, RANGE_END: last})
    context.update_cursor(json.dumps(seen))


def look(folder: Path) -> tuple[str, float]:
    """A signature of names, sizes and times of the files in a folder, and the newest time; ('', 0) when empty."""
    stats = [(str(p.relative_to(folder)), p.stat()) for p in sorted(folder.rglob("*")) if p.is_file()]
    if not stats:
        return "", 0.0
    signature = hash_of([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    return signature, max(stat.st_mtime for _, stat in stats)


def hash_of(listing: list[tuple[str, int, int]]) -> str:
    """A short digest of a listing."""
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()[:16]
