"""Documents: intake, what was read from them, and their texts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import chunks, document_texts, documents, projects
from resources.vocabulary import DocumentOrigin, DocumentStatus, Segment, SegmentKind

BATCH_SIZE = 100
"""Documents per batch: the partition of the pipeline."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to take in."""

    name: str
    sha256: str
    size_bytes: int
    blob: str
    media_type: str | None = None  # as its content says; None: not looked at yet


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file at intake."""

    document_id: UUID
    batch: int
    created: bool
    version: int = 1  # of its name; more than 1: it took the place of another document


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document without its text."""

    id: UUID
    name: str
    other_names: list[str]
    batch: int
    sha256: str  # of its bytes
    status: DocumentStatus
    blob: str
    size_bytes: int
    language: str | None
    page_count: int | None
    word_count: int | None
    parser_version: str | None
    chunks_version: str | None
    embeddings_version: str | None
    error_reason: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of a document with its map."""

    text: str
    segments: tuple[Segment, ...]


_ROW = [documents.c[name] for name in DocumentRow.__dataclass_fields__]


def _row(row: Any) -> DocumentRow:
    return DocumentRow(**{**row._mapping, "status": DocumentStatus(row.status)})


def take_in(
    session: TenantSession,
    project_id: str,
    files: Sequence[NewFile],
    origin: DocumentOrigin,
    *,
    added_by: str | None = None,
) -> list[Taken]:
    """Register files, in order. The same bytes are one document; other bytes under a known name are a new version.

    The project's row is locked, so that two intakes cannot fill the same batch.
    """
    tenant = tenant_of(session)
    session.execute(sa.select(projects.c.id).where(projects.c.id == project_id).with_for_update()).one()
    known = _known(session, project_id, {file.sha256 for file in files})
    batch, filled = _last_batch(session, project_id)
    taken = []
    for file in files:
        old = known.get(file.sha256)
        if old is not None:
            _know_again(session, project_id, old, file.name, origin)
            taken.append(Taken(old.id, old.batch, created=False, version=old.version))
            continue
        if filled >= BATCH_SIZE:
            batch, filled = batch + 1, 0
        document_id = uuid4()
        version = _retire(session, project_id, file.name, but=document_id)
        session.execute(
            sa.insert(documents).values(
                tenant_id=tenant,
                id=document_id,
                project_id=project_id,
                batch=batch,
                sha256=file.sha256,
                name=file.name,
                version=version,
                size_bytes=file.size_bytes,
                media_type=file.media_type,
                blob=file.blob,
                origin=origin.value,
                added_by=added_by,
                status=DocumentStatus.UPLOADED.value,
            )
        )
        known[file.sha256] = _Known(document_id, batch, file.name, frozenset(), version)
        filled += 1
        taken.append(Taken(document_id, batch, created=True, version=version))
    return taken


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    batch: int
    name: str
    other_names: frozenset[str]
    version: int


def _known(session: TenantSession, project_id: str, digests: Collection[str]) -> dict[str, _Known]:
    """The documents of these bytes."""
    columns = [documents.c[name] for name in ("id", "batch", "name", "other_names", "version", "sha256")]
    rows = session.execute(
        sa.select(*columns).where(documents.c.project_id == project_id, documents.c.sha256.in_(digests))
    )
    return {row.sha256: _Known(row.id, row.batch, row.name, frozenset(row.other_names), row.version) for row in rows}


def _last_batch(session: TenantSession, project_id: str) -> tuple[int, int]:
    """(number, documents in it) of the newest batch; (1, 0) when there is none yet."""
    newest = session.execute(
        sa.select(documents.c.batch, sa.func.count())
        .where(documents.c.project_id == project_id)
        .group_by(documents.c.batch)
        .order_by(documents.c.batch.desc())
        .limit(1)
    ).one_or_none()
    return (newest[0], newest[1]) if newest else (1, 0)


def _know_again(session: TenantSession, project_id: str, old: _Known, name: str, origin: DocumentOrigin) -> None:
    """The same bytes came again, perhaps under another name, perhaps after they had been replaced.

    That a file still lies in the folder is no news: what somebody put in its place since stays.
    """
    change: dict[str, Any] = {}
    if name != old.name and name not in old.other_names:
        change["other_names"] = sa.func.array_append(documents.c.other_names, name)
    if origin is not DocumentOrigin.FOLDER or not _replaced_by_hand(session, project_id, name, old.version):
        _retire(session, project_id, name, but=old.id)
        change["current"] = True
    if origin is DocumentOrigin.UPLOAD:
        change["origin"] = origin.value  # a person wants it, whether the folder keeps it or not
    if change:
        session.execute(sa.update(documents).where(documents.c.id == old.id).values(**change))


def _replaced_by_hand(session: TenantSession, project_id: str, name: str, version: int) -> bool:
    """Whether a later version of this name was uploaded or put into the inbox."""
    newer = sa.select(documents.c.id).where(
        documents.c.project_id == project_id,
        documents.c.name == name,
        documents.c.current,
        documents.c.version > version,
        documents.c.origin != DocumentOrigin.FOLDER.value,
    )
    return session.scalar(newer.limit(1)) is not None


def _retire(session: TenantSession, project_id: str, name: str, but: UUID) -> int:
    """Retire the other document that now has this name; returns the version of its successor."""
    retired = session.scalars(
        sa.update(documents)
        .where(
            documents.c.project_id == project_id,
            documents.c.name == name,
            documents.c.current,
            documents.c.id != but,
        )
        .values(current=False)
        .returning(documents.c.version)
    ).all()
    return max(retired, default=0) + 1


def mirror_folder(session: TenantSession, project_id: str, names: Mapping[str, Sequence[str]]) -> int:
    """Make the documents of the folder what a complete listing says; `names` are the names of each SHA-256.

    A document bears the first name it has there and remembers the others. Documents of the folder that are not
    listed are left out of the dataset but stay stored; returns how many were left out now.
    """
    left_out = 0
    columns = (documents.c.id, documents.c.sha256, documents.c.name, documents.c.other_names, documents.c.version)
    rows = session.execute(
        sa.select(*columns, documents.c.current, documents.c.origin).where(documents.c.project_id == project_id)
    ).all()
    for row in rows:
        listed = names.get(row.sha256)
        if listed is None:
            if row.current and row.origin == DocumentOrigin.FOLDER.value:
                set_fields(session, row.id, current=False)
                left_out += 1
            continue
        others = sorted({row.name, *row.other_names, *listed} - {listed[0]})
        current = row.current or not _replaced_by_hand(session, project_id, listed[0], row.version)
        if (row.name, row.other_names, row.current) != (listed[0], others, current):
            set_fields(session, row.id, name=listed[0], other_names=others, current=current)
    return left_out


def batches_of(session: TenantSession, project_id: str) -> list[int]:
    """The numbers of the batches that hold current documents."""
    return list(
        session.scalars(
            sa.select(documents.c.batch)
            .where(documents.c.project_id == project_id, documents.c.current)
            .distinct()
            .order_by(documents.c.batch)
        )
    )


def list_documents(
    session: TenantSession, project_id: str, batches: Collection[int] | None = None
) -> list[DocumentRow]:
    """Current documents in the order of their names, of some batches or of all."""
    query = sa.select(*_ROW).where(documents.c.project_id == project_id, documents.c.current)
    if batches is not None:
        query = query.where(documents.c.batch.in_(list(batches)))
    return [_row(row) for row in session.execute(query.order_by(documents.c.name, documents.c.id))]


def save_read(session: TenantSession, document_id: UUID, fields: dict[str, Any], text: DocumentText) -> None:
    """Store what a parser read; everything derived from an earlier text is dropped by the stages that made it."""
    session.execute(
        sa.update(documents)
        .where(documents.c.id == document_id)
        .values(
            status=DocumentStatus.PARSED.value,
            error_reason=None,
            error_message=None,
            chunks_version=None,
            embeddings_version=None,
            updated_at=sa.func.now(),
            **fields,
        )
    )
    rows = insert(document_texts).values(
        tenant_id=tenant_of(session),
        document_id=document_id,
        text=text.text,
        segments=segments_to_json(text.segments),
    )
    session.execute(
        rows.on_conflict_do_update(
            index_elements=["tenant_id", "document_id"],
            set_={"text": rows.excluded.text, "segments": rows.excluded.segments},
        )
    )


def save_failed(session: TenantSession, document_id: UUID, reason: str, message: str, parser_version: str) -> None:
    """Store that a document could not be read, and why."""
    session.execute(
        sa.update(documents)
        .where(documents.c.id == document_id)
        .values(
            status=DocumentStatus.FAILED.value,
            error_reason=reason,
            error_message=message.replace("\x00", "\ufffd"),
            parser_version=parser_version,
            chunks_version=None,
            embeddings_version=None,
            updated_at=sa.func.now(),
        )
    )
    for derived in (document_texts, chunks):  # passages and vectors go with their chunks
        session.execute(sa.delete(derived).where(derived.c.document_id == document_id))


def set_fields(session: TenantSession, document_id: UUID, **fields: Any) -> None:
    """Change columns of one document."""
    session.execute(
        sa.update(documents).where(documents.c.id == document_id).values(updated_at=sa.func.now(), **fields)
    )


def load_texts(session: TenantSession, ids: Iterable[UUID]) -> dict[UUID, DocumentText]:
    """The texts of documents that were read."""
    rows = session.execute(sa.select(document_texts).where(document_texts.c.document_id.in_(list(ids))))
    return {row.document_id: DocumentText(row.text, segments_from_json(row.segments)) for row in rows}


def languages_by_document(session: TenantSession, ids: Iterable[UUID]) -> dict[UUID, str | None]:
    """The language of each of these documents, as it was detected."""
    rows = session.execute(sa.select(documents.c.id, documents.c.language).where(documents.c.id.in_(list(ids))))
    return dict(rows.tuples().all())


def segments_to_json(segments: Iterable[Segment]) -> list[list[Any]]:
    """A compact form: one short list per segment."""
    return [
        [s.start, s.end, s.kind.value, s.page, list(s.box) if s.box else None, s.label, s.level] for s in segments
    ]


def segments_from_json(data: Iterable[Sequence[Any]]) -> tuple[Segment, ...]:
    """The inverse of `segments_to_json`."""
    return tuple(
        Segment(start, end, SegmentKind(kind), page, (box[0], box[1], box[2], box[3]) if box else None, label, level)
        for start, end, kind, page, box, label, level in data
    )
