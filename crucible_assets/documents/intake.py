"""Taking files in: listed, hashed, stored, registered under their project, and cut into batches.

Intake comes before the pipeline, because Dagster must know a batch before it can materialise it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from upath import UPath

from crucible_assets.documents.inbox import list_files, sha256
from crucible_assets.documents.limits import MAX_FILE_BYTES
from resources.database.engine import Database
from resources.database.repositories.documents import NewFile, batches_of, mirror_folder, take_in
from resources.files import BlobStore
from resources.vocabulary import DocumentOrigin

_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Intake:
    """What an intake did."""

    files: int = 0
    new: int = 0
    left_out: int = 0  # documents that are no longer in the folder
    refused: list[Refused] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)


class SourceError(ValueError):
    """The place where documents should be is not usable; the message says what to mend."""


def take_folder(
    database: Database, files: BlobStore, tenant: str, project_id: str, source: str, origin: DocumentOrigin
) -> Intake:
    """Take in every file of a folder, glob or fsspec URL.

    Documents that are gone from a project's own FOLDER are left out of the dataset from then on. Raises SourceError
    when there is nothing to take in.
    """
    intake = Intake()
    names: dict[str, list[str]] = {}
    pending: list[NewFile] = []

    def flush() -> None:
        with database.transaction(tenant) as session:
            intake.new += sum(taken.created for taken in take_in(session, project_id, pending, origin))
        pending.clear()

    for name, path in _listing(source, intake):
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= MAX_FILE_BYTES else None
        except OSError as error:
            intake.refused.append(Refused(name, f"could not be opened: {error}"))
            continue
        if data is None:
            intake.refused.append(Refused(name, f"it has {size:,} bytes; split it, {MAX_FILE_BYTES:,} are taken"))
            continue
        digest = sha256(data)
        names.setdefault(digest, []).append(name)
        intake.files += 1
        pending.append(NewFile(name, digest, len(data), files.put(tenant, data)))
        if len(pending) == _TOGETHER:
            flush()
    if pending:
        flush()
    if not intake.files:
        raise SourceError(
            f"There are no documents in {source}." + "".join(f" {r.name}: {r.reason}" for r in intake.refused)
        )
    with database.transaction(tenant) as session:
        if origin is DocumentOrigin.FOLDER:
            intake.left_out = mirror_folder(session, project_id, names)
        intake.batches = batches_of(session, project_id)
    return intake


def _listing(source: str, intake: Intake) -> Iterator[tuple[str, UPath]]:
    if "://" in source:
        yield from _remote(source)
        return
    try:
        listing = list_files(Path(source))
    except FileNotFoundError as error:
        raise SourceError(str(error)) from error
    for problem in listing.problems:
        intake.refused.append(Refused(problem.name, problem.reason))
    for file in listing.files:
        yield file.name, UPath(file.path)


def _remote(source: str) -> list[tuple[str, UPath]]:
    """The files under an fsspec URL, hidden ones and lock files left out as in a folder."""
    try:
        root = UPath(source)
        found = [path for path in root.rglob("*") if path.is_file()]
    except Exception as error:  # every backend has errors of its own
        raise SourceError(f"{source} could not be listed: {error}") from error
    named = [(path.path.removeprefix(root.path).lstrip("/"), path) for path in found]
    visible = [
        (name, path) for name, path in named if not any(part.startswith((".", "~$")) for part in name.split("/"))
    ]
    return sorted(visible, key=lambda entry: entry[0])
