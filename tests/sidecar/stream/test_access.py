"""Who may listen, for how long, and how often at a time."""

import json
import time
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from resources.database.tables import users
from resources.vocabulary import Role
from sidecar.limits.settings import Bounds
from tests.sidecar.stream.conftest import all_of, end, make_task, say, sse, wait_until


def refusal(address: str, **options) -> tuple[int, dict]:
    """Status and problem of a WebSocket that is not let in."""
    with pytest.raises(InvalidStatus) as caught, connect(address, **options):
        pass
    response = caught.value.response
    return response.status_code, json.loads(response.body)


def ticket_for(served, headers) -> str:
    answer = httpx.post(f"{served.http}/v1/auth/ticket", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["ticket"]


def test_without_a_token_nobody_listens(served, task):
    answer = httpx.get(f"{served.http}/v1/stream/{task}")
    assert (answer.status_code, answer.json()["title"]) == (401, "Not authenticated")
    status, problem = refusal(f"{served.ws}/v1/stream/{task}")
    assert (status, problem["title"]) == (401, "Not authenticated")


@pytest.mark.parametrize("token", ["x", "a.b.c", "crc_test_00000000_zzz"])
def test_a_forged_token_is_refused(served, task, token):
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{served.http}/v1/stream/{task}", headers=headers).status_code == 401
    assert refusal(f"{served.ws}/v1/stream/{task}", additional_headers=headers)[0] == 401


def test_another_tenant_hears_nothing_and_does_not_learn_that_there_is_something(served, database, tenant, task):
    other = served.bearer(f"{tenant}-2", Role.ADMIN)
    for wanted in (task, uuid4()):
        answer = httpx.get(f"{served.http}/v1/stream/{wanted}", headers=other)
        assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no task {wanted}.")
        status, problem = refusal(f"{served.ws}/v1/stream/{wanted}", additional_headers=other)
        assert (status, problem["detail"]) == (404, f"There is no task {wanted}.")


def test_tenants_who_listen_at_once_hear_their_own(served, database, tenant, task):
    second = f"{tenant}-2"
    headers = served.bearer(second)
    theirs = make_task(database, second)
    with served.watch(task, served.bearer(tenant)) as mine, served.watch(theirs, headers) as other:
        for number in range(5):
            say(database, tenant, task, f"mine {number}")
            say(database, second, theirs, f"theirs {number}")
        end(database, tenant, task)
        end(database, second, theirs)
        heard = [[m["data"]["message"] for m in all_of(c) if m["kind"] == "log"] for c in (mine, other)]
    assert heard == [[f"{word} {number}" for number in range(5)] for word in ("mine", "theirs")]


def test_a_ticket_opens_one_stream(served, database, tenant, task):
    headers = served.bearer(tenant)
    end(database, tenant, task)
    ticket = ticket_for(served, headers)
    with connect(f"{served.ws}/v1/stream/{task}?ticket={ticket}") as connection:
        assert all_of(connection)[-1]["kind"] == "job_completed"
    assert refusal(f"{served.ws}/v1/stream/{task}?ticket={ticket}")[0] == 401
    assert httpx.get(f"{served.http}/v1/stream/{task}?ticket={ticket}").status_code == 401
    again = ticket_for(served, headers)
    assert httpx.get(f"{served.http}/v1/stream/{task}?ticket={again}").status_code == 200
    assert httpx.get(f"{served.http}/v1/stream/{task}?ticket={again}").status_code == 401


def test_a_ticket_does_not_open_the_stream_of_another_tenant(served, tenant, task):
    ticket = ticket_for(served, served.bearer(f"{tenant}-2"))
    assert refusal(f"{served.ws}/v1/stream/{task}?ticket={ticket}")[0] == 404


def test_a_browser_may_send_its_token_as_a_subprotocol_which_is_not_sent_back(served, tenant, task):
    token = served.bearer(tenant)["Authorization"].removeprefix("Bearer ")
    offered = ["crucible.stream", f"crucible.token.{token}"]
    with connect(f"{served.ws}/v1/stream/{task}", subprotocols=offered) as connection:
        assert connection.subprotocol == "crucible.stream"
        assert json.loads(connection.recv(30))["kind"] == "progress"


def test_pages_of_other_origins_do_not_listen_with_their_visitors_rights(served, tenant, task):
    headers = served.bearer(tenant)
    address = f"{served.ws}/v1/stream/{task}"
    status, problem = refusal(address, additional_headers=headers, origin="https://evil.example")
    assert (status, problem["title"]) == (403, "Not allowed")
    assert refusal(address, additional_headers=headers, origin="null")[0] == 403
    assert refusal(address, additional_headers=headers, origin=f"http://127.0.0.1:{served.port + 1}")[0] == 403
    with connect(address, additional_headers=headers, origin=served.http) as connection:
        connection.recv(30)


def test_a_refused_origin_does_not_use_up_the_ticket(served, tenant, task):
    ticket = ticket_for(served, served.bearer(tenant))
    address = f"{served.ws}/v1/stream/{task}?ticket={ticket}"
    assert refusal(address, origin="https://evil.example")[0] == 403
    with connect(address, origin=served.http) as connection:
        connection.recv(30)


def test_listed_origins_may_listen(served, tenant, task, monkeypatch):
    monkeypatch.setitem(served.app.state._state, "bounds", Bounds(origins=("https://Console.example",)))
    address, headers = f"{served.ws}/v1/stream/{task}", served.bearer(tenant)
    with connect(address, additional_headers=headers, origin="https://console.example") as connection:
        connection.recv(30)
    assert refusal(address, additional_headers=headers, origin="https://console.example.evil")[0] == 403


def test_a_stream_ends_with_its_token(served, database, tenant, task):
    headers = served.bearer(tenant, lifetime=timedelta(seconds=3))
    began = time.monotonic()
    with served.watch(task, headers) as connection:
        say(database, tenant, task, "before")
        heard = all_of(connection)
    assert time.monotonic() - began < 15
    assert [m["kind"] for m in heard if m["kind"] != "progress"] == ["job_created", "log"]
    assert connection.close_code == 4401
    assert connection.close_reason.endswith("after=2")


def test_a_stream_ends_when_its_user_is_shut_out(served, database, tenant, task):
    with served.terms(look_again=0.3), served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30)
        with database.transaction(tenant) as session:
            session.execute(sa.update(users).values(active=False))
        all_of(connection)
    assert connection.close_code == 4401


def test_as_server_sent_events_the_end_of_a_permission_is_a_problem(served, database, tenant, task):
    address, headers = f"{served.http}/v1/stream/{task}", served.bearer(tenant)
    with served.terms(look_again=0.3), httpx.stream("GET", address, headers=headers) as response:
        parts = sse(response)
        assert next(parts)["event"] == "progress"
        with database.transaction(tenant) as session:
            session.execute(sa.update(users).values(active=False))
        *_, problem, comment = parts
    said = json.loads(problem["data"])
    assert (problem["event"], said["status"], said["type"]) == (
        "problem",
        401,
        "urn:crucible:problem:unauthenticated",
    )
    assert said["detail"].endswith("after=1")
    assert comment == {"comment": said["detail"]}


def test_who_was_shut_out_a_moment_ago_elsewhere_does_not_listen_for_ever(served, database, tenant, task):
    """What this process knows of a token may be half a minute old; a stream does not begin with that."""
    headers = served.bearer(tenant)
    assert httpx.get(f"{served.http}/v1/auth/me", headers=headers).status_code == 200
    with database.transaction(tenant) as session:
        session.execute(sa.update(users).values(active=False))
    with served.terms(look_again=0.3), served.watch(task, headers) as connection:
        all_of(connection)
    assert connection.close_code == 4401


def test_a_stream_lives_for_a_time_and_says_how_to_go_on(served, database, tenant, task):
    headers = served.bearer(tenant)
    with served.terms(life=0.5):
        with served.watch(task, headers) as connection:
            all_of(connection)
        assert (connection.close_code, connection.close_reason) == (4000, "connect again with after=1")
        answer = httpx.get(f"{served.http}/v1/stream/{task}", headers=headers, timeout=60)
    assert answer.text.endswith(": connect again with after=1\n\n")


def test_a_principal_has_so_many_streams_at_a_time(served, database, tenant, task):
    headers, another = served.bearer(tenant), served.bearer(tenant)
    with served.terms(most=2):
        with served.watch(task, headers), served.watch(task, headers):
            answer = httpx.get(f"{served.http}/v1/stream/{task}", headers=headers)
            assert answer.status_code == 429
            assert int(answer.headers["Retry-After"]) > 0
            status, _ = refusal(f"{served.ws}/v1/stream/{task}", additional_headers=headers)
            assert status == 429
            with served.watch(task, another) as connection:
                connection.recv(30)
        wait_until(lambda: not served.streams._places)
        with served.watch(task, headers) as connection:
            connection.recv(30)


@pytest.mark.parametrize("after", ["-1", "x", str(2**63)])
def test_a_number_that_cannot_be_one_is_refused(served, tenant, task, after):
    headers = served.bearer(tenant)
    assert httpx.get(f"{served.http}/v1/stream/{task}?after={after}", headers=headers).status_code == 422
    with pytest.raises(InvalidStatus):
        served.watch(task, headers, after=after)


def test_what_a_client_sends_changes_nothing(served, database, tenant, task):
    with served.watch(task, served.bearer(tenant)) as connection:
        for text in ("{}", "\x00", "x" * 100_000):
            connection.send(text)
        connection.send(b"\xff\x00")
        end(database, tenant, task)
        assert all_of(connection)[-1]["kind"] == "job_completed"


def test_nothing_is_left_of_streams_that_ended(served, database, tenant, task):
    with served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30)
        assert served.streams._feeds
    wait_until(lambda: not served.streams._feeds and not served.streams._listening and not served.streams._places)
