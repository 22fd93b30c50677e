"""Deleting a document, or reading another text in it, takes what was said from it, in the same transaction."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.answers import (
    ConversationGoneError,
    Ended,
    Source,
    add_sources,
    begin_answer,
    end_answer,
    fail_abandoned_answers,
    find_answer,
    page_of_answers,
    set_questions,
    sources_of,
)
from resources.database.repositories.call_sources import add_call_sources
from resources.database.repositories.conversations import add_conversation, delete_conversation
from resources.database.repositories.deletion import delete_documents
from resources.database.repositories.documents import NewFile, take_in
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.statements import Owner, add_statements, statements_of
from resources.database.tables import answers, calls, document_texts, summaries, themes
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.request import ModelReply, Usage
from resources.project import project_from_data
from resources.statements import AnswerStatus, CheckedBy, Citation, Statement, Support
from resources.vocabulary import CallPurpose, DocumentOrigin
from tests.answers.study import fall_silent

ASKER = "user:ada"


@dataclass
class Corpus:
    """A project with two documents, and an answer that was made from both."""

    tenant: str
    project: str
    first: UUID
    second: UUID
    conversation: UUID
    answer: UUID


def supported(text: str, *cited: UUID) -> Statement:
    return Statement(text, Support.SUPPORTED, tuple(Citation(id_, 0, 5, 1) for id_ in cited), CheckedBy.WORDS)


@pytest.fixture
def corpus(database: Database) -> Corpus:
    tenant = f"t{uuid.uuid4().hex[:12]}"
    variables = [{"name": "price", "type": "NUMBER", "instructions": "The price."}]
    project = project_from_data({"name": f"study {uuid.uuid4().hex[:8]}", "documents": "x", "variables": variables})
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, project)
        files = [NewFile(f"{n}.txt", f"{project.id}-{n}", 5, f"blob-{project.id}-{n}") for n in "ab"]
        taken = take_in(session, project.id, files, DocumentOrigin.UPLOAD)
        ids = [one.document_id for one in taken]
        for id_ in ids:
            session.execute(
                sa.insert(document_texts).values(tenant_id=tenant, document_id=id_, text="Words of it", segments=[])
            )
        conversation = add_conversation(session, project.id, ASKER, "What is it?")
        answer = begin_answer(session, conversation.id, "What is it?")
        add_sources(session, answer.id, [Source(n, id_, 0, 5, 1.0, n, None) for n, id_ in enumerate(ids, 1)])
        said = [
            supported("The first says so.", ids[0]),
            supported("The second says so.", ids[1]),
            supported("Both say so.", *ids),
            Statement("It cites nothing.", Support.UNSUPPORTED, checked_by=CheckedBy.WORDS),
        ]
        assert None not in add_statements(session, project.id, Owner.ANSWER, answer.id, said)
        end_answer(session, answer.id, Ended(AnswerStatus.ANSWERED))
    return Corpus(tenant, project.id, ids[0], ids[1], conversation.id, answer.id)


def texts(session, owner: Owner, owner_id: UUID) -> list[str]:
    return [one.statement.text for one in statements_of(session, owner, [owner_id])[owner_id]]


def status(session, corpus: Corpus, answer_id: UUID | None = None) -> AnswerStatus:
    answer = find_answer(session, answer_id or corpus.answer)
    assert answer is not None
    return answer.status


def finished_call(session, corpus: Corpus, key: str) -> None:
    values = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens", "cache_write_tokens", "seconds"), 0)
    texts = {"provider": "openai", "model": "m", "reply": "The first says so [1]", "finish_reason": "stop"}
    row = {"tenant_id": corpus.tenant, "project_id": corpus.project, "key": key, "variables": [], "cost_usd": 1}
    session.execute(sa.insert(calls).values(**row, **values, **texts))


def test_what_cites_a_deleted_document_is_gone_and_what_cites_nothing_with_it(database, corpus):
    with database.transaction(corpus.tenant) as session:
        delete_documents(session, [corpus.first])
        assert texts(session, Owner.ANSWER, corpus.answer) == ["The second says so."]
        (kept,) = statements_of(session, Owner.ANSWER, [corpus.answer])[corpus.answer]
        assert (kept.number, kept.citations[0].document_name) == (2, "b.txt")
        assert [one.source.label for one in sources_of(session, [corpus.answer])[corpus.answer]] == [2]
        answer = find_answer(session, corpus.answer)
        assert answer is not None
        assert (answer.sources_deleted, answer.question) == (1, "What is it?")


def test_an_answer_that_has_nothing_left_to_say_is_withdrawn(database, corpus):
    with database.transaction(corpus.tenant) as session:
        delete_documents(session, [corpus.first])
        assert status(session, corpus) is AnswerStatus.ANSWERED
        delete_documents(session, [corpus.second])
        assert status(session, corpus) is AnswerStatus.WITHDRAWN
        assert delete_conversation(session, corpus.conversation, ASKER)


def test_an_answer_of_which_only_what_nothing_bears_is_left_is_withdrawn(database, corpus):
    unborne = Statement("Not so.", Support.UNSUPPORTED, (Citation(corpus.second, 0, 5, 2),), CheckedBy.WORDS)
    with database.transaction(corpus.tenant) as session:
        answer = begin_answer(session, corpus.conversation, "And when?")
        ids = enumerate((corpus.first, corpus.second), 1)
        add_sources(session, answer.id, [Source(n, id_, 0, 5, 1.0, n, None) for n, id_ in ids])
        add_statements(session, corpus.project, Owner.ANSWER, answer.id, [supported("One.", corpus.first), unborne])
        end_answer(session, answer.id, Ended(AnswerStatus.ANSWERED))
        delete_documents(session, [corpus.first])
        assert texts(session, Owner.ANSWER, answer.id) == ["Not so."]
        assert status(session, corpus, answer.id) is AnswerStatus.WITHDRAWN


def test_an_answer_that_lost_everything_before_it_ended_is_withdrawn(database, corpus):
    with database.transaction(corpus.tenant) as session:
        answer = begin_answer(session, corpus.conversation, "And when?")
        add_sources(session, answer.id, [Source(1, corpus.first, 0, 5, 1.0, 1, None)])
        add_statements(session, corpus.project, Owner.ANSWER, answer.id, [supported("One.", corpus.first)])
        delete_documents(session, [corpus.first])
        assert end_answer(session, answer.id, Ended(AnswerStatus.ANSWERED))
        assert status(session, corpus, answer.id) is AnswerStatus.WITHDRAWN


def test_a_text_that_is_read_anew_and_differs_is_another_text(database, corpus):
    with database.transaction(corpus.tenant) as session:
        same = sa.update(document_texts).where(document_texts.c.document_id == corpus.first)
        session.execute(same.values(text="Words of it"))
        assert len(texts(session, Owner.ANSWER, corpus.answer)) == 4
        session.execute(same.values(text="Other words"))
        assert texts(session, Owner.ANSWER, corpus.answer) == ["The second says so."]


def test_how_later_questions_were_understood_is_forgotten(database, corpus):
    with database.transaction(corpus.tenant) as session:
        later = begin_answer(session, corpus.conversation, "And when?")
        set_questions(session, later.id, ["When does the first say so?"])
        delete_documents(session, [corpus.first])
        assert [a.questions for a in page_of_answers(session, corpus.conversation, 10)] == [
            ["What is it?"],
            ["And when?"],
        ]


def test_what_a_call_said_of_several_documents_goes_with_each_of_them(database, corpus):
    with database.transaction(corpus.tenant) as session:
        finished_call(session, corpus, "k1")
        finished_call(session, corpus, "k2")
        add_call_sources(session, {"k1": [corpus.first, corpus.second], "k2": [corpus.second]})
        delete_documents(session, [corpus.first])
        rows = session.execute(sa.select(calls.c.key, calls.c.reply, calls.c.cost_usd)).all()
        assert sorted((row.key.split(":")[0], row.reply, row.cost_usd) for row in rows) == [
            ("deleted", "", 1),
            ("k2", "The first says so [1]", 1),
        ]


def test_a_call_of_a_text_that_is_read_anew_is_forgotten_too(database, corpus):
    with database.transaction(corpus.tenant) as session:
        finished_call(session, corpus, "k1")
        add_call_sources(session, {"k1": [corpus.first]})
        same = sa.update(document_texts).where(document_texts.c.document_id == corpus.first)
        session.execute(same.values(text="Other words"))
        assert session.scalars(sa.select(calls.c.reply)).all() == [""]


def test_a_call_about_a_document_that_is_gone_by_the_time_it_ends_says_nothing(database, corpus):
    with database.transaction(corpus.tenant) as session:
        delete_documents(session, [corpus.first])

    async def store() -> None:
        ledger = Ledger(database, corpus.tenant)
        for key, ids in (("k1", (corpus.first, corpus.second)), ("k2", (corpus.second,))):
            reply = ModelReply("The first says so [1]", "stop", Usage(1, 0, 1), "m")
            call = Call(key, "openai", "m", reply, Decimal(1), None, 0.1, paid=True)
            await ledger.store(call, CallContext(corpus.project, None, None, (), CallPurpose.ANSWER, sources=ids))
        await ledger.close()

    asyncio.run(store())
    with database.transaction(corpus.tenant) as session:
        rows = session.execute(sa.select(calls.c.key, calls.c.reply, calls.c.cost_usd)).all()
        assert sorted((row.key.split(":")[0], row.reply, row.cost_usd) for row in rows) == [
            ("deleted", "", 1),
            ("k2", "The first says so [1]", 1),
        ]


def test_a_statement_about_a_document_that_is_gone_is_not_stored(database, corpus):
    with database.transaction(corpus.tenant) as session:
        delete_documents(session, [corpus.first])
        said = [supported("The first says so.", corpus.first), supported("Both.", corpus.first, corpus.second)]
        ids = add_statements(session, corpus.project, Owner.ANSWER, corpus.answer, said, first=7)
        assert ids == [None, None]


def test_summaries_and_themes_lose_what_rested_on_it_and_are_stale(database, corpus):
    with database.transaction(corpus.tenant) as session:
        base = {"tenant_id": corpus.tenant, "project_id": corpus.project, "fingerprint": "f"}
        ids = {"own": uuid.uuid4(), "project": uuid.uuid4(), "theme": uuid.uuid4()}
        session.execute(sa.insert(summaries).values(**base, id=ids["own"], document_id=corpus.first))
        session.execute(sa.insert(summaries).values(**base, id=ids["project"]))
        session.execute(
            sa.insert(themes).values(
                **base, id=ids["theme"], number=1, label="Words", keywords=["word"], opportunity=1
            )
        )
        for owner, id_ in ((Owner.SUMMARY, "own"), (Owner.SUMMARY, "project"), (Owner.THEME, "theme")):
            said = [supported("One.", corpus.first), supported("Two.", corpus.second)]
            add_statements(session, corpus.project, owner, ids[id_], said)
        delete_documents(session, [corpus.first])
        assert session.execute(sa.select(summaries.c.id, summaries.c.stale)).all() == [(ids["project"], True)]
        assert texts(session, Owner.SUMMARY, ids["project"]) == ["Two."]
        found = session.execute(sa.select(themes.c.label, themes.c.keywords, themes.c.stale)).one()
        assert found == (None, [], True)


def test_a_conversation_takes_everything_with_it(database, corpus):
    with database.transaction(corpus.tenant) as session:
        assert not delete_conversation(session, corpus.conversation, "user:bob")
        assert delete_conversation(session, corpus.conversation, ASKER)
        assert find_answer(session, corpus.answer) is None
        assert texts(session, Owner.ANSWER, corpus.answer) == []
        with pytest.raises(ConversationGoneError):
            begin_answer(session, corpus.conversation, "And now?")


def test_an_answer_that_nobody_works_on_any_more_has_failed(database, corpus):
    with database.transaction(corpus.tenant) as session:
        answer = begin_answer(session, corpus.conversation, "And when?")
        slow = {"created_at": sa.func.now() - timedelta(hours=1)}
        session.execute(sa.update(answers).where(answers.c.id == answer.id).values(slow))
        assert fail_abandoned_answers(session) == 0
        fall_silent(session, answer.id)
        assert fail_abandoned_answers(session, uuid.uuid4()) == 0
        assert fail_abandoned_answers(session, corpus.conversation) == 1
        found = find_answer(session, answer.id)
        assert found is not None
        assert found.status is AnswerStatus.FAILED
        assert not end_answer(session, answer.id, Ended(AnswerStatus.ANSWERED))
