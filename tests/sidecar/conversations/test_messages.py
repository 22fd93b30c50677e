"""Questions by POST: as JSON and as a stream, one at a time, within bounds, and answered when nobody waits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from resources.database.repositories.answers import Ended, begin_answer, end_answer
from resources.database.tables import answers, audit_log, projects, users
from resources.statements import AnswerStatus
from resources.vocabulary import Role
from sidecar.conversations import answering, asking, message_routes
from sidecar.conversations.answering import Answering
from sidecar.problems import Unavailable
from sidecar.security.authenticate import utc_now
from sidecar.stream import permission
from tests.answers.study import fall_silent
from tests.sidecar.conversations.conftest import GRANT, PUMP, SESSIONS, create
from tests.sidecar.search.conftest import BrokenEmbedder, WordEmbedder
from tests.sidecar.stream.conftest import served, sse, wait_until

__all__ = ["served"]

QUESTION = "When was the grant for the heat pump paid?"


class HeldEmbedder(WordEmbedder):
    """One that embeds no query until it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.asked = threading.Event()

    def embed_queries(self, texts: list[str]) -> Any:
        self.asked.set()
        assert self.may.wait(60)
        return super().embed_queries(texts)


@pytest.fixture(autouse=True)
def answers_embed(monkeypatch, embedder) -> WordEmbedder:
    monkeypatch.setattr(answering, "embedder_of", lambda _: embedder)
    return embedder


@pytest.fixture
def held(monkeypatch) -> Iterator[HeldEmbedder]:
    made = HeldEmbedder()
    monkeypatch.setattr(answering, "embedder_of", lambda _: made)
    yield made
    made.may.set()


@pytest.fixture
def person(served, tenant, corpus) -> Iterator[httpx.Client]:
    """A researcher of the test's tenant, over a real socket."""
    with httpx.Client(base_url=served.http, headers=served.bearer(tenant, Role.RESEARCHER), timeout=60) as client:
        yield client


def begin(client) -> str:
    made = client.post(f"{SESSIONS}/create", json={"project_id": "study"})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def message(client, conversation: str, question: str = QUESTION, **more: Any):
    headers = more.pop("headers", {})
    return client.post(f"{SESSIONS}/{conversation}/message", json={"question": question, **more}, headers=headers)


def ended(client, conversation: str) -> list[dict[str, Any]]:
    """The conversation's answers, when none is RUNNING any more."""
    items: list[dict[str, Any]] = []

    def done() -> bool:
        items[:] = client.get(f"{SESSIONS}/{conversation}/messages").json()["items"]
        return all(item["status"] != "RUNNING" for item in items)

    wait_until(done, 30)
    return items


def heard(client, conversation: str, question: str = QUESTION, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of all events of a stream."""
    headers = {"Accept": "text/event-stream", **more.pop("headers", {})}
    address, body = f"{SESSIONS}/{conversation}/message", {"question": question, **more}
    with client.stream("POST", address, json=body, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        return [(one["event"], json.loads(one["data"])) for one in sse(response) if "data" in one]


def test_a_question_is_answered_with_the_words_of_the_documents(person, corpus):
    wanted = corpus.add("a.txt", GRANT, PUMP)
    corpus.add("b.txt", "The weather was fine.")
    conversation = begin(person)
    answer = message(person, conversation)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["status"], said["model"], said["cost_usd"], said["number"]) == ("ANSWERED", None, "0", 1)
    first = said["statements"][0]
    assert (first["text"], first["support"], first["checked_by"]) == (GRANT, "SUPPORTED", "COPY")
    assert [(one["document_id"], one["quote"]) for one in first["citations"]] == [(str(wanted), GRANT)]
    assert first["citations"][0]["places"] == [{"page": 1, "label": None, "boxes": [[72, 90, 300, 104]]}]
    assert person.get(f"{SESSIONS}/{conversation}/messages/{said['id']}").json() == said


def test_what_the_documents_do_not_say_is_not_answered(person, corpus):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    said = message(person, conversation, "Who won the chess tournament in Tromsø?").json()
    assert (said["status"], said["statements"]) == ("ABSTAINED", [])
    assert said["abstention"]["kind"] in ("NOT_ENOUGH", "NOTHING_FOUND")
    assert said["abstention"]["said"]


def test_the_stream_tells_everything_in_its_order(person, corpus):
    document = corpus.add("a.txt", GRANT, PUMP)
    conversation = begin(person)
    events = heard(person, conversation)
    names = [name for name, _ in events]
    assert (names[0], names[1], names[-1], set(names[2:-1])) == ("understood", "found", "finished", {"stated"})
    assert [data["event"] for _, data in events] == names
    by_name = dict(events)
    assert by_name["understood"]["questions"] == [QUESTION]
    assert {one["document_id"] for one in by_name["found"]["sources"]} == {str(document)}
    answer = by_name["finished"]["answer"]
    assert [data["statement"] for name, data in events if name == "stated"] == answer["statements"]
    assert person.get(f"{SESSIONS}/{conversation}/messages/{answer['id']}").json() == answer
    assert {data["answer_id"] for _, data in events} == {answer["id"]}


def test_the_first_question_names_a_conversation_that_has_no_title(person, corpus):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    message(person, conversation, f"  {QUESTION}\n\n And {'much ' * 50}more?")
    title = person.get(f"{SESSIONS}/{conversation}").json()["title"]
    assert title.startswith(f"{QUESTION} And much")
    assert len(title) == 80
    message(person, conversation, "Another?")
    assert person.get(f"{SESSIONS}/{conversation}").json()["title"] == title


def test_one_question_at_a_time_in_a_conversation(person, corpus, held):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(message, person, conversation)
        assert held.asked.wait(30)
        refused = message(person, conversation, "Another?")
        (running,) = person.get(f"{SESSIONS}/{conversation}/messages").json()["items"]
        held.may.set()
        assert waiting.result().json()["id"] == running["id"]
    assert (refused.status_code, refused.json()["running_answer_id"]) == (409, running["id"])
    assert (running["status"], running["ended_at"]) == ("RUNNING", None)
    assert message(person, conversation, "Another?").status_code == 200
    assert [one["number"] for one in ended(person, conversation)] == [1, 2]


def test_a_client_that_goes_away_finds_its_answer_later(person, corpus, held):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    address, accept = f"{SESSIONS}/{conversation}/message", {"Accept": "text/event-stream"}
    with person.stream("POST", address, json={"question": QUESTION}, headers=accept) as response:
        assert next(sse(response))["event"] == "understood"
    held.may.set()
    (answer,) = ended(person, conversation)
    assert (answer["status"], answer["statements"][0]["text"]) == ("ANSWERED", GRANT)


def test_what_takes_long_is_read_where_it_says(person, corpus, held, monkeypatch):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    monkeypatch.setattr(message_routes, "_SHARE", 0.01)
    answer = message(person, conversation)
    assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")
    held.may.set()
    (said,) = ended(person, conversation)
    assert person.get(answer.headers["location"]).json() == said


def test_so_many_answers_at_a_time_and_no_more(person, corpus, held, served, tenant, monkeypatch):
    corpus.add("a.txt", GRANT)
    at_work: Answering = served.app.state.answering
    monkeypatch.setattr(at_work, "terms", replace(at_work.terms, person=2, process=3))
    others = served.bearer(tenant, Role.RESEARCHER)
    with ThreadPoolExecutor(3) as pool:
        first = [begin(person) for _ in range(3)]
        waiting = [pool.submit(message, person, conversation) for conversation in first[:2]]
        wait_until(lambda: sum(at_work._places.values()) == 2)
        refused = message(person, first[2])
        with httpx.Client(base_url=served.http, headers=others, timeout=60) as other:
            conversations = [begin(other) for _ in range(2)]
            waiting.append(pool.submit(message, other, conversations[0]))
            wait_until(lambda: sum(at_work._places.values()) == 3)
            full = message(other, conversations[1])
            held.may.set()
            assert {one.result().status_code for one in waiting} == {200}
    for answer, said in ((refused, "questions of yours"), (full, "Many questions")):
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert said in answer.json()["detail"]
    assert person.get(f"{SESSIONS}/{first[2]}/messages").json()["items"] == []
    wait_until(lambda: not at_work._places)
    assert message(person, first[2]).status_code == 200


def test_the_same_key_asks_once(person, corpus, database, tenant):
    corpus.add("a.txt", GRANT)
    conversation, headers = begin(person), {"Idempotency-Key": uuid4().hex}
    first, again = (message(person, conversation, headers=headers) for _ in range(2))
    assert (again.json(), again.headers["idempotent-replay"]) == (first.json(), "true")
    streamed = heard(person, conversation, headers=headers)
    assert streamed == [("finished", {"event": "finished", "answer_id": first.json()["id"], "answer": first.json()})]
    assert message(person, conversation, "Another?", headers=headers).status_code == 422
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(answers.c.id)).all() == [UUID(first.json()["id"])]


def test_the_same_key_while_the_first_waits_joins_it(person, corpus, held):
    corpus.add("a.txt", GRANT)
    conversation, headers = begin(person), {"Idempotency-Key": uuid4().hex}
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(message, person, conversation, headers=headers) for _ in range(2)]
        assert held.asked.wait(30)
        held.may.set()
        first, again = (one.result() for one in waiting)
    assert first.json() == again.json()


def test_an_answer_that_another_process_gives_is_waited_for(person, corpus, database, tenant, monkeypatch):
    monkeypatch.setattr(message_routes, "_LOOK", 0.02)
    corpus.add("a.txt", GRANT)
    conversation, headers = begin(person), {"Idempotency-Key": uuid4().hex}
    first = message(person, conversation, headers=headers).json()
    with database.transaction(tenant) as session:
        session.execute(sa.update(answers).values(status="RUNNING", ended_at=None, alive_at=sa.func.now()))
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(message, person, conversation, headers=headers)
        hearing = pool.submit(heard, person, conversation, headers=headers)
        with database.transaction(tenant) as session:
            end_answer(session, UUID(first["id"]), Ended(AnswerStatus.ANSWERED, passages=9))
        assert (waiting.result().json()["status"], waiting.result().json()["passages"]) == ("ANSWERED", 9)
        assert [(name, data["answer"]["passages"]) for name, data in hearing.result()] == [("finished", 9)]


def test_an_answer_given_again_does_not_tell_of_what_was_deleted(person, corpus):
    gone = corpus.add("a.txt", GRANT)
    conversation, headers = begin(person), {"Idempotency-Key": uuid4().hex}
    assert message(person, conversation, headers=headers).json()["statements"]
    assert person.delete(f"/v1/context/{gone}").status_code == 204
    again = message(person, conversation, headers=headers).json()
    assert (again["statements"], again["sources"], again["sources_deleted"]) == ([], [], 1)
    assert GRANT not in str(again)


def test_with_its_conversation_an_answer_under_way_is_stopped(person, corpus, held, served):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(heard, person, conversation)
        assert held.asked.wait(30)
        assert person.delete(f"{SESSIONS}/{conversation}").status_code == 204
        held.may.set()
        name, data = waiting.result()[-1]
    assert (name, data["answer"]) == ("finished", None)
    wait_until(lambda: not served.app.state.answering._places)


def test_an_embedder_that_does_not_answer_leaves_the_words(person, corpus, monkeypatch):
    corpus.add("a.txt", GRANT)
    monkeypatch.setattr(answering, "embedder_of", lambda _: BrokenEmbedder())
    assert message(person, begin(person)).json()["statements"][0]["text"] == GRANT


def test_an_engine_that_breaks_leaves_a_failed_answer_and_says_nothing_of_its_inside(person, corpus, monkeypatch):
    corpus.add("a.txt", GRANT)

    def broken(_):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(answering, "embedder_of", broken)
    conversation = begin(person)
    said = message(person, conversation)
    assert (said.status_code, said.json()["status"]) == (200, "FAILED")
    assert "hunter2" not in said.text
    assert person.get(f"{SESSIONS}/{conversation}/messages/{said.json()['id']}").json() == said.json()


def test_what_is_asked_is_not_in_the_audit_log(person, corpus, database, tenant):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    said = message(person, conversation).json()
    with database.transaction(tenant) as session:
        rows = session.execute(sa.select(audit_log.c.action, audit_log.c.object, audit_log.c.payload)).all()
    assert ("conversation.ask", f"conversation:{conversation}", {"answer": said["id"]}) in [
        tuple(row) for row in rows
    ]
    assert QUESTION not in str(rows)


def test_a_viewer_asks_nothing_and_another_person_not_here(person, corpus, served, tenant):
    conversation = begin(person)
    for role, status in ((Role.VIEWER, 403), (Role.RESEARCHER, 404), (Role.ADMIN, 404)):
        with httpx.Client(base_url=served.http, headers=served.bearer(tenant, role)) as other:
            assert message(other, conversation).status_code == status


def test_nothing_is_asked_about_a_project_that_is_archived(person, corpus, database, tenant):
    conversation = begin(person)
    with database.transaction(tenant) as session:
        session.execute(sa.update(projects).values(archived=True))
    assert message(person, conversation).status_code == 409


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "invalid"),
        ({"question": " "}, "invalid"),
        ({"question": "\x1c"}, "unusable"),
        ({"question": "x" * 4001}, "invalid"),
        ({"question": "a\x00?"}, "invalid"),
        ({"question": "a?", "filters": {"dates": {"first": "2022-01-02", "last": "2022-01-01"}}}, "unusable"),
        ({"question": "a?", "model": "openai:m"}, "invalid"),
    ],
)
def test_what_is_no_question_is_refused(person, corpus, body, said):
    problem = person.post(f"{SESSIONS}/{begin(person)}/message", json=body)
    assert (problem.status_code, problem.json()["type"]) == (422, f"urn:crucible:problem:{said}")


def test_filters_narrow_what_may_be_a_source_and_are_told(person, corpus):
    corpus.add("a.txt", GRANT)
    wanted = corpus.add("b.txt", "The grant for the heat pump was paid in May.")
    filters = {"documents": [str(wanted)]}
    said = message(person, begin(person), filters=filters).json()
    assert {one["document_id"] for one in said["sources"]} == {str(wanted)}
    assert said["filters"]["documents"] == [str(wanted)]


def test_what_is_under_way_when_the_service_stops_ends_as_failed(installation, corpus, held, client_as, monkeypatch):
    corpus.add("a.txt", GRANT)
    client = client_as("researcher")
    conversation = create(client)["id"]
    stopping = Answering(installation)
    monkeypatch.setitem(client.app.state._state, "answering", stopping)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(message, client, conversation)
        assert held.asked.wait(30)
        stopping.close()
        said = waiting.result()
    assert (said.json()["status"], said.json()["statements"]) == ("FAILED", [])
    assert said.json()["reason"]
    with pytest.raises(Unavailable), stopping.place(("t", "user:a")):
        pass


def test_a_place_is_free_again_when_nothing_was_begun(person, corpus, served, monkeypatch):
    conversation = begin(person)

    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(asking, "audit", broken)
    assert message(person, conversation).status_code == 500
    assert not served.app.state.answering._places
    assert person.get(f"{SESSIONS}/{conversation}/messages").json()["items"] == []


def test_a_question_whose_process_died_does_not_bar_its_conversation(person, corpus, database, tenant):
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    with database.transaction(tenant) as session:
        left = begin_answer(session, UUID(conversation), "Who?").id
    assert message(person, conversation).status_code == 409  # it may be worked on still
    with database.transaction(tenant) as session:
        fall_silent(session, left)
    assert message(person, conversation).json()["status"] == "ANSWERED"
    assert [one["status"] for one in ended(person, conversation)] == ["FAILED", "ANSWERED"]


def test_who_waits_for_an_answer_whose_process_died_is_told(person, corpus, database, tenant, monkeypatch):
    monkeypatch.setattr(message_routes, "_LOOK", 0.02)
    corpus.add("a.txt", GRANT)
    conversation, headers = begin(person), {"Idempotency-Key": uuid4().hex}
    first = message(person, conversation, headers=headers).json()
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(tenant) as session:
            session.execute(sa.update(answers).values(status="RUNNING", ended_at=None))
        hearing = pool.submit(heard, person, conversation, headers=headers)
        with database.transaction(tenant) as session:
            fall_silent(session, UUID(first["id"]))
        ((name, data),) = hearing.result()
    assert (name, data["answer"]["status"]) == ("finished", "FAILED")
    assert "Ask again" in data["answer"]["reason"]


def test_a_stream_ends_with_a_problem_when_its_token_expires(person, corpus, held, monkeypatch):
    monkeypatch.setattr(message_routes, "_QUIET", 0.1)
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    with ThreadPoolExecutor(1) as pool:
        hearing = pool.submit(heard, person, conversation)
        assert held.asked.wait(30)
        monkeypatch.setattr(permission, "utc_now", lambda: utc_now() + timedelta(days=1))
        name, data = hearing.result()[-1]
    assert (name, data["event"], data["problem"]["status"]) == ("problem", "problem", 401)
    assert "has expired" in data["problem"]["detail"]
    held.may.set()
    (answer,) = ended(person, conversation)
    assert answer["status"] == "ANSWERED"


@pytest.mark.parametrize("what", ["key", "user"])
def test_a_stream_ends_with_a_problem_when_its_key_or_user_is_shut_out(
    person, corpus, held, served, database, tenant, monkeypatch, what
):
    monkeypatch.setattr(message_routes, "_QUIET", 0.1)
    corpus.add("a.txt", GRANT)
    conversation = begin(person)
    key = person.post("/v1/keys", json={"name": "stream"}).json()
    bearer = {"Authorization": f"Bearer {key['key']}"} if what == "key" else {}
    with served.terms(look_again=0.2), ThreadPoolExecutor(1) as pool:
        hearing = pool.submit(heard, person, conversation, headers=bearer)
        assert held.asked.wait(30)
        if what == "key":
            assert person.delete(f"/v1/keys/{key['id']}").status_code in (200, 204)
        else:
            with database.transaction(tenant) as session:
                session.execute(sa.update(users).values(active=False))
        events = hearing.result()
    assert [name for name, _ in events] == ["understood", "problem"]
    assert "is not good any more" in events[-1][1]["problem"]["detail"]
