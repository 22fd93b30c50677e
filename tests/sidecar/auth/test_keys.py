"""API keys: shown once, no wider than their owner, refused when mistyped, expired or revoked."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from resources.database.tables import api_keys
from resources.secrets import Secrets
from sidecar.security.api_keys import draw, parse
from tests.sidecar.auth.conftest import actions, bearer

KEY = draw("acme").shown


def me(client, token):
    return client.get("/v1/auth/me", headers=bearer(token))


@pytest.fixture
def make(anyone, log_in):
    def send(who, **body):
        headers = bearer(log_in(who).access_token)
        return anyone.post("/v1/keys", json={"name": "nightly"} | body, headers=headers)

    return send


@given(at=st.integers(0, len(KEY) - 1), letter=st.characters(codec="latin-1"))
def test_a_mistyped_key_is_known_without_the_database(at, letter):
    mistyped = KEY[:at] + letter + KEY[at + 1 :]
    assert mistyped == KEY or parse(mistyped) is None


@pytest.mark.parametrize(
    "text",
    [KEY[:-1], KEY + "a", KEY.upper(), f" {KEY}", KEY.replace("_", "-"), "crc_", f"{KEY}\n"],
    ids=["short", "long", "capitals", "space before", "other separator", "prefix alone", "line end"],
)
def test_what_is_no_key_is_none(text):
    assert parse(text) is None


def test_a_mistyped_key_is_refused_before_the_database_is_asked(anyone, database):
    statements = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    answer = me(anyone, KEY[:20] + "~" + KEY[21:])
    assert answer.status_code == 401 and "character" in answer.json()["detail"]
    assert [text for text in statements if "api_keys" in text] == []


def test_a_key_does_what_its_owner_may(anyone, person, make, database):
    who = person("researcher")
    made = make(who)
    assert made.status_code == 201
    answer = me(anyone, made.json()["key"]).json()
    assert answer["subject"] == f"key:{made.json()['id']}" and answer["scopes"] == ["read", "run", "write"]
    assert answer["user_id"] == str(who.id)
    assert actions(database, who.tenant) == ["session.started", "key.created"]


def test_what_is_stored_is_no_key(person, make, database, secrets):
    who = person()
    made = make(who).json()
    with database.transaction(who.tenant) as session:
        row = session.execute(sa.select(api_keys)).one()
    assert made["key"].encode() not in row.secret_hash and len(row.secret_hash) == 32
    assert row.pepper == secrets.signing


def test_a_key_holds_no_more_than_its_scopes(anyone, person, make):
    key = make(person("admin"), scopes=["read"]).json()["key"]
    assert me(anyone, key).json()["scopes"] == ["read"]
    assert anyone.get("/v1/users", headers=bearer(key)).status_code == 403


@pytest.mark.parametrize(("role", "scope"), [("viewer", "write"), ("researcher", "admin"), ("admin", "internal")])
def test_scopes_beyond_the_owners_role_are_refused(person, make, role, scope):
    assert make(person(role), scopes=["read", scope]).status_code == 403


def test_a_key_narrows_when_its_owner_is_demoted(anyone, person, make, log_in):
    admin, who = person("admin"), person("researcher")
    key = make(who).json()["key"]
    headers = bearer(log_in(admin).access_token)
    assert anyone.patch(f"/v1/users/{who.id}", json={"role": "viewer"}, headers=headers).status_code == 200
    assert me(anyone, key).json()["scopes"] == ["read"]


def test_a_key_makes_no_keys_and_ends_no_sessions(anyone, person, make):
    who = person("researcher")
    key = make(who).json()["key"]
    assert anyone.post("/v1/keys", json={"name": "a"}, headers=bearer(key)).status_code == 403
    assert anyone.get(f"/v1/users/{who.id}/sessions", headers=bearer(key)).status_code == 403
    body = {"current_password": "a", "new_password": "a long password"}
    assert anyone.post("/v1/auth/password", json=body, headers=bearer(key)).status_code == 403


def test_an_expired_key_is_refused(anyone, clock, person, make):
    key = make(person(), days=1).json()["key"]
    clock.advance(hours=23)
    assert me(anyone, key).status_code == 200
    clock.advance(hours=1)
    assert me(anyone, key).status_code == 401


def test_a_key_without_an_end_stays(anyone, clock, person, make):
    made = make(person(), days=None).json()
    assert made["expires_at"] is None
    clock.advance(days=4000)
    assert me(anyone, made["key"]).status_code == 200


def test_a_revoked_key_is_refused_at_once(anyone, person, make, log_in, database):
    who = person("viewer")
    made = make(who).json()
    headers = bearer(log_in(who).access_token)
    assert me(anyone, made["key"]).status_code == 200
    assert anyone.delete(f"/v1/keys/{made['id']}", headers=headers).status_code == 204
    assert me(anyone, made["key"]).status_code == 401
    assert anyone.delete(f"/v1/keys/{made['id']}", headers=headers).status_code == 404
    listed = anyone.get("/v1/keys", headers=headers).json()["items"]
    assert listed[0]["revoked_at"] is not None and "key" not in listed[0]
    assert "key.revoked" in actions(database, who.tenant)


def test_keys_of_others_are_an_administrators(anyone, person, make, log_in):
    who, stranger, admin = person(), person(), person("admin")
    made = make(who).json()
    by_stranger, by_admin = (bearer(log_in(asker).access_token) for asker in (stranger, admin))
    assert anyone.delete(f"/v1/keys/{made['id']}", headers=by_stranger).status_code == 404
    assert anyone.get("/v1/keys?everybody=true", headers=by_stranger).status_code == 403
    assert anyone.get("/v1/keys", headers=by_stranger).json()["items"] == []
    assert make(stranger, user_id=str(who.id)).status_code == 403
    assert [key["id"] for key in anyone.get("/v1/keys?everybody=true", headers=by_admin).json()["items"]] == [
        made["id"]
    ]
    assert anyone.delete(f"/v1/keys/{made['id']}", headers=by_admin).status_code == 204


def test_a_key_that_leaked_can_revoke_itself_and_nothing_else(anyone, person, make):
    who = person()
    leaked, other = make(who).json(), make(who).json()
    assert anyone.delete(f"/v1/keys/{other['id']}", headers=bearer(leaked["key"])).status_code == 404
    assert anyone.delete(f"/v1/keys/{leaked['id']}", headers=bearer(leaked["key"])).status_code == 204
    assert me(anyone, leaked["key"]).status_code == 401


def test_keys_come_in_pages_newest_first(anyone, person, make, log_in):
    who = person()
    made = [make(who, name=f"key {n}").json()["id"] for n in range(3)]
    headers = bearer(log_in(who).access_token)
    first = anyone.get("/v1/keys?limit=2", headers=headers).json()
    second = anyone.get("/v1/keys", params={"limit": 2, "after": first["next"]}, headers=headers).json()
    assert [key["id"] for key in first["items"] + second["items"]] == made[::-1] and second["next"] is None


def test_use_is_noted_at_most_once_a_minute(anyone, clock, person, make, database):
    who = person()
    key = make(who).json()["key"]

    def noted():
        assert me(anyone, key).status_code == 200
        with database.transaction(who.tenant) as session:
            return session.scalar(sa.select(api_keys.c.last_used_at))

    before = datetime.now(UTC)
    first = noted()
    assert before - timedelta(seconds=1) < first < datetime.now(UTC) + timedelta(seconds=1)
    clock.advance(seconds=50)
    assert noted() == first
    clock.advance(seconds=11)
    assert noted() > first


def test_a_key_of_another_tenant_or_secret_is_refused(anyone, person, make):
    made = make(person()).json()
    parsed = parse(made["key"])
    elsewhere = type(parsed)("default", parsed.id, parsed.text.replace(parsed.tenant, "default"))
    assert me(anyone, elsewhere.shown).status_code == 401
    guessed = draw(parsed.tenant)
    same_id = type(parsed)(parsed.tenant, parsed.id, guessed.text.replace(guessed.id, parsed.id))
    assert me(anyone, same_id.shown).status_code == 401
    assert me(anyone, guessed.shown).status_code == 401


def test_a_pepper_that_is_gone_is_known_as_gone():
    key = draw("acme")
    with pytest.raises(KeyError):
        key.hashed(Secrets({"new": b"n" * 32}), "old")


@pytest.fixture
def service_key(anyone, person, log_in):
    """A service's key, made by an administrator."""
    service = person("service")
    headers = bearer(log_in(person("admin")).access_token)

    def send(**body):
        made = anyone.post("/v1/keys", json={"name": "s", "user_id": str(service.id)} | body, headers=headers)
        assert made.status_code == 201
        return made.json()

    return send


def test_a_services_key_is_exchanged_for_a_service_token(anyone, service_key):
    key = service_key()["key"]
    assert me(anyone, key).json()["scopes"] == ["read"]
    given = anyone.post("/v1/auth/service-token", headers=bearer(key)).json()
    assert given["expires_in"] == 300 and given["scope"] == "internal read"
    assert me(anyone, given["access_token"]).json()["scopes"] == ["internal", "read"]
    again = anyone.post("/v1/auth/service-token", headers=bearer(given["access_token"]))
    assert again.status_code == 403  # it would live for ever


def test_only_a_services_key_with_that_scope_is_exchanged(anyone, service_key, person, make, log_in):
    who = person("researcher")
    tokens = [service_key(scopes=["read"])["key"], make(who).json()["key"], log_in(who).access_token]
    assert {anyone.post("/v1/auth/service-token", headers=bearer(token)).status_code for token in tokens} == {403}


def test_a_service_token_ends_with_its_key(anyone, service_key):
    made = service_key()
    given = anyone.post("/v1/auth/service-token", headers=bearer(made["key"])).json()
    assert me(anyone, given["access_token"]).status_code == 200
    assert anyone.delete(f"/v1/keys/{made['id']}", headers=bearer(made["key"])).status_code == 204
    assert me(anyone, given["access_token"]).status_code == 401
