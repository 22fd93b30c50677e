"""The corpus of a judged set as a project: taken in, cut, embedded and indexed as the pipeline does it.

What is stored already is not made twice, so that a run that was interrupted goes on where it ended.
"""

import json
from collections.abc import Callable, Sequence
from uuid import UUID

from crucible_assets.chunks.asset import cut_documents
from crucible_assets.chunks.passages import PassageSettings
from crucible_assets.chunks.split import split_settings
from crucible_assets.documents.errors import Reason
from crucible_assets.documents.inbox import sha256
from crucible_assets.documents.parsed import PARSER_VERSION, Block, assemble
from crucible_assets.documents.parsers.office import language_code
from crucible_assets.documents.words import count_words, detect_language
from crucible_assets.embeddings.asset import embed_document
from resources.database.engine import TenantSession
from resources.database.repositories.documents import (
    BATCH_SIZE,
    DocumentText,
    NewFile,
    list_documents,
    mirror_folder,
    save_failed,
    save_read,
    take_in,
)
from resources.database.repositories.passages import counts
from resources.database.repositories.postings import refresh_statistics
from resources.database.repositories.projects import save_project, settings_of
from resources.embedding.contract import Embedder
from resources.installation import Installation
from resources.project import Project
from resources.search import analysis
from resources.search.beir import Entry
from resources.vocabulary import DocumentOrigin, DocumentStatus, SegmentKind

Progress = Callable[[int, int], None]
"""(documents that are done, of how many)."""


def store_corpus(
    installation: Installation,
    project: str,
    source: str,
    entries: Sequence[Entry],
    embedder: Embedder,
    progress: Progress,
) -> tuple[int, int]:
    """Make the project's documents be these entries, ready to be searched; gives (documents, passages).

    An entry's name is its id. One without text is kept as FAILED and never found, as an empty file would be.
    """
    tenant = installation.settings.tenant
    with installation.database.transaction(tenant) as session:
        save_project(session, Project(project, project, (), source=source))
    names: dict[str, list[str]] = {}
    for first in range(0, len(entries), BATCH_SIZE):
        names |= _take(installation, project, entries[first : first + BATCH_SIZE])
    with installation.database.transaction(tenant) as session:
        mirror_folder(session, project, names)
        rows = [row for row in list_documents(session, project) if row.status is not DocumentStatus.FAILED]
        cuts = split_settings(settings_of(session, project))
    uncut = [row for row in rows if row.chunks_version != cuts.hash]
    for first in range(0, len(uncut), BATCH_SIZE):
        cut_documents(installation, tenant, uncut[first : first + BATCH_SIZE], cuts)
    with installation.database.transaction(tenant) as session:
        rows = [row for row in list_documents(session, project) if row.status is not DocumentStatus.FAILED]
    sizes = PassageSettings()
    version = sizes.hash(f"{embedder.fingerprint}, {analysis.VERSION}")
    stale = [row for row in rows if row.embeddings_version != version]
    for done, row in enumerate(stale):
        progress(len(rows) - len(stale) + done, len(rows))
        embed_document(installation, tenant, row, embedder, sizes, version)
    with installation.database.transaction(tenant) as session:
        refresh_statistics(session, project)
        _, passages, _ = counts(session, [row.id for row in rows])
    return len(rows), passages


def _take(installation: Installation, project: str, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Store some entries and what is read from them; gives the name of each SHA-256."""
    tenant = installation.settings.tenant
    files: list[NewFile] = []
    for entry in entries:
        whole = {"_id": entry.id, "title": entry.title, "text": entry.text, "metadata": dict(entry.metadata)}
        data = json.dumps(whole, ensure_ascii=True, sort_keys=True).encode()
        blob = installation.files.put(tenant, data)
        files.append(NewFile(entry.id, sha256(data), len(data), blob, "application/json"))
    with installation.database.transaction(tenant) as session:
        taken = take_in(session, project, files, DocumentOrigin.FOLDER)
        for entry, outcome in zip(entries, taken, strict=True):
            if outcome.created:
                _read(session, entry, outcome.document_id)
    return {file.sha256: [file.name] for file in files}


def _read(session: TenantSession, entry: Entry, document_id: UUID) -> None:
    """Store an entry as the parsers would, its title as a heading."""
    blocks = [Block(entry.title, SegmentKind.HEADING, level=1), Block(entry.text)]
    text, segments = assemble(blocks)
    if not text:
        save_failed(session, document_id, Reason.EMPTY_DOCUMENT.value, "The entry has no text.", PARSER_VERSION)
        return
    declared = str(entry.metadata.get("language") or entry.metadata.get("lang") or "")
    fields = {
        "title": " ".join(entry.title.split())[:500] or None,
        "language": detect_language(text) or language_code(declared),
        "word_count": count_words(text),
        "metadata": dict(entry.metadata),
        "parser_version": PARSER_VERSION,
    }
    save_read(session, document_id, fields, DocumentText(text, segments))
