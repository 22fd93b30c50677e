"""Questions by WebSocket: one after the other, each with its events, and refusals that do not end the connection."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from resources.vocabulary import Role
from sidecar.conversations import answering, message_routes
from sidecar.limits.settings import Zone
from sidecar.security.authenticate import utc_now
from sidecar.stream import permission
from tests.sidecar.conversations.conftest import GRANT, SESSIONS
from tests.sidecar.conversations.test_messages import QUESTION, begin, ended, heard, held, message
from tests.sidecar.stream.conftest import served

__all__ = ["held", "served"]


@pytest.fixture(autouse=True)
def answers_embed(monkeypatch, embedder):
    monkeypatch.setattr(answering, "embedder_of", lambda _: embedder)


@pytest.fixture
def headers(served, tenant, corpus) -> dict[str, str]:
    corpus.add("a.txt", GRANT)
    return served.bearer(tenant, Role.RESEARCHER)


@pytest.fixture
def person(served, headers):
    with httpx.Client(base_url=served.http, headers=headers, timeout=60) as client:
        yield client


def opened(served, conversation: str, headers: dict[str, str] | None = None, query: str = "", **options: Any):
    address = f"{served.ws}{SESSIONS}/{conversation}/message{query}"
    return connect(address, additional_headers=headers or {}, open_timeout=60, **options)


def told(socket: ClientConnection, **said: Any) -> list[dict[str, Any]]:
    """Everything that is answered to one message."""
    if said:
        socket.send(json.dumps(said))
    events = []
    while not events or events[-1]["event"] not in ("finished", "problem"):
        events.append(json.loads(socket.recv(30)))
    return events


def test_several_questions_one_after_the_other(served, headers, person):
    conversation = begin(person)
    with opened(served, conversation, headers) as socket:
        first = told(socket, question=QUESTION)
        second = told(socket, question="When was the grant paid?", filters={"languages": ["de"]})
    assert [one["event"] for one in first] == ["understood", "found", "stated", "finished"]
    assert (first[2]["statement"]["text"], first[-1]["answer"]["number"]) == (GRANT, 1)
    assert (second[-1]["answer"]["status"], second[-1]["answer"]["number"]) == ("ABSTAINED", 2)
    assert ended(person, conversation) == [first[-1]["answer"], second[-1]["answer"]]


def test_what_a_socket_is_told_is_what_a_stream_is_told(served, headers, person):
    key = uuid4().hex
    conversation = begin(person)
    with opened(served, conversation, headers) as socket:
        by_socket = told(socket, question=QUESTION, idempotency_key=key)
        again = told(socket, question=QUESTION, idempotency_key=key)
    by_post = message(person, conversation, headers={"Idempotency-Key": key})
    assert by_post.json() == by_socket[-1]["answer"]
    assert again == by_socket[-1:]
    streamed = [data for _, data in heard(person, begin(person))]
    assert [one["event"] for one in streamed] == [one["event"] for one in by_socket]
    assert [one.keys() for one in streamed] == [one.keys() for one in by_socket]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("{", 400),
        ("[" * 5000, 400),
        (b"\x00\x01", 400),
        ("[]", 422),
        ("{}", 422),
        ('{"question": " "}', 422),
        ('{"question": "a\\u0000"}', 422),
        ('{"question": "a\\ud800"}', 422),
        ('{"question": "a?", "conversation": 1}', 422),
        ('{"question": "a?", "idempotency_key": "ä"}', 422),
        ('{"question": "a?", "filters": {"dates": {"first": "2022-01-02", "last": "2022-01-01"}}}', 422),
    ],
)
def test_what_is_no_question_is_refused_and_the_next_is_answered(served, headers, person, sent, status):
    with opened(served, begin(person), headers) as socket:
        socket.send(sent)
        (refused,) = told(socket)
        assert (refused["event"], refused["problem"]["status"]) == ("problem", status)
        assert told(socket, question=QUESTION)[-1]["answer"]["status"] == "ANSWERED"


def test_each_question_counts_as_a_request_that_may_cost_money(served, headers, person, monkeypatch):
    few = replace(served.app.state.bounds, costly=Zone("few", 1, 2))
    monkeypatch.setitem(served.app.state._state, "bounds", few)
    conversation = begin(person)
    with opened(served, conversation, headers) as socket:
        asked = [told(socket, question=QUESTION)[-1] for _ in range(3)]
    assert "problem" in asked[-1]
    assert asked[-1]["problem"]["status"] == 429


def test_a_conversation_that_is_not_yours_is_refused_before_it_opens(served, headers, person, tenant):
    conversation = begin(person)
    for other, role, status in (
        (tenant, Role.ADMIN, 404),
        (tenant, Role.VIEWER, 403),
        (f"{tenant}-2", Role.ADMIN, 404),
    ):
        with pytest.raises(InvalidStatus) as refused, opened(served, conversation, served.bearer(other, role)):
            pass
        assert refused.value.response.status_code == status
    with pytest.raises(InvalidStatus) as refused, opened(served, str(uuid4()), headers):
        pass
    assert refused.value.response.status_code == 404
    with pytest.raises(InvalidStatus) as refused, opened(served, conversation):
        pass
    assert refused.value.response.status_code == 401


def test_a_browser_comes_in_by_ticket_or_subprotocol_and_not_from_another_host(served, headers, person):
    conversation = begin(person)
    ticket = person.post("/v1/auth/ticket").json()["ticket"]
    with opened(served, conversation, query=f"?ticket={ticket}") as socket:
        assert told(socket, question=QUESTION)[-1]["answer"]["status"] == "ANSWERED"
    token = headers["Authorization"].removeprefix("Bearer ")
    with opened(served, conversation, subprotocols=["crucible.stream", f"crucible.token.{token}"]) as socket:
        assert socket.subprotocol == "crucible.stream"
    with pytest.raises(InvalidStatus) as refused, opened(served, conversation, headers, origin="http://evil.example"):
        pass
    assert refused.value.response.status_code == 403


def shut_out(socket: ClientConnection) -> str:
    """The connection says that the token is not good any more, and closes; gives what it says."""
    (refused,) = told(socket)
    assert (refused["event"], refused["problem"]["status"]) == ("problem", 401)
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(30)
    assert closed.value.rcvd.code == 4401
    return refused["problem"]["detail"]


def test_a_key_that_was_taken_back_asks_nothing_more(served, person, headers):
    conversation = begin(person)
    key = person.post("/v1/keys", json={"name": "socket"}).json()
    with opened(served, conversation, {"Authorization": f"Bearer {key['key']}"}) as socket:
        assert told(socket, question=QUESTION)[-1]["answer"]["number"] == 1
        assert person.delete(f"/v1/keys/{key['id']}").status_code in (200, 204)
        socket.send(json.dumps({"question": QUESTION}))
        assert "is not good any more" in shut_out(socket)
    assert len(ended(person, conversation)) == 1


def test_a_token_that_ran_out_asks_nothing_more(served, headers, person, monkeypatch):
    conversation = begin(person)
    with opened(served, conversation, headers) as socket:
        assert told(socket, question=QUESTION)[-1]["answer"]["number"] == 1
        monkeypatch.setattr(permission, "utc_now", lambda: utc_now() + timedelta(days=1))
        socket.send(json.dumps({"question": QUESTION}))
        assert "has expired" in shut_out(socket)
    assert len(ended(person, conversation)) == 1


def test_a_connection_on_which_nothing_is_asked_ends_with_its_token(served, headers, person, monkeypatch):
    conversation = begin(person)
    with served.terms(look_again=0.2), opened(served, conversation, headers) as socket:
        monkeypatch.setattr(permission, "utc_now", lambda: utc_now() + timedelta(days=1))
        assert "has expired" in shut_out(socket)


def test_a_connection_on_which_nothing_is_asked_ends_with_its_key(served, person):
    conversation = begin(person)
    key = person.post("/v1/keys", json={"name": "socket"}).json()
    with (
        served.terms(look_again=0.2),
        opened(served, conversation, {"Authorization": f"Bearer {key['key']}"}) as socket,
    ):
        assert person.delete(f"/v1/keys/{key['id']}").status_code in (200, 204)
        assert "is not good any more" in shut_out(socket)


def test_an_answer_is_told_no_further_to_who_was_shut_out(served, person, held, monkeypatch):
    monkeypatch.setattr(message_routes, "_QUIET", 0.1)
    conversation = begin(person)
    key = person.post("/v1/keys", json={"name": "socket"}).json()
    with (
        served.terms(look_again=0.2),
        opened(served, conversation, {"Authorization": f"Bearer {key['key']}"}) as socket,
    ):
        socket.send(json.dumps({"question": QUESTION}))
        assert json.loads(socket.recv(30))["event"] == "understood"
        assert person.delete(f"/v1/keys/{key['id']}").status_code in (200, 204)
        assert "is not good any more" in shut_out(socket)
    held.may.set()
    (answer,) = ended(person, conversation)
    assert answer["status"] == "ANSWERED"


def test_where_nothing_is_asked_the_connection_ends(served, headers, person):
    conversation = begin(person)
    with (
        served.terms(life=0.1),
        opened(served, conversation, headers) as socket,
        pytest.raises(ConnectionClosed) as end,
    ):
        socket.recv(30)
    assert end.value.rcvd.code == 4000


def test_so_many_connections_and_no_more(served, headers, person):
    conversation = begin(person)
    with (
        served.terms(most=1),
        opened(served, conversation, headers),
        pytest.raises(InvalidStatus) as refused,
        opened(served, conversation, headers),
    ):
        pass
    assert refused.value.response.status_code == 429
