"""Statements with their citations, as answers, summaries and themes show them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from resources.database.engine import TenantSession
from resources.database.repositories.quotes import words_at
from resources.database.repositories.search_state import Stretch
from resources.database.repositories.statements import StoredStatement
from resources.statements import CheckedBy, Support
from sidecar.results.schemas import Place
from sidecar.search.present import places_of

EXAMPLE_DOCUMENT = "0b7a1f0e-6f0f-4a53-9d57-2c1f3a9b8d10"
EXAMPLE_WORDS = "The grant for the heat pump was paid on 3 April 2024."
EXAMPLE_CITATION: dict[str, Any] = {
    "document_id": EXAMPLE_DOCUMENT,
    "document_name": "letters/2024-17.pdf",
    "current": True,
    "label": 1,
    "start": 1200,
    "end": 1253,
    "quote": EXAMPLE_WORDS,
    "places": [{"page": 3, "label": None, "boxes": [[72.0, 120.5, 310.2, 133.0]]}],
}
EXAMPLE_STATEMENT: dict[str, Any] = {
    "id": "7a0c2f51-93d5-4f0b-8a8b-1df0b6f3c922",
    "number": 1,
    "text": "The grant was paid on 3 April 2024.",
    "support": "SUPPORTED",
    "checked_by": "WORDS",
    "problems": [],
    "question": 0,
    "citations": [EXAMPLE_CITATION],
}


class Citation(BaseModel):
    """Words of a document that bear a statement."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_CITATION]})

    document_id: UUID
    document_name: str
    current: bool = Field(description="False: another version has taken the document's place")
    label: int | None = Field(description="Of the source in its answer; null: there are no labels")
    start: int = Field(description="Of the words in the document's text, counted from 0")
    end: int = Field(description="Behind the last of them")
    quote: str = Field(description="The words")
    places: list[Place] = Field(description="Pages with boxes, or labels where the format has no pages")


class CitedStatement(BaseModel):
    """One sentence about the sources, with the words that bear it. It is deleted when one of these is."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_STATEMENT]})

    id: UUID
    number: int = Field(description="From 1; those of statements that are gone are missing")
    text: str = Field(description="Markdown, without marks of citations; not sanitised")
    support: Support = Field(
        description="SUPPORTED: the cited words say so. PARTLY: not all of it. UNSUPPORTED: they do not say so, or "
        "nothing is cited: not to be shown as a fact. UNCHECKED: something is cited; whether it says the same could "
        "not be decided"
    )
    checked_by: CheckedBy | None = Field(
        description="COPY: it is the cited words. WORDS: by numbers, dates, names, negations and the other words. "
        "MODEL: a model was asked as well. null: UNCHECKED"
    )
    problems: list[str] = Field(description="Words of it that the cited ones do not hold, or what else is wrong")
    question: int | None = Field(description="Which of the questions it answers, counted from 0")
    citations: list[Citation]


class Shown:
    """Stretches of documents as they are shown: their words and places, each read once."""

    def __init__(self, session: TenantSession, stretches: Iterable[Stretch]) -> None:
        wanted = list(dict.fromkeys(stretches))
        words, places = words_at(session, wanted), places_of(session, wanted)
        self._found: Mapping[Stretch, tuple[str, list[Place]]] = dict(
            zip(wanted, zip(words, places, strict=True), strict=True)
        )

    def words(self, stretch: Stretch) -> str:
        """The words of one of the stretches."""
        return self._found[stretch][0]

    def places(self, stretch: Stretch) -> list[Place]:
        """Where one of the stretches stands in its file."""
        return self._found[stretch][1]


def stretches_of(said: Iterable[StoredStatement]) -> list[Stretch]:
    """What statements cite."""
    return [
        (one.citation.document_id, one.citation.start, one.citation.end) for item in said for one in item.citations
    ]


def cited(said: Sequence[StoredStatement], shown: Shown) -> list[CitedStatement]:
    """Statements with the words and places of what they cite, which `shown` holds."""
    return [_cited(one, shown) for one in said]


def _cited(one: StoredStatement, shown: Shown) -> CitedStatement:
    made = []
    for stored in one.citations:
        citation = stored.citation
        stretch = (citation.document_id, citation.start, citation.end)
        made.append(
            Citation(
                document_id=citation.document_id,
                document_name=stored.document_name,
                current=stored.current,
                label=citation.label,
                start=citation.start,
                end=citation.end,
                quote=shown.words(stretch),
                places=shown.places(stretch),
            )
        )
    said = one.statement
    return CitedStatement(
        id=one.id,
        number=one.number,
        text=said.text,
        support=said.support,
        checked_by=said.checked_by,
        problems=list(said.problems),
        question=said.question,
        citations=made,
    )
