"""Conversations: questions that follow each other, of one person about one project."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import conversations


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation: `answers` were given, for those up to number `summarised` its own statements stand."""

    project_id: str
    asked_by: str
    title: str
    answers: int = 0
    summarised: int = 0
    id: UUID = field(default_factory=uuid4)
    created_at: datetime | None = None  # both set by the database
    updated_at: datetime | None = None


_COLUMNS = [conversations.c[name] for name in Conversation.__dataclass_fields__]


def add_conversation(session: TenantSession, project_id: str, asked_by: str, title: str) -> Conversation:
    """Store a conversation in which nothing was asked yet."""
    made = Conversation(project_id, asked_by, title)
    row = session.execute(
        sa.insert(conversations)
        .values(tenant_id=tenant_of(session), id=made.id, project_id=project_id, asked_by=asked_by, title=title)
        .returning(*_COLUMNS)
    ).one()
    return Conversation(**row._mapping)


def find_conversation(session: TenantSession, conversation_id: UUID, asked_by: str) -> Conversation | None:
    """A conversation of this person; None when they have none of that id."""
    row = session.execute(sa.select(*_COLUMNS).where(_mine(conversation_id, asked_by))).one_or_none()
    return Conversation(**row._mapping) if row else None


def page_of_conversations(
    session: TenantSession,
    asked_by: str,
    project_id: str | None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Conversation]:
    """A person's conversations, the last used first, from behind the (updated_at, id) of a page's last."""
    query = sa.select(*_COLUMNS).where(conversations.c.asked_by == asked_by)
    if project_id is not None:
        query = query.where(conversations.c.project_id == project_id)
    place = sa.tuple_(conversations.c.updated_at, conversations.c.id)
    if after is not None:
        query = query.where(place < sa.tuple_(*map(sa.literal, after)))
    query = query.order_by(conversations.c.updated_at.desc(), conversations.c.id.desc()).limit(limit)
    return [Conversation(**row._mapping) for row in session.execute(query)]


def rename_conversation(session: TenantSession, conversation_id: UUID, asked_by: str, title: str) -> bool:
    """Whether there was one to be given another title."""
    renamed = sa.update(conversations).where(_mine(conversation_id, asked_by)).values(title=title)
    return session.scalar(renamed.returning(conversations.c.id)) is not None


def delete_conversation(session: TenantSession, conversation_id: UUID, asked_by: str) -> bool:
    """Delete a conversation of this person with all that was answered; whether there was one."""
    deleted = sa.delete(conversations).where(_mine(conversation_id, asked_by))
    return session.scalar(deleted.returning(conversations.c.id)) is not None


def summarised_up_to(session: TenantSession, conversation_id: UUID) -> int:
    """The number of the last answer for which the conversation's own statements stand; 0 for none."""
    query = sa.select(conversations.c.summarised).where(conversations.c.id == conversation_id)
    return session.scalar(query) or 0


def set_summarised(session: TenantSession, conversation_id: UUID, number: int) -> None:
    """From now on the conversation's own statements stand for the answers up to this number."""
    session.execute(sa.update(conversations).where(conversations.c.id == conversation_id).values(summarised=number))


def _mine(conversation_id: UUID, asked_by: str) -> Any:
    return sa.and_(conversations.c.id == conversation_id, conversations.c.asked_by == asked_by)
