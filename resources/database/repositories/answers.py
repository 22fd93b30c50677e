"""Answers: a question, what it was made from, what became of it. What it says are statements (`statements.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.statements import present_texts
from resources.database.tables import answer_sources, answers, conversations, documents, statements
from resources.statements import Abstention, AnswerStatus, Support

ALIVE_EVERY = timedelta(seconds=10)
"""How often who works on an answer says so."""
SILENT = timedelta(seconds=45)
"""An answer of which nobody said so for this long was left behind by a process that is gone. Four signs may be lost:
a database that restarts is away for less."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it stands; for the meaning of each field see the table."""

    id: UUID
    conversation_id: UUID
    project_id: str
    number: int
    task_id: UUID | None
    question: str
    questions: list[str]
    filters: Mapping[str, Any]
    status: AnswerStatus
    abstention: Abstention | None
    reason: str | None
    model: str | None
    passages: int
    calls: int
    cost_usd: Decimal | None
    sources_deleted: int
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Source:
    """A stretch of a document that an answer was made from, under its label (1, 2, 3, …)."""

    label: int
    document_id: UUID
    start: int
    end: int
    score: float
    lexical_rank: int | None
    dense_rank: int | None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source with its document as it is now."""

    source: Source
    document_name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How an answer ended. `reason` goes with FAILED, `abstention` with ABSTAINED."""

    status: AnswerStatus
    abstention: Abstention | None = None
    reason: str | None = None
    model: str | None = None
    passages: int = 0
    calls: int = 0
    cost_usd: Decimal | None = Decimal(0)


class ConversationGoneError(LookupError):
    """The conversation, or the answer, was deleted meanwhile."""


_COLUMNS = [answers.c[name] for name in Answer.__dataclass_fields__]


def _answer(row: Any) -> Answer:
    fields = dict(row._mapping)
    fields["status"] = AnswerStatus(row.status)
    fields["abstention"] = Abstention(row.abstention) if row.abstention else None
    return Answer(**fields)


def begin_answer(
    session: TenantSession,
    conversation_id: UUID,
    question: str,
    filters: Mapping[str, Any] | None = None,
    task_id: UUID | None = None,
) -> Answer:
    """Store a question as the next of its conversation, RUNNING. Raises ConversationGoneError."""
    number = session.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(answers=conversations.c.answers + 1, updated_at=sa.func.now())
        .returning(conversations.c.answers, conversations.c.project_id)
    ).one_or_none()
    if number is None:
        raise ConversationGoneError(f"There is no conversation {conversation_id}.")
    row = session.execute(
        sa.insert(answers)
        .values(
            tenant_id=tenant_of(session),
            id=uuid4(),
            conversation_id=conversation_id,
            project_id=number.project_id,
            number=number.answers,
            task_id=task_id,
            question=question,
            questions=[question],
            filters=dict(filters or {}),
            status=AnswerStatus.RUNNING.value,
        )
        .returning(*_COLUMNS)
    ).one()
    return _answer(row)


def hold_running(session: TenantSession, answer_id: UUID) -> None:
    """Let the answer stay until the transaction ends. Raises ConversationGoneError when it is not RUNNING now."""
    running = sa.and_(answers.c.id == answer_id, answers.c.status == AnswerStatus.RUNNING.value)
    held = sa.select(answers.c.id).where(running).with_for_update(key_share=True, read=True)
    if session.scalar(held) is None:
        raise ConversationGoneError(f"Answer {answer_id} was deleted, or ended by somebody else.")


def set_questions(session: TenantSession, answer_id: UUID, questions: Sequence[str]) -> None:
    """How the question was understood."""
    session.execute(sa.update(answers).where(answers.c.id == answer_id).values(questions=list(questions)))


def add_sources(session: TenantSession, answer_id: UUID, sources: Sequence[Source]) -> list[Source]:
    """Store what an answer is made from; gives those whose text is still there, and only these."""
    present = present_texts(session, [source.document_id for source in sources])
    kept = [source for source in sources if source.document_id in present]
    names = Source.__dataclass_fields__
    if kept:
        base = {"tenant_id": tenant_of(session), "answer_id": answer_id}
        session.execute(
            sa.insert(answer_sources), [base | {name: getattr(one, name) for name in names} for one in kept]
        )
    return kept


def sources_of(session: TenantSession, answer_ids: Sequence[UUID]) -> Mapping[UUID, tuple[StoredSource, ...]]:
    """The sources of each of these answers, by label."""
    query = (
        sa.select(answer_sources, documents.c.name, documents.c.current)
        .join(
            documents,
            sa.and_(
                documents.c.tenant_id == answer_sources.c.tenant_id, documents.c.id == answer_sources.c.document_id
            ),
        )
        .where(answer_sources.c.answer_id.in_(list(answer_ids)))
        .order_by(answer_sources.c.answer_id, answer_sources.c.label)
    )
    found: dict[UUID, list[StoredSource]] = {id_: [] for id_ in answer_ids}
    for row in session.execute(query):
        source = Source(**{name: row._mapping[name] for name in Source.__dataclass_fields__})
        found[row.answer_id].append(StoredSource(source, row.name, row.current))
    return {id_: tuple(of_answer) for id_, of_answer in found.items()}


def end_answer(session: TenantSession, answer_id: UUID, ended: Ended) -> bool:
    """Store how a RUNNING answer ended; False when it was not running any more.

    What would be ANSWERED is WITHDRAWN where all that it said was deleted again meanwhile, with its sources.
    """
    running = sa.and_(answers.c.id == answer_id, answers.c.status == AnswerStatus.RUNNING.value)
    held = session.execute(sa.select(answers.c.sources_deleted).where(running).with_for_update(key_share=True))
    if (row := held.one_or_none()) is None:
        return False
    status = ended.status
    if status is AnswerStatus.ANSWERED and row.sources_deleted and not _says_something(session, answer_id):
        status = AnswerStatus.WITHDRAWN
    values = {
        "status": status.value,
        "abstention": ended.abstention.value if ended.abstention else None,
        "reason": ended.reason.replace("\x00", "\ufffd") if ended.reason else None,
        "model": ended.model,
        "passages": ended.passages,
        "calls": ended.calls,
        "cost_usd": ended.cost_usd,
        "ended_at": sa.func.clock_timestamp(),
    }
    session.execute(sa.update(answers).where(answers.c.id == answer_id).values(**values))
    return True


def _says_something(session: TenantSession, answer_id: UUID) -> bool:
    borne = sa.and_(statements.c.answer_id == answer_id, statements.c.support != Support.UNSUPPORTED.value)
    return session.scalar(sa.select(statements.c.id).where(borne).limit(1)) is not None


def find_answer(session: TenantSession, answer_id: UUID) -> Answer | None:
    """An answer; whose it is, its conversation says."""
    row = session.execute(sa.select(*_COLUMNS).where(answers.c.id == answer_id)).one_or_none()
    return _answer(row) if row else None


def answer_of_task(session: TenantSession, task_id: UUID) -> Answer | None:
    """The newest answer to a task's question."""
    query = sa.select(*_COLUMNS).where(answers.c.task_id == task_id).order_by(answers.c.created_at.desc()).limit(1)
    row = session.execute(query).one_or_none()
    return _answer(row) if row else None


def other_running(session: TenantSession, answer: Answer) -> UUID | None:
    """Another answer that is being given in the same conversation. After `begin_answer`, which makes others wait."""
    same = sa.and_(answers.c.conversation_id == answer.conversation_id, answers.c.id != answer.id)
    return session.scalar(
        sa.select(answers.c.id).where(same, answers.c.status == AnswerStatus.RUNNING.value).limit(1)
    )


def page_of_answers(session: TenantSession, conversation_id: UUID, limit: int, after: int = 0) -> list[Answer]:
    """The answers of a conversation in their order, from behind the number `after`."""
    query = (
        sa.select(*_COLUMNS)
        .where(answers.c.conversation_id == conversation_id, answers.c.number > after)
        .order_by(answers.c.number)
        .limit(limit)
    )
    return [_answer(row) for row in session.execute(query)]


def say_alive(session: TenantSession, answer_id: UUID) -> bool:
    """Somebody works on this answer now; False when it is not RUNNING any more."""
    running = sa.and_(answers.c.id == answer_id, answers.c.status == AnswerStatus.RUNNING.value)
    said = sa.update(answers).where(running).values(alive_at=sa.func.clock_timestamp())
    return session.scalar(said.returning(answers.c.id)) is not None


def fail_abandoned_answers(session: TenantSession, conversation_id: UUID | None = None) -> int:
    """End RUNNING answers of which nobody said for `SILENT` that they are worked on, as FAILED. Gives how many.

    Those of one conversation, or all of the tenant.
    """
    reason = "The service stopped while it was answering. Ask again: calls that had finished are not paid for twice."
    silent = answers.c.alive_at < sa.func.clock_timestamp() - sa.literal(SILENT, sa.Interval)
    abandoned = sa.and_(answers.c.status == AnswerStatus.RUNNING.value, silent)
    if conversation_id is not None:
        abandoned = sa.and_(abandoned, answers.c.conversation_id == conversation_id)
    ended = session.scalars(
        sa.update(answers)
        .where(abandoned)
        .values(status=AnswerStatus.FAILED.value, reason=reason, ended_at=sa.func.clock_timestamp())
        .returning(answers.c.id)
    ).all()
    return len(ended)
