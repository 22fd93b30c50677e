"""What an answer reads from the database and writes into it: each method is one short transaction, and blocks.

Nothing of it is open while a model is asked. Whatever is written is refused when the answer is not running any more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.answers.evidence import SourceText
from crucible_assets.answers.memory import Turn, turn_of
from resources.database.engine import TenantSession
from resources.database.repositories.answers import (
    Answer,
    ConversationGoneError,
    Ended,
    Source,
    add_sources,
    end_answer,
    find_answer,
    hold_running,
    page_of_answers,
    set_questions,
)
from resources.database.repositories.conversations import set_summarised, summarised_up_to
from resources.database.repositories.documents import languages_by_document
from resources.database.repositories.insights import summary_of_project
from resources.database.repositories.postings import languages_of
from resources.database.repositories.projects import load_project
from resources.database.repositories.quotes import words_at
from resources.database.repositories.search_state import weights_of
from resources.database.repositories.statements import (
    Owner,
    StoredCitation,
    add_statements,
    delete_statements,
    set_support,
    statements_of,
)
from resources.embedding.contract import Embedder
from resources.installation import Installation
from resources.project import Project
from resources.search.finding import Hit, Means, Wanted, filters_from_json, find
from resources.search.query import Query, make_query
from resources.statements import AnswerStatus, Statement

MOST_TURNS = 200
"""Earlier answers that are read at once."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A question with what it follows: the statements `folded` stand for answers up to number `summarised`."""

    answer: Answer
    project: Project
    summarised: int
    folded: tuple[Statement, ...]
    turns: tuple[Turn, ...]  # behind `summarised`, the newest last


class Store:
    """The database, for one answer."""

    def __init__(self, installation: Installation, tenant: str, answer_id: UUID) -> None:
        self.installation = installation
        self.tenant = tenant
        self.answer_id = answer_id

    @contextmanager
    def _reading(self) -> Iterator[TenantSession]:
        with self.installation.database.transaction(self.tenant, read_only=True) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator[TenantSession]:
        with self.installation.database.transaction(self.tenant) as session:
            hold_running(session, self.answer_id)
            yield session

    def open(self) -> Opened:
        """The answer and its conversation. Raises ConversationGoneError."""
        with self._reading() as session:
            answer = find_answer(session, self.answer_id)
            project = load_project(session, answer.project_id) if answer else None
            if answer is None or project is None:
                raise ConversationGoneError(f"There is no answer {self.answer_id}.")
            summarised = summarised_up_to(session, answer.conversation_id)
            conversation = answer.conversation_id
            folded = statements_of(session, Owner.CONVERSATION, [conversation])[conversation]
            turns = _turns(session, conversation, summarised, answer.number - 1)
        return Opened(answer, project, summarised, tuple(one.statement for one in folded), turns)

    def turns(self, conversation_id: UUID, after: int, upto: int) -> tuple[Turn, ...]:
        """The answered turns behind one number up to another."""
        with self._reading() as session:
            return _turns(session, conversation_id, after, upto)

    def fold(self, project_id: str, conversation_id: UUID, upto: int, statements: Sequence[Statement]) -> None:
        """From now on these statements stand for the answers up to a number."""
        with self._writing() as session:
            delete_statements(session, Owner.CONVERSATION, conversation_id)
            add_statements(session, project_id, Owner.CONVERSATION, conversation_id, statements)
            set_summarised(session, conversation_id, upto)

    def understood(self, questions: Sequence[str]) -> None:
        """Store how the question was understood."""
        with self._writing() as session:
            set_questions(session, self.answer_id, questions)

    def search(self, answer: Answer, question: str, k: int, embedder: Embedder) -> tuple[Hit, ...]:
        """The passages for a question, in several transactions. Raises BlankTextError."""
        means = Means.of(self.installation, self.tenant, embedder)
        wanted = Wanted(answer.project_id, question, k, filters=filters_from_json(answer.filters))
        return find(means, wanted).hits

    def languages(self, ids: Sequence[UUID]) -> dict[UUID, str | None]:
        """The languages of documents."""
        with self._reading() as session:
            return languages_by_document(session, ids)

    def summary(self, answer: Answer) -> list[tuple[StoredCitation, str]]:
        """What the project's summary cites, with the words; [] where there is none, or the question has filters."""
        if filters_from_json(answer.filters) != filters_from_json({}):
            return []
        with self._reading() as session:
            summary = summary_of_project(session, answer.project_id)
            if summary is None:
                return []
            cited = {c.citation: c for one in summary.statements for c in one.citations if c.current}
            words = words_at(session, [(c.document_id, c.start, c.end) for c in cited])
        return [(stored, text) for stored, text in zip(cited.values(), words, strict=True) if text.strip()]

    def weights(self, project_id: str, question: str) -> tuple[Query, dict[str, float]]:
        """The question's terms in the languages of the project, and how much each tells its passages apart."""
        with self._reading() as session:
            query = make_query(question, languages_of(session, project_id))
            return query, weights_of(session, project_id, query.terms)

    def keep_sources(self, sources: Sequence[SourceText]) -> tuple[SourceText, ...]:
        """Store what the answer is made from; gives those whose text is still there."""
        with self._writing() as session:
            kept: list[Source] = add_sources(session, self.answer_id, [one.source for one in sources])
        labels = {one.label for one in kept}
        return tuple(one for one in sources if one.source.label in labels)

    def state(self, project_id: str, number: int, statement: Statement) -> UUID | None:
        """Store a statement; None when a text that it cites is gone."""
        with self._writing() as session:
            (id_,) = add_statements(session, project_id, Owner.ANSWER, self.answer_id, [statement], first=number)
        return id_

    def judge(self, judged: Sequence[tuple[UUID, Statement]]) -> list[UUID]:
        """Store what a model found of statements; gives those that are still there."""
        with self._writing() as session:
            return [id_ for id_, statement in judged if set_support(session, id_, statement)]

    def end(self, ended: Ended) -> Answer | None:
        """Store how the answer ended; gives it as it is then, None when it was deleted."""
        with self.installation.database.transaction(self.tenant) as session:
            end_answer(session, self.answer_id, ended)
            return find_answer(session, self.answer_id)


def _turns(session: TenantSession, conversation_id: UUID, after: int, upto: int) -> tuple[Turn, ...]:
    answers = [one for one in page_of_answers(session, conversation_id, MOST_TURNS, after) if one.number <= upto]
    told = [one for one in answers if one.status is not AnswerStatus.RUNNING]
    said = statements_of(session, Owner.ANSWER, [one.id for one in told])
    return tuple(turn_of(one.number, one.question, [s.statement for s in said[one.id]]) for one in told)
