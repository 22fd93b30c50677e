"""Conversations, and the answers given in them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from resources.statements import Abstention, AnswerStatus
from sidecar.fields import Name, ProjectId, text_field
from sidecar.results.schemas import Place
from sidecar.search.schemas import DocumentFilters
from sidecar.statements import EXAMPLE_CITATION, EXAMPLE_STATEMENT, CitedStatement
from sidecar.usage.money import Money

EXAMPLE_CONVERSATION = "c1f0f6c2-6c0e-4b0e-9b51-2f0f4d8a7e11"
EXAMPLE_ANSWER = "5a3c1f44-0d59-4d7e-8c39-6a1b0f2e7d55"
_QUESTION = "When was the grant for the heat pump paid?"
_EXAMPLE_SOURCE: dict[str, Any] = {
    **EXAMPLE_CITATION,
    "score": 0.0325,
    "lexical_rank": 1,
    "dense_rank": 2,
}
_EXAMPLE_ANSWER: dict[str, Any] = {
    "id": EXAMPLE_ANSWER,
    "conversation_id": EXAMPLE_CONVERSATION,
    "project_id": "heat-pump-grants",
    "number": 1,
    "question": _QUESTION,
    "questions": [_QUESTION],
    "filters": {},
    "status": "ANSWERED",
    "abstention": None,
    "reason": None,
    "statements": [EXAMPLE_STATEMENT],
    "sources": [_EXAMPLE_SOURCE],
    "sources_deleted": 0,
    "passages": 12,
    "model": "openai:gpt-4.1-mini",
    "calls": 2,
    "cost_usd": "0.000412",
    "task_id": None,
    "created_at": "2026-11-21T12:00:00Z",
    "ended_at": "2026-11-21T12:00:04Z",
}


class Strict(BaseModel):
    """A request: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class ConversationIn(Strict):
    """About which project to ask."""

    project_id: ProjectId = Field(examples=["heat-pump-grants"])
    title: Name | None = Field(
        default=None, description="None: the first question gives it", examples=["Grants of 2024"]
    )


class ConversationChange(Strict):
    """Another title."""

    title: Name = Field(examples=["Grants of 2024"])


class Conversation(BaseModel):
    """A conversation of yours; nobody else sees it."""

    id: UUID = Field(examples=[EXAMPLE_CONVERSATION])
    project_id: str = Field(examples=["heat-pump-grants"])
    title: str = Field(description="Empty until the first question gives it", examples=["Grants of 2024"])
    answers: int = Field(description="Questions asked so far", examples=[3])
    created_at: datetime
    updated_at: datetime = Field(description="When the last question was asked")


class MessageIn(Strict):
    """A question."""

    question: text_field(4000) = Field(  # type: ignore[valid-type] # a kind of text
        description="One question or several; it may lean on the earlier ones of the conversation",
        examples=[_QUESTION],
    )
    filters: DocumentFilters = Field(default=DocumentFilters(), description="Which documents may be sources")


class SocketMessage(MessageIn):
    """What a WebSocket sends: as the body of POST, with its key beside it."""

    idempotency_key: (
        Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")] | None
    ) = None


class Source(BaseModel):
    """A stretch of a document that the answer was made from."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_SOURCE]})

    label: int = Field(description="Under which statements cite it; those of deleted documents are missing")
    document_id: UUID
    document_name: str
    current: bool = Field(description="False: another version has taken the document's place")
    start: int = Field(description="In the document's text, counted from 0")
    end: int
    quote: str = Field(description="The words, as they were shown to the model")
    places: list[Place] = Field(description="Pages with boxes, or labels where the format has no pages")
    score: float = Field(description="Of the search that found it")
    lexical_rank: int | None = Field(description="From 1, by its words; null: not among the best")
    dense_rank: int | None = Field(description="From 1, by its vector; null: not among the best")


class NoAnswer(BaseModel):
    """Why a question is not answered."""

    kind: Abstention = Field(
        description="NOTHING_FOUND: no passage came near. NOT_ENOUGH: passages were found (see `sources`), and they "
        "do not answer it. UNSUPPORTED: an answer was written, and nothing in it is borne by what it cites"
    )
    said: str = Field(description="The same for people", examples=["The documents say nothing about this."])


class Answer(BaseModel):
    """A question and what became of it, without what rested on documents that were deleted since."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_ANSWER]})

    id: UUID
    conversation_id: UUID
    project_id: str
    number: int = Field(description="1, 2, 3, … in its conversation")
    question: str = Field(description="As it was asked")
    questions: list[str] = Field(description="As it was understood: each stands alone")
    filters: DocumentFilters
    status: AnswerStatus = Field(
        description="FAILED: a fault, `reason` says which. ABSTAINED: see `abstention`. WITHDRAWN: it was answered, "
        "and what it said rested on documents that were deleted or changed since"
    )
    abstention: NoAnswer | None
    reason: str | None = Field(description="Of a failure, or why the answer is withdrawn")
    statements: list[CitedStatement]
    sources: list[Source]
    sources_deleted: int = Field(description="Sources that were deleted since, with every statement that cited them")
    passages: int = Field(description="That were found; the best of them are the sources")
    model: str | None = Field(description="Which model answered; null: sentences were copied, no model was asked")
    calls: int = Field(description="To models, those whose answers were known already included")
    cost_usd: Money | None = Field(description="Of the calls that were paid; null: a price is not known")
    task_id: UUID | None = Field(description="The task that asked; null: a message")
    created_at: datetime
    ended_at: datetime | None
