"""What summaries and themes are made from, as it is read from the database."""

from collections.abc import Sequence
from uuid import UUID

from crucible_assets.insights.opportunities import opportunity
from crucible_assets.insights.summaries import Fact, Source
from resources.database.engine import Database, TenantSession
from resources.database.repositories.documents import DocumentRow, load_texts
from resources.database.repositories.insight_rows import (
    PassageText,
    documents_with_passages,
    facts_of_documents,
    passage_texts,
    readings,
    set_opportunities,
    text_hash,
    words_of_citations,
)
from resources.statements import Citation, Statement


def language_of(recognised: str | None, project: str | None) -> str | None:
    """A document's language as two letters; the project's where it was not recognised."""
    found = recognised or project
    return None if found is None else found.partition("-")[0]


def load_source(session: TenantSession, row: DocumentRow, project_language: str | None) -> tuple[Source, str] | None:
    """A document with its words and their hash; None when it has none."""
    found = load_texts(session, [row.id]).get(row.id)
    if found is None:
        return None
    language = language_of(row.language, project_language)
    return Source(row.id, row.name, found.text, found.segments, language), text_hash(found.text)


def load_facts(session: TenantSession, project_id: str, languages: dict[UUID, str | None]) -> list[Fact]:
    """The facts of a project's current documents with the words that they cite, in the order of documents' names."""
    stored = [one for said in facts_of_documents(session, project_id).values() for one in said if one.citations]
    words = iter(words_of_citations(session, [c for one in stored for c in one.statement.citations]))
    facts = []
    for one in stored:
        first = one.citations[0]
        own = tuple(next(words) for _ in one.citations)
        facts.append(Fact(one.statement, own, first.document_name, languages.get(first.citation.document_id)))
    return facts


def read_passages(database: Database, tenant: str, places: Sequence[tuple[UUID, int]]) -> list[PassageText]:
    """The texts of passages, in the order given; those that are gone are left out."""
    with database.transaction(tenant, read_only=True) as session:
        return list(passage_texts(session, places))


def still_says(session: TenantSession, said: Sequence[Statement]) -> list[Statement]:
    """The copies among statements whose cited words are, blanks aside, still what they say.

    A passage may lag behind its document's text for a moment, while that is read anew.
    """
    cited: list[Citation] = [one.citations[0] for one in said]
    words = words_of_citations(session, cited)
    return [one for one, own in zip(said, words, strict=True) if " ".join(own.split()) == one.text]


def count_opportunities(session: TenantSession, project_id: str) -> None:
    """Store anew how much of each theme the project's variables do not read."""
    everywhere = documents_with_passages(session, project_id)
    scores = {
        one.theme_id: opportunity(one.passages, one.unread, one.documents, everywhere)
        for one in readings(session, project_id)
    }
    set_opportunities(session, scores)
