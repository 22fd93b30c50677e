"""What is told of an answer while it is given: the engine's events, with what a reader needs to see them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter

from crucible_assets.answers import events
from resources.database.engine import Database
from resources.database.repositories.answers import find_answer, sources_of
from resources.database.repositories.statements import Owner, statements_of
from resources.statements import Support
from sidecar.conversations import present
from sidecar.conversations.schemas import EXAMPLE_ANSWER, Answer, Source
from sidecar.problems import ProblemDetails
from sidecar.statements import CitedStatement, Shown, cited, stretches_of


class _Event(BaseModel):
    answer_id: UUID = Field(description="Under which it can be read again", examples=[EXAMPLE_ANSWER])


class Understood(_Event):
    """How the question was understood."""

    event: Literal["understood"] = "understood"
    questions: list[str] = Field(description="Each stands alone", examples=[["When was the grant paid?"]])


class Found(_Event):
    """What was found."""

    event: Literal["found"] = "found"
    passages: int = Field(description="That came near", examples=[12])
    sources: list[Source] = Field(description="The best of them: what the answer is made from")


class Stated(_Event):
    """A sentence of the answer. It is stored and its citations have been checked."""

    event: Literal["stated"] = "stated"
    statement: CitedStatement


class Judged(_Event):
    """What a model found of a statement that could not be decided before: its support from now on."""

    event: Literal["judged"] = "judged"
    number: int = Field(description="Of the statement", examples=[2])
    support: Support


class Finished(_Event):
    """The last: the answer as it can be read from now on. null: its conversation was deleted meanwhile."""

    event: Literal["finished"] = "finished"
    answer: Answer | None


class Refused(BaseModel):
    """On a WebSocket: a question that is not answered, and why; the next one may be sent.

    With status 401, on a stream too: nothing more is told, as the token is not good any more.
    """

    event: Literal["problem"] = "problem"
    problem: ProblemDetails


AnswerEvent = Annotated[Understood | Found | Stated | Judged | Finished, Field(discriminator="event")]
ANSWER_EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(AnswerEvent)


def shown(
    database: Database,
    tenant: str,
    answer_id: UUID,
    event: events.Understood | events.Found | events.Stated | events.Judged,
) -> AnswerEvent | None:
    """An event of the engine as it is told; None for a statement that is gone again. Reads in a short transaction."""
    match event:
        case events.Understood():
            return Understood(answer_id=answer_id, questions=list(event.questions))
        case events.Judged():
            return Judged(answer_id=answer_id, number=event.number, support=event.support)
        case events.Found():
            with database.transaction(tenant, read_only=True) as session:
                stored = sources_of(session, [answer_id])[answer_id]
                return Found(answer_id=answer_id, passages=event.passages, sources=present.sources(session, stored))
        case events.Stated():
            with database.transaction(tenant, read_only=True) as session:
                said = [
                    one for one in statements_of(session, Owner.ANSWER, [answer_id])[answer_id] if one.id == event.id
                ]
                made = cited(said, Shown(session, stretches_of(said)))
            return Stated(answer_id=answer_id, statement=made[0]) if made else None


def finished(database: Database, tenant: str, answer_id: UUID) -> Finished:
    """The last event of an answer that has ended, or that was deleted."""
    with database.transaction(tenant, read_only=True) as session:
        stored = find_answer(session, answer_id)
        made = None if stored is None else present.answers(session, [stored])[0]
    return Finished(answer_id=answer_id, answer=made)
