"""Which terms stand in which passages, and how many passages and words a project has."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.vector_models import count_by_model
from resources.database.tables import documents, passages, postings, search_statistics
from resources.search.query import Query

_MOST = 2**16 - 1
_MOST_PASSAGES = 2**31  # passages of a document
_MOST_ENTRIES = 128  # of a row: the primary key includes them, and takes a third of a page at most
_FEW_PASSAGES = 1000  # of a project; rare and frequent terms cost the same there
_FREQUENT = 0.3
_SAMPLE = 400  # documents; a share of 30 % is then known to within 5 %
Counted = Callable[[str, str | None], tuple[dict[str, int], int]]
"""(text, language) → (how often each term stands in it, words)."""


def entry(passage: int, words: int, frequency: int) -> int:
    """A term in a passage as one number: its index · 2^32 + words · 2^16 + frequency (these two at most 65,535)."""
    if not 0 <= passage < _MOST_PASSAGES:
        raise ValueError(f"a document has at most {_MOST_PASSAGES} passages, not {passage}")
    return passage << 32 | min(words, _MOST) << 16 | min(frequency, _MOST)


def replace_postings(session: TenantSession, document_id: UUID, counted: Counted) -> int:
    """Store the terms of the document's passages anew; gives how many there are. Its row is held meanwhile."""
    of = session.execute(
        sa.select(documents.c.project_id, documents.c.language)
        .where(documents.c.id == document_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if of is None:
        return 0
    session.execute(sa.delete(postings).where(postings.c.document_id == document_id))
    found: defaultdict[str, list[int]] = defaultdict(list)
    number = words_of_all = 0
    for index, text in session.execute(
        sa.select(passages.c.index, passages.c.text)
        .where(passages.c.document_id == document_id)
        .order_by(passages.c.index)
    ):
        frequencies, words = counted(text, of.language)
        number, words_of_all = number + 1, words_of_all + words
        for term, frequency in frequencies.items():
            found[term].append(entry(index, words, frequency))
    own = {"tenant_id": tenant_of(session), "document_id": document_id, "project_id": of.project_id}
    rows: list[dict[str, Any]] = [
        {**own, "term": term, "part": part, "entries": entries[first : first + _MOST_ENTRIES]}
        for term, entries in found.items()
        for part, first in enumerate(range(0, len(entries), _MOST_ENTRIES))
    ]
    if rows:
        session.execute(sa.insert(postings), rows)
    session.execute(
        sa.update(documents)
        .where(documents.c.id == document_id)
        .values(indexed_passages=number, indexed_words=words_of_all)
    )
    return len(found)


def refresh_statistics(session: TenantSession, project_id: str) -> None:
    """Count the project's passages, words, languages and vectors. A little late does no harm."""
    of_project = sa.and_(documents.c.project_id == project_id, documents.c.current)
    row = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(documents.c.indexed_passages), 0).label("passages"),
            sa.func.coalesce(sa.func.sum(documents.c.indexed_words), 0).label("words"),
            sa.func.array_remove(sa.func.array_agg(documents.c.language.distinct()), None).label("languages"),
        ).where(of_project)
    ).one()
    values = {
        "passages": int(row.passages),
        "words": int(row.words),
        "languages": list(row.languages or ()),
        "frequent": _frequent(session, project_id) if row.passages >= _FEW_PASSAGES else [],
        "vectors": count_by_model(session, project_id),
        "updated_at": sa.func.now(),
    }
    statement = insert(search_statistics).values(tenant_id=tenant_of(session), project_id=project_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "project_id"], set_=values))


def _frequent(session: TenantSession, project_id: str) -> list[str]:
    """Terms of more than 30 % of the passages, by the documents whose ids come first: ids are drawn at random."""
    sample = (
        sa.select(documents.c.id, documents.c.indexed_passages)
        .where(documents.c.project_id == project_id, documents.c.current, documents.c.indexed_passages > 0)
        .order_by(documents.c.id)
        .limit(_SAMPLE)
        .cte("sample")
        .prefix_with("MATERIALIZED")
    )
    passages_of_sample = sa.select(sa.func.sum(sample.c.indexed_passages)).scalar_subquery()
    found = (
        sa.select(postings.c.term)
        .join(sample, sample.c.id == postings.c.document_id)
        .group_by(postings.c.term)
        .having(sa.func.sum(sa.func.cardinality(postings.c.entries)) > _FREQUENT * passages_of_sample)
        .order_by(postings.c.term)
    )
    return list(session.scalars(found))


def languages_of(session: TenantSession, project_id: str) -> list[str]:
    """The languages (ISO 639-1) of the project's documents."""
    found = session.scalar(
        sa.select(search_statistics.c.languages).where(search_statistics.c.project_id == project_id)
    )
    return list(found or ())


def words_known(session: TenantSession, project_id: str, query: Query) -> float:
    """The share of the query's words that stand in some passage of the project, 0 to 1; 0 for one without words."""
    found: set[str] = set(
        session.scalars(
            sa.select(sa.literal_column("term"))
            .select_from(sa.func.unnest(sa.cast(list(query.terms), ARRAY(sa.Text))).alias("term"))
            .where(
                sa.exists().where(
                    postings.c.project_id == project_id, postings.c.term == sa.literal_column("term.term")
                )
            )
        )
    )
    known = {word for term, word in zip(query.terms, query.words, strict=True) if term in found}
    return len(known) / max(len(set(query.words)), 1)


def without_postings(session: TenantSession, ids: Collection[UUID]) -> list[UUID]:
    """Those of the documents that have passages and no terms."""
    has = sa.exists().where(postings.c.document_id == documents.c.id, postings.c.tenant_id == documents.c.tenant_id)
    cut = sa.exists().where(passages.c.document_id == documents.c.id, passages.c.tenant_id == documents.c.tenant_id)
    return list(session.scalars(sa.select(documents.c.id).where(documents.c.id.in_(list(ids)), cut, ~has)))
