"""Logging in, refreshing, logging out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from resources.accounts import NOBODYS, _hasher, verify_password
from resources.database.tables import sessions
from sidecar.auth import routes
from sidecar.auth.logins import Logins
from sidecar.limits.logins import LONGEST_DELAY
from sidecar.problems import Unauthenticated
from tests.sidecar.auth.conftest import PASSWORD, actions, bearer


def refresh(client, text):
    return client.post("/v1/auth/refresh", json={"refresh_token": text})


def me(client, token):
    return client.get("/v1/auth/me", headers=bearer(token))


def test_a_login_gives_what_the_role_allows(anyone, person, log_in):
    who = person("researcher")
    given = log_in(who)
    assert given.scope == "read run write" and given.expires_in == 900 and given.token_type == "bearer"
    answer = me(anyone, given.access_token).json()
    assert answer["user_id"] == str(who.id) and answer["email"] == who.email and answer["tenant"] == who.tenant


def test_the_email_alone_is_of_the_installations_own_tenant(anyone, person):
    who = person(tenant="default")
    form = {"username": who.email.upper(), "password": PASSWORD}
    given = anyone.post("/v1/auth/token", data=form).json()
    assert me(anyone, given["access_token"]).json()["tenant"] == "default"


def test_the_same_password_typed_on_another_keyboard_is_the_same():
    stored = _hasher.hash("Käsebrötchen".encode())
    assert verify_password(stored, "Ka\u0308sebro\u0308tchen")


def test_nobodys_hash_costs_what_a_users_does():
    assert not _hasher.check_needs_rehash(NOBODYS)
    assert not verify_password(None, "the password of an account that does not exist")


@pytest.mark.parametrize(
    "username",
    ["{email}", "other/{email}", "{tenant}/nobody@example.org", "no such/{email}", "\x00/{email}", "{tenant}/", "/"],
)
def test_who_is_unknown_gets_the_answer_of_who_mistyped(anyone, person, username):
    who = person()
    name = username.format(email=who.email, tenant=who.tenant)
    wrong = anyone.post("/v1/auth/token", data={"username": who.username, "password": "not it, not at all"})
    unknown = anyone.post("/v1/auth/token", data={"username": name, "password": PASSWORD})
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json()["detail"] == wrong.json()["detail"]


def attempt(client, who, password="guess number so-and-so"):
    return client.post("/v1/auth/token", data={"username": who.username, "password": password})


def refuse_at_once(*_):
    """In place of looking at a password, which takes a tenth of a second."""
    raise Unauthenticated("Email or password is wrong.")


@pytest.fixture
def at(timed_app, clock):
    """`at("192.0.2.1")`: a client at a network address."""
    return lambda address: TestClient(timed_app, client=(address, 50_000), raise_server_exceptions=False)


@pytest.fixture
def waited(monkeypatch):
    """Seconds that logins waited, which they do in no time here."""
    seconds = []

    async def sleep(for_so_long):
        seconds.append(for_so_long)

    monkeypatch.setattr(routes, "_sleep", sleep)
    return seconds


def test_failed_logins_from_one_address_are_few(anyone, person):
    who = person()
    assert [attempt(anyone, who).status_code for _ in range(11)] == [401] * 10 + [429]
    right = attempt(anyone, who, PASSWORD)
    assert right.status_code == 429 and int(right.headers["Retry-After"]) <= 60


def test_a_stranger_who_fails_on_purpose_does_not_shut_the_owner_out(at, person, waited):
    who, stranger = person(), at("192.0.2.1")
    assert [attempt(stranger, who).status_code for _ in range(40)] == [401] * 10 + [429] * 30
    assert attempt(at("198.51.100.7"), who, PASSWORD).status_code == 200
    assert set(waited) == {0.0}
    assert attempt(stranger, who).status_code == 429  # the owner's success is not the stranger's


def test_a_refused_stranger_takes_nothing_from_the_account(at, person, waited):
    who, stranger = person(), at("192.0.2.1")
    for _ in range(60):
        attempt(stranger, who)
    attempt(at("198.51.100.7"), who)
    assert waited[-1] == 0.0


def test_strangers_with_many_addresses_slow_logins_down_and_shut_nobody_out(at, person, waited, monkeypatch):
    who = person()
    clients = [at(f"192.0.2.{number}") for number in range(1, 13)]
    with monkeypatch.context() as guessing:
        guessing.setattr(Logins, "log_in", refuse_at_once)
        assert {attempt(client, who).status_code for client in clients for _ in range(10)} == {401}
    assert len(waited) == 120 and waited[:50] == [0.0] * 50
    slowed = [seconds for seconds in waited if seconds]
    assert 0 < slowed[0] < 1 and slowed[-1] == max(slowed) == LONGEST_DELAY
    assert attempt(at("198.51.100.7"), who, PASSWORD).status_code == 200


def test_who_got_in_is_not_slowed_down_by_what_was_before(at, person, waited, monkeypatch):
    who = person()
    with monkeypatch.context() as guessing:
        guessing.setattr(Logins, "log_in", refuse_at_once)
        for number in range(80):
            attempt(at(f"192.0.2.{number // 9}"), who)
    assert attempt(at("198.51.100.7"), who, PASSWORD).status_code == 200
    assert waited[-1] > 0
    assert attempt(at("198.51.100.7"), who, PASSWORD).status_code == 200
    assert waited[-1] == 0.0


def test_wrong_passwords_of_who_is_logged_in_are_few_from_wherever(at, person, log_in):
    headers = bearer(log_in(person()).access_token)
    body = {"current_password": "wrong", "new_password": "another long password"}
    asked = [at(f"192.0.2.{number}").post("/v1/auth/password", json=body, headers=headers) for number in range(11)]
    assert [answer.status_code for answer in asked] == [403] * 10 + [429]


def test_fewer_scopes_stay_fewer_when_refreshed(anyone, person, log_in):
    given = log_in(person("admin"), scope="read admin")
    assert given.scope == "admin read"
    again = refresh(anyone, given.refresh_token).json()
    assert again["scope"] == "admin read"
    made = anyone.post("/v1/keys", json={"name": "a", "scopes": ["write"]}, headers=bearer(again["access_token"]))
    assert made.status_code == 403


def test_scopes_of_another_role_are_not_given(anyone, person, log_in):
    who = person("viewer")
    assert log_in(who, scope="read write").scope == "read"
    form = {"username": who.username, "password": PASSWORD, "scope": "admin"}
    assert anyone.post("/v1/auth/token", data=form).status_code == 400


def test_a_service_that_logs_in_holds_nothing_internal(person, log_in):
    assert log_in(person("service")).scope == "read"


def test_a_refresh_gives_the_next_tokens_and_slides(anyone, clock, person, log_in):
    token = log_in(person()).refresh_token
    for _ in range(4):
        clock.advance(days=6)
        answer = refresh(anyone, token)
        assert answer.status_code == 200 and answer.json()["refresh_token"] != token
        token = answer.json()["refresh_token"]
    clock.advance(days=5.9)
    token = refresh(anyone, token).json()["refresh_token"]
    clock.advance(days=0.2)  # 30 days after the login
    assert refresh(anyone, token).status_code == 401


def test_a_refresh_token_that_waits_for_a_week_is_over(anyone, clock, person, log_in):
    token = log_in(person()).refresh_token
    clock.advance(days=7, seconds=1)
    assert refresh(anyone, token).status_code == 401


def test_twenty_at_once_get_one_next_token(anyone, person, log_in, database):
    who = person()
    token = log_in(who).refresh_token
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(anyone, token), range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    with database.transaction(who.tenant) as session:
        assert session.scalars(sa.select(sessions.c.counter)).all() == [1]
    assert refresh(anyone, answers[0].json()["refresh_token"]).status_code == 200


def test_who_did_not_save_the_next_token_gets_it_again_for_ten_seconds(anyone, clock, person, log_in):
    token = log_in(person()).refresh_token
    following = refresh(anyone, token).json()["refresh_token"]
    clock.advance(seconds=9)
    assert refresh(anyone, token).json()["refresh_token"] == following


@pytest.mark.parametrize("first", ["thief", "owner"])
def test_a_token_used_twice_ends_the_session_whoever_comes_first(anyone, clock, person, log_in, database, first):
    who = person()
    given = log_in(who)
    taken = refresh(anyone, given.refresh_token).json()  # by one of the two
    assert me(anyone, taken["access_token"]).status_code == 200
    clock.advance(seconds=11)
    assert refresh(anyone, given.refresh_token).status_code == 401  # by the other
    assert refresh(anyone, taken["refresh_token"]).status_code == 401
    assert me(anyone, taken["access_token"]).status_code == 401
    assert actions(database, who.tenant) == ["session.started", "session.refresh_reused"]
    with database.transaction(who.tenant) as session:
        assert session.scalars(sa.select(sessions.c.end_reason)).all() == ["REFRESH_REUSED"]


def test_other_sessions_of_the_user_go_on_after_a_reuse(anyone, clock, person, log_in):
    who = person()
    stolen, other = log_in(who), log_in(who)
    refresh(anyone, stolen.refresh_token)
    clock.advance(seconds=11)
    refresh(anyone, stolen.refresh_token)
    assert refresh(anyone, other.refresh_token).status_code == 200


@pytest.mark.parametrize("text", ["x", "crr_acme_", "crr_\x00_a", "crr_acme_" + "A" * 50, "é" * 60])
def test_what_is_no_refresh_token_is_refused(anyone, text):
    assert refresh(anyone, text).status_code == 401
    assert anyone.post("/v1/auth/logout", json={"refresh_token": text}).status_code == 401


def test_a_refresh_token_of_another_tenant_is_of_no_session(anyone, person, log_in):
    token = log_in(person()).refresh_token
    forged = token.replace(token.split("_")[1], "default")
    assert refresh(anyone, forged).status_code == 401


def test_logging_out_ends_the_session_at_once(anyone, person, log_in, database):
    who = person()
    given = log_in(who)
    assert me(anyone, given.access_token).status_code == 200
    for _ in range(2):
        assert anyone.post("/v1/auth/logout", json={"refresh_token": given.refresh_token}).status_code == 204
    assert me(anyone, given.access_token).status_code == 401
    assert refresh(anyone, given.refresh_token).status_code == 401
    assert actions(database, who.tenant) == ["session.started", "session.ended"]


def test_a_new_password_ends_the_other_sessions(anyone, person, log_in, database):
    who = person("viewer")
    here, there = log_in(who), log_in(who)
    assert me(anyone, there.access_token).status_code == 200
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    wrong = body | {"current_password": "wrong"}
    assert anyone.post("/v1/auth/password", json=wrong, headers=bearer(here.access_token)).status_code == 403
    assert anyone.post("/v1/auth/password", json=body, headers=bearer(here.access_token)).status_code == 204
    assert me(anyone, here.access_token).status_code == 200
    assert me(anyone, there.access_token).status_code == 401
    assert refresh(anyone, there.refresh_token).status_code == 401
    assert refresh(anyone, here.refresh_token).status_code == 200
    form = {"username": who.username, "password": PASSWORD}
    assert anyone.post("/v1/auth/token", data=form).status_code == 401
    form["password"] = "another long password"
    assert anyone.post("/v1/auth/token", data=form).status_code == 200
    assert "user.password_changed" in actions(database, who.tenant)


def test_a_session_ended_in_another_process_ends_here_within_half_a_minute(anyone, clock, person, log_in, database):
    who = person()
    given = log_in(who)
    assert me(anyone, given.access_token).status_code == 200
    with database.transaction(who.tenant) as session:  # not by this process
        session.execute(sa.update(sessions).values(ended_at=sa.func.now(), end_reason="LOGOUT"))
    assert me(anyone, given.access_token).status_code == 200
    clock.advance(seconds=30)
    assert me(anyone, given.access_token).status_code == 401
