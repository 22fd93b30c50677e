"""The asset `documents`: files of a batch → text with its map, or FAILED with a reason."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.documents.errors import DocumentError, Reason
from crucible_assets.documents.parsed import PARSER_VERSION, ParsedDocument
from crucible_assets.documents.wire import Result
from crucible_assets.documents.worker import ParserPool
from crucible_assets.metadata import table
from crucible_assets.partitions import batches, by_project
from resources.database.repositories.documents import (
    DocumentRow,
    DocumentText,
    list_documents,
    save_failed,
    save_read,
)
from resources.database.repositories.tasks import documents_of_task
from resources.installation import Installation
from resources.observe.runs import observed
from resources.vocabulary import DocumentStatus, TaskKind


@dg.asset(
    partitions_def=batches,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="corpus",
    kinds={"python", "postgres"},
    owners=["team:data-engineering"],
    description="Files as text: parsed in worker processes with limits, mapped to pages and paragraphs, "
    "with language, words and metadata. A file that cannot be read is FAILED with a reason, alone.",
)
@observed
def documents(context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Read every document of the batches that was not yet read by this version of the parsers.

    A task that is confined to some documents reads only these; one that reprocesses what failed reads failed ones
    again.
    """
    tags = context.run.tags
    task, force = tags.get("crucible/task"), tags.get("crucible/force") == "true"
    again = tags.get("crucible/kind") == TaskKind.REPROCESS_FAILED
    for project, keys in by_project(context.partition_keys).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
            named = documents_of_task(session, UUID(task)) if task else None
        stale = [row for row in rows if is_to_be_read(row, named, force=force, again=again)]
        read_documents(installation, project.tenant, stale)
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
        for key in keys:
            mine = [row for row in rows if row.batch == key.number]
            read_now = sum(row.batch == key.number for row in stale)
            context.add_asset_metadata(_metadata(mine, read_now), partition_key=str(key))
        failed = sum(row.status is DocumentStatus.FAILED for row in rows)
        context.log.info(f"{project}: {len(rows)} documents, {len(stale)} read now, {failed} failed")


_STORE_SECONDS = 1.0  # a commit costs more than reading a short text does; what is not yet stored is read again
_STORE_CHARACTERS = 5_000_000  # kept in memory until they are stored

PASSING = {Reason.PARSE_TIMEOUT.value, Reason.PARSE_MEMORY_EXCEEDED.value, Reason.UNREADABLE_FILE.value}
"""Reasons that another try, on a quieter machine or with higher limits, may mend."""


def is_stale(row: DocumentRow) -> bool:
    """Whether a document must be read (again)."""
    return row.parser_version != PARSER_VERSION or row.error_reason in PASSING


def is_to_be_read(row: DocumentRow, named: frozenset[UUID] | None, *, force: bool, again: bool) -> bool:
    """Whether a run reads a document; `named` are those to which its task is confined."""
    if named is not None and row.id not in named:
        return False
    return force or is_stale(row) or (again and row.status is DocumentStatus.FAILED)


def read_documents(installation: Installation, tenant: str, rows: list[DocumentRow]) -> None:
    """Parse documents in worker processes and store them, those of about a second in one transaction."""
    settings = installation.settings
    if not rows:
        return

    def files() -> Iterator[tuple[UUID, bytes, str]]:
        for row in rows:
            yield row.id, installation.files.get(row.blob), row.name

    done: list[tuple[UUID, Result]] = []
    characters, due = 0, 0.0
    with ParserPool(settings.parser_workers, settings.parser_timeout_seconds, settings.parser_memory_mib) as pool:
        for document_id, result in pool.parse(files()):
            if not done:
                characters, due = 0, time.monotonic() + _STORE_SECONDS
            done.append((document_id, result))
            characters += len(result.text) if isinstance(result, ParsedDocument) else 0
            if characters >= _STORE_CHARACTERS or time.monotonic() >= due:
                _store(installation, tenant, done)
                done = []
    if done:
        _store(installation, tenant, done)


def _store(installation: Installation, tenant: str, done: Sequence[tuple[UUID, Result]]) -> None:
    with installation.database.transaction(tenant) as session:
        for document_id, result in done:
            if isinstance(result, DocumentError):
                save_failed(session, document_id, result.reason.value, str(result), PARSER_VERSION)
            else:
                save_read(session, document_id, _fields(result), DocumentText(result.text, result.segments))


def _fields(parsed: ParsedDocument) -> dict[str, Any]:
    return {
        "media_type": parsed.metadata.get("media_type", parsed.parser),
        "title": parsed.title,
        "author": parsed.author,
        "dated": parsed.created,
        "language": parsed.language,
        "page_count": parsed.page_count,
        "word_count": parsed.word_count,
        "metadata": parsed.metadata,
        "warnings": list(parsed.warnings),
        "parser_version": PARSER_VERSION,
    }


def _metadata(rows: list[DocumentRow], read_now: int) -> dict[str, Any]:
    states = Counter(row.status.value for row in rows)
    failed = [row for row in rows if row.status is DocumentStatus.FAILED]
    found = [
        {"document": r.name, "status": r.status, "words": r.word_count, "pages": r.page_count, "language": r.language}
        for r in rows
    ]
    return {
        "dagster/row_count": len(rows),
        "documents read now": read_now,
        **{f"documents {status.value}": states[status.value] for status in DocumentStatus},
        "words": sum(row.word_count or 0 for row in rows),
        "pages": sum(row.page_count or 0 for row in rows),
        "documents": table(found, ["document", "status", "words", "pages", "language"]),
        "failed documents": table(
            [{"document": r.name, "reason": r.error_reason, "what to do": r.error_message} for r in failed],
            ["document", "reason", "what to do"],
        ),
    }
