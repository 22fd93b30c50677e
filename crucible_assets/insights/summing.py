"""The summaries of documents and of their project, made where they are missing, stale, or were made otherwise."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from crucible_assets.insights.asking import Asker, Spent
from crucible_assets.insights.extractive_summary import summary_by_copy
from crucible_assets.insights.load import language_of, load_facts, load_source
from crucible_assets.insights.summaries import (
    Fact,
    Source,
    Summary,
    copied_summary,
    document_summary,
    fingerprint,
    project_fingerprint,
    project_summary,
)
from crucible_assets.insights.work import Work, asks
from resources.database.repositories.documents import DocumentRow, list_documents
from resources.database.repositories.insight_rows import (
    delete_summary_of_project,
    made_summaries,
    replace_summary,
    text_hashes,
)
from resources.vocabulary import CallPurpose


@dataclass(frozen=True, slots=True)
class Summed:
    """What a run made, by document, why others failed, and what it spent."""

    spent: Spent
    made: Mapping[UUID, Summary] = field(default_factory=dict)
    failed: Mapping[UUID, str] = field(default_factory=dict)


def sum_up_documents(work: Work, rows: Sequence[DocumentRow]) -> Summed:
    """Make the summaries of documents that are not up to date. Raises ModelError and RunStoppedError."""
    database, language = work.installation.database, work.project.language
    made: dict[UUID, Summary] = {}
    with database.transaction(work.tenant, read_only=True) as session:
        known = made_summaries(session, work.project.id)
        hashes = text_hashes(session, [row.id for row in rows])

    def up_to_date(row: DocumentRow) -> bool:
        present = known.get(row.id)
        made_with = fingerprint(hashes[row.id], work.specs, language_of(row.language, language))
        return present is not None and not present.stale and present.fingerprint == made_with

    def load(row: DocumentRow) -> tuple[Source, str] | None:
        with database.transaction(work.tenant, read_only=True) as session:
            return load_source(session, row, language)

    def store(source: Source, digest: str, summary: Summary, model: str | None) -> None:
        made_with = fingerprint(digest, work.specs, source.language)
        with database.transaction(work.tenant) as session:
            replace_summary(session, work.project.id, source.id, made_with, model, summary.said, {source.id: digest})

    async def sum_up(row: DocumentRow, asker: Asker | None) -> None:
        loaded = await asyncio.to_thread(load, row)
        if loaded is None:
            return  # deleted since
        source, digest = loaded
        models: set[str] = set()
        if asker is None:
            summary = await asyncio.to_thread(_copied, source)
        else:
            ask = asks(asker, models, CallPurpose.SUMMARISE, source.id)
            summary = await document_summary(source, work.specs, ask)
        await asyncio.to_thread(store, source, digest, summary, _model(summary, models))
        made[source.id] = summary

    stale = [row for row in rows if row.id in hashes and (work.force or not up_to_date(row))]
    done, spent = work.over(stale, sum_up, "documents")
    failed = {
        row.id: f"it could not be read: {row.error_message or row.status.value}"
        for row in rows
        if row.id not in hashes
    }
    failed |= {stale[place].id: reason for place, reason in done.failed.items()}
    return Summed(spent, made, failed)


@dataclass(frozen=True, slots=True)
class Whole:
    """What became of a project's summary. `summary` None: the present one stands, or there are no facts."""

    spent: Spent
    documents: int
    facts: int
    summary: Summary | None = None
    failed: str | None = None  # why none was made


def sum_up_project(work: Work) -> Whole:
    """Make the summary of a project if it is not up to date. Raises ModelError and RunStoppedError."""
    database, project, language = work.installation.database, work.project.id, work.project.language
    with database.transaction(work.tenant) as session:
        rows = list_documents(session, project)
        facts = load_facts(session, project, {row.id: language_of(row.language, language) for row in rows})
        hashes = text_hashes(session, [c.document_id for fact in facts for c in fact.statement.citations])
        present = made_summaries(session, project).get(None)
        if not facts:
            delete_summary_of_project(session, project)
    made_with = project_fingerprint(facts, work.specs, language)
    current = present is not None and not present.stale and present.fingerprint == made_with
    if not facts or (current and not work.force):
        return Whole(Spent(), len(rows), len(facts))
    made: list[Summary] = []

    def store(summary: Summary, model: str | None) -> None:
        with database.transaction(work.tenant) as session:
            replace_summary(session, project, None, made_with, model, summary.said, hashes)

    async def sum_up(some: Sequence[Fact], asker: Asker | None) -> None:
        models: set[str] = set()
        if asker is None:
            summary = await asyncio.to_thread(copied_summary, some)
        else:
            ask = asks(asker, models, CallPurpose.SUMMARISE)
            summary = await project_summary(some, work.specs, language, ask)
        await asyncio.to_thread(store, summary, _model(summary, models))
        made.append(summary)

    done, spent = work.over([facts], sum_up, "summaries")
    return Whole(spent, len(rows), len(facts), made[0] if made else None, done.failed.get(0))


def _copied(source: Source) -> Summary:
    return Summary(summary_by_copy(source.id, source.text, source.segments, source.language), copied=True)


def _model(summary: Summary, models: set[str]) -> str | None:
    return None if summary.copied else ", ".join(sorted(models))
