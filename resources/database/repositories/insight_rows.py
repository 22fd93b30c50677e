"""Summaries and themes as they are made: what is stale, what they are made from, and putting them in place.

Whatever is stored was made from texts that were read a while ago. It is stored only if these texts are still there
as they were read, and they then stay so until it is: a text that is deleted or read anew waits for the transaction,
and its triggers take what rested on it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.statements import Owner, StoredStatement, add_statements, statements_of
from resources.database.tables import documents, summaries, tasks, themes
from resources.statements import Citation, Statement
from resources.vocabulary import DocumentStatus, TaskKind, TaskStatus

_READ_TOGETHER = 5_000  # passages in one round trip


class ChangedMeanwhileError(RuntimeError):
    """A text that something was made from has been deleted or read anew since; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Made:
    """With what a stored summary was made, and whether it has lost something since."""

    fingerprint: str
    stale: bool


def text_hash(text: str) -> str:
    """SHA-256 of a document's text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def made_summaries(session: TenantSession, project_id: str) -> Mapping[UUID | None, Made]:
    """With what each summary of a project was made, by document; None is the project's own."""
    query = sa.select(summaries.c.document_id, summaries.c.fingerprint, summaries.c.stale)
    rows = session.execute(query.where(summaries.c.project_id == project_id))
    return {row.document_id: Made(row.fingerprint, row.stale) for row in rows}


_UNCHANGED = sa.text(
    "SELECT document_id FROM document_texts WHERE document_id = ANY(CAST(:ids AS uuid[])) "
    "AND encode(sha256(convert_to(text, 'UTF8')), 'hex') = (CAST(:hashes AS jsonb) ->> document_id::text) "
    "FOR SHARE"
)


def hold_texts(session: TenantSession, hashes: Mapping[UUID, str]) -> None:
    """Keep texts as they are until the transaction ends. Raises ChangedMeanwhileError where one is another now."""
    wanted = {str(id_): digest for id_, digest in hashes.items()}
    held = session.scalars(_UNCHANGED, {"ids": list(hashes), "hashes": json.dumps(wanted)}).all()
    if len(held) < len(wanted):
        raise ChangedMeanwhileError(f"{len(wanted) - len(held)} of {len(wanted)} texts have changed since")


def replace_summary(
    session: TenantSession,
    project_id: str,
    document_id: UUID | None,
    fingerprint: str,
    model: str | None,
    said: Sequence[Statement],
    hashes: Mapping[UUID, str],
) -> UUID:
    """Put a summary in the place of the old one, and give its id. `hashes` are those of all texts that it is about.

    Raises ChangedMeanwhileError when one of the texts is another by now.
    """
    hold_texts(session, hashes)
    values = {"fingerprint": fingerprint, "model": model, "stale": False, "created_at": sa.func.clock_timestamp()}
    key = {"tenant_id": tenant_of(session), "project_id": project_id, "document_id": document_id}
    made = insert(summaries).values(id=uuid4(), **key, **values)
    statement = made.on_conflict_do_update(index_elements=list(key), set_=values).returning(summaries.c.id)
    id_: UUID = session.execute(statement).scalar_one()
    _delete_statements(session, id_)
    add_statements(session, project_id, Owner.SUMMARY, id_, said)
    return id_


def _delete_statements(session: TenantSession, summary_id: UUID) -> None:
    session.execute(sa.text("DELETE FROM statements WHERE summary_id = :id"), {"id": summary_id})


def facts_of_documents(session: TenantSession, project_id: str) -> Mapping[UUID, tuple[StoredStatement, ...]]:
    """The statements of the summaries of a project's current documents, by document in the order of their names."""
    rows = session.execute(
        sa.select(summaries.c.document_id, summaries.c.id)
        .join(
            documents,
            sa.and_(documents.c.tenant_id == summaries.c.tenant_id, documents.c.id == summaries.c.document_id),
        )
        .where(summaries.c.project_id == project_id, documents.c.current)
        .order_by(documents.c.name, documents.c.id)
    ).all()
    said = statements_of(session, Owner.SUMMARY, [row.id for row in rows])
    return {row.document_id: said[row.id] for row in rows}


_WORDS = sa.text(
    'SELECT substr(t.text, w.start + 1, w."end" - w.start) FROM unnest(CAST(:ids AS uuid[]), CAST(:starts AS int[]), '
    'CAST(:ends AS int[])) WITH ORDINALITY AS w(document_id, start, "end", place) '
    "JOIN document_texts t ON t.document_id = w.document_id ORDER BY w.place"
)
_HASHES = sa.text(
    "SELECT document_id, encode(sha256(convert_to(text, 'UTF8')), 'hex') FROM document_texts "
    "WHERE document_id = ANY(CAST(:ids AS uuid[]))"
)


def words_of_citations(session: TenantSession, cited: Sequence[Citation]) -> list[str]:
    """The words that citations stand for, in their order. Raises ChangedMeanwhileError when a text is gone."""
    found: list[str] = []
    for at in range(0, len(cited), _READ_TOGETHER):
        some = cited[at : at + _READ_TOGETHER]
        ids, starts, ends = [c.document_id for c in some], [c.start for c in some], [c.end for c in some]
        found += session.scalars(_WORDS, {"ids": ids, "starts": starts, "ends": ends})
    if len(found) < len(cited):
        raise ChangedMeanwhileError(f"the texts of {len(cited) - len(found)} citations are gone")
    return found


def text_hashes(session: TenantSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    """`text_hash` of documents that have a text."""
    rows = session.execute(_HASHES, {"ids": list(dict.fromkeys(ids))})
    return dict(rows.tuples().all())


def delete_summary_of_project(session: TenantSession, project_id: str) -> None:
    """Forget a project's own summary: there is nothing left to make one from."""
    whole = sa.and_(summaries.c.project_id == project_id, summaries.c.document_id.is_(None))
    session.execute(sa.delete(summaries).where(whole))


@dataclass(frozen=True, slots=True)
class Corpus:
    """The passages of a project's current documents that a model has vectors of, in the order of their places.

    `vectors` is float16 (n, dimension), rows of length 1; `documents[i]` and `indexes[i]` say which passage row i is.
    """

    documents: npt.NDArray[np.object_]
    indexes: npt.NDArray[np.int32]
    hashes: tuple[str, ...]
    languages: tuple[str | None, ...]
    vectors: npt.NDArray[np.float16]


# A vector's binary form is its length and a word without meaning, two bytes each, then its numbers, big end first.
_VECTORS = sa.text(
    "SELECT v.document_id, v.passage_index, p.content_hash, d.language, halfvec_send(v.embedding) AS vector "
    "FROM vectors v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id "
    "JOIN passages p ON p.tenant_id = v.tenant_id AND p.document_id = v.document_id AND p.index = v.passage_index "
    "WHERE v.tenant_id = :tenant AND v.project_id = :project AND v.model = :model AND d.current "
    "ORDER BY v.document_id, v.passage_index"
)
_HEADER = 4


def load_corpus(session: TenantSession, project_id: str, model: str) -> Corpus:
    """All passages that a project is searched by with a model; 770 bytes each for 384 numbers."""
    values = {"tenant": tenant_of(session), "project": project_id, "model": model}
    rows = session.execute(_VECTORS, values, execution_options={"yield_per": _READ_TOGETHER})
    ids: list[UUID] = []
    indexes: list[int] = []
    hashes: list[str] = []
    languages: list[str | None] = []
    blocks: list[npt.NDArray[np.float16]] = []
    for part in rows.partitions():
        ids += [row.document_id for row in part]
        indexes += [row.passage_index for row in part]
        hashes += [row.content_hash for row in part]
        languages += [row.language for row in part]
        joined = b"".join(bytes(row.vector)[_HEADER:] for row in part)
        blocks.append(np.frombuffer(joined, ">f2").reshape(len(part), -1).astype(np.float16))
    matrix = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float16)
    places = np.empty(len(ids), dtype=np.object_)
    places[:] = ids
    return Corpus(places, np.asarray(indexes, np.int32), tuple(hashes), tuple(languages), matrix)


@dataclass(frozen=True, slots=True)
class PassageText:
    """The words of a passage and where they stand: `text` is `text[start:end]` of the document."""

    document_id: UUID
    index: int
    start: int
    end: int
    text: str
    language: str | None


_TEXTS = sa.text(
    "SELECT p.document_id, p.index, p.start, p.end, p.text, d.language "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:indexes AS int[])) WITH ORDINALITY AS w(document_id, index, place) "
    "JOIN passages p ON p.document_id = w.document_id AND p.index = w.index "
    "JOIN documents d ON d.tenant_id = p.tenant_id AND d.id = p.document_id ORDER BY w.place"
)


def passage_texts(session: TenantSession, places: Sequence[tuple[UUID, int]]) -> Iterator[PassageText]:
    """The texts of passages, in the order given; those that are gone are left out."""
    for at in range(0, len(places), _READ_TOGETHER):
        some = places[at : at + _READ_TOGETHER]
        values = {"ids": [id_ for id_, _ in some], "indexes": [int(index) for _, index in some]}
        for row in session.execute(_TEXTS, values):
            yield PassageText(*row)


@dataclass(frozen=True, slots=True)
class NewTheme:
    """A theme to be stored. `members` are (document, passage, content hash, distance), all passages of the theme."""

    label: str
    keywords: tuple[str, ...]
    model: str | None
    said: tuple[Statement, ...]
    members: tuple[tuple[UUID, int, str, float], ...]

    def saying(self, said: Sequence[Statement]) -> "NewTheme":
        """The theme with other sentences."""
        return replace(self, said=tuple(said))


# Only passages that still have the words from which the theme was made; they stay until the transaction ends.
_ADD_MEMBERS = sa.text(
    "WITH held AS MATERIALIZED ("
    "SELECT p.document_id, p.index, w.distance FROM unnest(CAST(:ids AS uuid[]), CAST(:indexes AS int[]), "
    "CAST(:hashes AS text[]), CAST(:distances AS float8[])) AS w(document_id, index, hash, distance) "
    "JOIN passages p ON p.document_id = w.document_id AND p.index = w.index AND p.content_hash = w.hash "
    "FOR KEY SHARE OF p) "
    "INSERT INTO theme_passages (tenant_id, theme_id, document_id, passage_index, distance) "
    "SELECT :tenant, :theme, document_id, index, distance FROM held"
)


def replace_themes(
    session: TenantSession, project_id: str, fingerprint: str, made: Sequence[NewTheme], hashes: Mapping[UUID, str]
) -> list[UUID]:
    """Put themes, in their order, in the place of all old ones of a project; gives their ids.

    `hashes` are those of the texts that the statements cite. Raises ChangedMeanwhileError when a passage or a text is
    another by now: then nothing may be stored, because labels and keywords may be its words.
    """
    session.execute(sa.text("SELECT 1 FROM projects WHERE id = :id FOR NO KEY UPDATE"), {"id": project_id})
    hold_texts(session, hashes)
    session.execute(sa.delete(themes).where(themes.c.project_id == project_id))
    ids = []
    for number, theme in enumerate(made, 1):
        id_ = uuid4()
        session.execute(
            sa.insert(themes).values(
                tenant_id=tenant_of(session),
                id=id_,
                project_id=project_id,
                number=number,
                label=theme.label,
                keywords=list(theme.keywords),
                opportunity=0.0,
                fingerprint=fingerprint,
                model=theme.model,
            )
        )
        _add_members(session, id_, theme)
        add_statements(session, project_id, Owner.THEME, id_, theme.said)
        ids.append(id_)
    return ids


def _add_members(session: TenantSession, theme_id: UUID, theme: NewTheme) -> None:
    for at in range(0, len(theme.members), _READ_TOGETHER):
        some = theme.members[at : at + _READ_TOGETHER]
        values: dict[str, Any] = {
            "tenant": tenant_of(session),
            "theme": theme_id,
            "ids": [member[0] for member in some],
            "indexes": [member[1] for member in some],
            "hashes": [member[2] for member in some],
            "distances": [member[3] for member in some],
        }
        added = session.connection().execute(_ADD_MEMBERS, values).rowcount
        if added < len(some):
            raise ChangedMeanwhileError(f"{len(some) - added} passages have changed since")


def made_themes(session: TenantSession, project_id: str) -> list[Made]:
    """With what each theme of a project was made."""
    rows = session.execute(
        sa.select(themes.c.fingerprint, themes.c.stale)
        .where(themes.c.project_id == project_id)
        .order_by(themes.c.number)
    )
    return [Made(row.fingerprint, row.stale) for row in rows]


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a theme is read: its passages, those that no cell takes evidence from, its documents."""

    theme_id: UUID
    passages: int
    unread: int
    documents: int


# Evidence of variables that are still asked, at places that are known.
_READ = sa.text(
    "WITH spans AS MATERIALIZED ("
    "SELECT c.document_id, (e ->> 'start')::int AS start, (e ->> 'end')::int AS \"end\" "
    "FROM cells c JOIN variables v ON v.tenant_id = c.tenant_id AND v.project_id = c.project_id "
    "AND v.name = c.variable AND v.active, LATERAL jsonb_array_elements(c.evidence) AS e "
    "WHERE c.project_id = :project AND e ->> 'start' IS NOT NULL), "
    "read AS MATERIALIZED ("
    "SELECT DISTINCT p.document_id, p.index FROM spans s JOIN passages p ON p.document_id = s.document_id "
    'AND s.start < p."end" AND s."end" > p.start) '
    "SELECT t.id, count(*) AS passages, count(*) FILTER (WHERE r.document_id IS NULL) AS unread, "
    "count(DISTINCT m.document_id) AS documents "
    "FROM themes t JOIN theme_passages m ON m.tenant_id = t.tenant_id AND m.theme_id = t.id "
    "LEFT JOIN read r ON r.document_id = m.document_id AND r.index = m.passage_index "
    "WHERE t.project_id = :project GROUP BY t.id, t.number ORDER BY t.number"
)


def readings(session: TenantSession, project_id: str) -> list[Reading]:
    """How much of each theme the variables of the project read; themes without passages are left out."""
    return [Reading(*row) for row in session.execute(_READ, {"project": project_id})]


def documents_with_passages(session: TenantSession, project_id: str) -> int:
    """How many current documents of a project can be searched."""
    here = sa.and_(documents.c.project_id == project_id, documents.c.current, documents.c.indexed_passages > 0)
    return session.scalar(sa.select(sa.func.count()).select_from(documents).where(here)) or 0


def set_opportunities(session: TenantSession, scores: Mapping[UUID, float]) -> None:
    """Store the opportunity, 0 to 1, of themes."""
    for theme_id, score in scores.items():
        session.execute(sa.update(themes).where(themes.c.id == theme_id).values(opportunity=score))


@dataclass(frozen=True, slots=True)
class StaleInsights:
    """What of a project's summaries and themes is not up to date. Models and prompts are not looked at."""

    summaries: int  # documents without a summary, with a stale one, or with one older than their words
    project: bool  # there is no summary of the project, or it is stale or older than one that it rests on
    themes: bool  # there are none, one is stale, or documents have come or gone since


def has_open_task(session: TenantSession, project_id: str, kind: TaskKind) -> bool:
    """Whether a task of this kind is waiting, running or paused."""
    ended = (TaskStatus.COMPLETED.value, TaskStatus.FAILED.value, TaskStatus.CANCELLED.value)
    open_ = sa.exists().where(
        tasks.c.project_id == project_id, tasks.c.kind == kind.value, tasks.c.status.not_in(ended)
    )
    return bool(session.scalar(sa.select(open_)))


def stale_insights(session: TenantSession, project_id: str) -> StaleInsights:
    """Look at what is stored; reads no text."""
    row = session.execute(_STALE, {"project": project_id, "ready": DocumentStatus.READY.value}).one()
    return StaleInsights(row.summaries, row.project, row.themes)


_STALE = sa.text(
    "WITH readable AS (SELECT d.tenant_id, d.id, d.created_at, d.indexed_passages FROM documents d "
    "WHERE d.project_id = :project AND d.current AND d.status = :ready), "
    "own AS (SELECT s.stale, s.created_at FROM summaries s "
    "WHERE s.project_id = :project AND s.document_id IS NULL), "
    "made AS (SELECT min(created_at) AS at, bool_or(stale) AS stale FROM themes WHERE project_id = :project) "
    "SELECT (SELECT count(*) FROM readable r LEFT JOIN summaries s "
    "ON s.tenant_id = r.tenant_id AND s.document_id = r.id WHERE s.id IS NULL OR s.stale)::int AS summaries, "
    "EXISTS (SELECT FROM readable) AND NOT EXISTS (SELECT FROM own o WHERE NOT o.stale AND o.created_at >= "
    "(SELECT max(s.created_at) FROM summaries s WHERE s.project_id = :project)) AS project, "
    "EXISTS (SELECT FROM readable r WHERE r.indexed_passages > 0) AND (SELECT at IS NULL OR stale OR EXISTS "
    "(SELECT FROM readable r WHERE r.created_at > made.at AND r.indexed_passages > 0) OR EXISTS "
    "(SELECT FROM theme_passages m JOIN themes t ON t.tenant_id = m.tenant_id AND t.id = m.theme_id "
    "JOIN documents d ON d.tenant_id = m.tenant_id AND d.id = m.document_id "
    "WHERE t.project_id = :project AND NOT d.current) FROM made) AS themes"
)
