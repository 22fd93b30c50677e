"""A project whose passages are given, questions about it, and what comes of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from crucible_assets.answers.engine import answer_question
from crucible_assets.answers.events import Event, Finished, Judged, Stated
from resources.database.engine import Database, TenantSession
from resources.database.repositories.answers import Answer, begin_answer, find_answer
from resources.database.repositories.conversations import add_conversation
from resources.database.repositories.statements import Owner, StoredStatement, statements_of
from resources.database.tables import answers, calls
from resources.installation import Installation
from resources.statements import Support
from tests.search.corpus import MODEL, add, refresh


class HashedWords:
    """Vectors of hashed words: alike where words are the same, and made in no time."""

    name = MODEL
    dimension = 128
    window = 400
    fingerprint = MODEL

    def embed_passages(self, texts: Sequence[str]) -> Any:
        made = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for word in text.lower().split():
                row[int(hashlib.sha256(word.strip('.,?"').encode()).hexdigest(), 16) % self.dimension] += 1
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    embed_queries = embed_passages

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def fall_silent(session: TenantSession, answer_id: UUID) -> None:
    """Leave an answer as a process does that died a minute ago."""
    ago = {"alive_at": sa.func.clock_timestamp() - timedelta(minutes=1)}
    session.execute(sa.update(answers).where(answers.c.id == answer_id).values(ago))


@dataclass
class Outcome:
    """The events of one answer, and what is stored of it afterwards."""

    events: list[Event]
    answer: Answer
    statements: tuple[StoredStatement, ...]

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def texts(self, support: Support | None = None) -> list[str]:
        return [one.statement.text for one in self.statements if support is None or one.statement.support is support]

    @property
    def supports(self) -> list[Support]:
        return [one.statement.support for one in self.statements]


@dataclass
class Study:
    """One project of one tenant."""

    installation: Installation
    tenant: str
    project: str
    embedder: HashedWords = field(default_factory=HashedWords)

    @property
    def database(self) -> Database:
        return self.installation.database

    def add(self, name: str, *passages: str, language: str = "en", **fields: Any) -> UUID:
        """A document that can be searched at once."""
        vectors = list(self.embedder.embed_passages(passages))
        made = add(
            self.database,
            self.project,
            name,
            passages,
            tenant=self.tenant,
            language=language,
            vectors=vectors,
            **fields,
        )
        refresh(self.database, self.project, self.tenant)
        return made

    def conversation(self, title: str = "A talk") -> UUID:
        with self.database.transaction(self.tenant) as session:
            return add_conversation(session, self.project, "user:ada", title).id

    def begin(self, question: str, conversation: UUID | None = None, filters: dict[str, Any] | None = None) -> UUID:
        with self.database.transaction(self.tenant) as session:
            talk = conversation or add_conversation(session, self.project, "user:ada", question).id
            return begin_answer(session, talk, question, filters).id

    def ask(
        self,
        question: str,
        conversation: UUID | None = None,
        filters: dict[str, Any] | None = None,
        **options: Any,
    ) -> Outcome:
        """Ask, and wait for the end."""
        return self.finish(self.begin(question, conversation, filters), **options)

    def finish(self, answer_id: UUID, **options: Any) -> Outcome:
        """The events of an answer that was begun."""

        async def collect() -> list[Event]:
            events = answer_question(self.installation, self.tenant, answer_id, embedder=self.embedder, **options)
            return [event async for event in events]

        return self.outcome(asyncio.run(collect()))

    def outcome(self, events: list[Event]) -> Outcome:
        """With what is stored; also holds that the events tell what is stored."""
        *before, last = events
        assert isinstance(last, Finished)
        assert not any(isinstance(event, Finished) for event in before)
        stored, said = self.stored(last.answer.id)
        if stored is not None and before:
            assert stored == last.answer
            told = {event.number: event.statement.support for event in before if isinstance(event, Stated)}
            told |= {event.number: event.support for event in before if isinstance(event, Judged)}
            assert {one.number: one.statement.support for one in said}.items() <= told.items()
        return Outcome(events, last.answer, said)

    def stored(self, answer_id: UUID) -> tuple[Answer | None, tuple[StoredStatement, ...]]:
        with self.database.transaction(self.tenant) as session:
            return find_answer(session, answer_id), statements_of(session, Owner.ANSWER, [answer_id])[answer_id]

    def calls(self) -> list[tuple[str, str]]:
        """(purpose, reply) of the finished calls of the project, in their order."""
        with self.database.transaction(self.tenant) as session:
            query = sa.select(calls.c.purpose, calls.c.reply).where(calls.c.project_id == self.project)
            return [(row.purpose, row.reply) for row in session.execute(query.order_by(calls.c.created_at))]
