"""Users as administrators make and change them; what they hold ends with what it was given for."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.sidecar.auth.conftest import PASSWORD, actions, bearer


@pytest.fixture
def admin(anyone, person, log_in):
    """An administrator and how they ask."""
    who = person("admin")
    headers = bearer(log_in(who).access_token)

    def ask(method, path, **options):
        return anyone.request(method, path, headers=headers, **options)

    ask.who = who
    return ask


def me(client, token):
    return client.get("/v1/auth/me", headers=bearer(token)).status_code


NEW = {"email": "Grace@Example.org", "name": "Grace", "role": "researcher", "password": PASSWORD}


def test_a_user_is_made_seen_changed_and_removed(admin, anyone, database):
    made = admin("POST", "/v1/users", json=NEW)
    assert made.status_code == 201 and made.json()["email"] == "grace@example.org"
    path = f"/v1/users/{made.json()['id']}"
    assert admin("GET", path).json() == made.json()
    changed = admin("PATCH", path, json={"name": "Grace Hopper"}).json()
    assert changed["name"] == "Grace Hopper" and changed["updated_at"] > made.json()["updated_at"]
    assert admin("DELETE", path).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert admin(method, path, json={}).status_code == 404
    kept = ["session.started", "user.created", "user.changed", "user.deleted"]
    assert actions(database, admin.who.tenant) == kept


def test_an_email_is_one_users_within_a_tenant(admin, anyone, person, log_in):
    assert admin("POST", "/v1/users", json=NEW).status_code == 201
    assert admin("POST", "/v1/users", json=NEW | {"email": "grace@example.org"}).status_code == 409
    elsewhere = log_in(person("admin", tenant=f"e-{uuid4().hex[:10]}"))
    assert anyone.post("/v1/users", json=NEW, headers=bearer(elsewhere.access_token)).status_code == 201


def test_users_come_in_pages_by_email(admin):
    for letter in "edcba":
        admin("POST", "/v1/users", json=NEW | {"email": f"{letter}@example.org"})
    found, after = [], None
    while True:
        page = admin("GET", "/v1/users", params={"limit": 2} | ({"after": after} if after else {})).json()
        found += [user["email"] for user in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == sorted([*(f"{letter}@example.org" for letter in "abcde"), admin.who.email])


@pytest.mark.parametrize("after", ["x", "WyJhXHUwMDAwIl0", "WzFd", "W10", "bnVsbA"])
def test_what_is_no_place_in_the_list_is_refused(admin, after):
    paths = ("/v1/users", f"/v1/users/{admin.who.id}/sessions", "/v1/keys")
    assert {admin("GET", path, params={"after": after}).status_code for path in paths} == {422}


def test_another_tenants_user_is_not_there(admin, person):
    other = person(tenant=f"e-{uuid4().hex[:10]}")
    path = f"/v1/users/{other.id}"
    assert {admin(method, path, json={}).status_code for method in ("GET", "PATCH", "DELETE")} == {404}
    assert admin("GET", f"{path}/sessions").status_code == 404
    assert admin("POST", "/v1/keys", json={"name": "a", "user_id": str(other.id)}).status_code == 404


@pytest.mark.parametrize("role", ["viewer", "researcher", "service"])
def test_only_administrators_look_after_users(client_as, person, role):
    client, path = client_as(role), f"/v1/users/{person().id}"
    assert client.get("/v1/users").status_code == client.post("/v1/users", json=NEW).status_code == 403
    assert {client.request(method, path, json={}).status_code for method in ("GET", "PATCH", "DELETE")} == {403}


CHANGES = {"deactivated": {"active": False}, "role": {"role": "viewer"}, "password": {"password": "another password"}}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_a_user_holds_ends_at_once_with_a_change(admin, anyone, person, log_in, change):
    who = person()
    given = log_in(who)
    assert me(anyone, given.access_token) == 200
    assert admin("PATCH", f"/v1/users/{who.id}", json=change).status_code == 200
    assert me(anyone, given.access_token) == 401
    refreshed = anyone.post("/v1/auth/refresh", json={"refresh_token": given.refresh_token})
    assert refreshed.status_code == (200 if "role" in change else 401)
    if "role" in change:
        assert refreshed.json()["scope"] == "read"


def test_another_name_ends_nothing(admin, anyone, person, log_in):
    who = person()
    given = log_in(who)
    assert admin("PATCH", f"/v1/users/{who.id}", json={"name": "New", "role": "researcher"}).status_code == 200
    assert me(anyone, given.access_token) == 200


def test_who_is_deactivated_or_removed_gets_in_by_nothing(admin, anyone, person, log_in):
    for method, body in (("PATCH", {"active": False}), ("DELETE", {})):
        who = person()
        given = log_in(who)
        key = anyone.post("/v1/keys", json={"name": "a"}, headers=bearer(given.access_token)).json()["key"]
        assert me(anyone, key) == 200
        assert admin(method, f"/v1/users/{who.id}", json=body).status_code in (200, 204)
        form = {"username": who.username, "password": PASSWORD}
        assert anyone.post("/v1/auth/token", data=form).status_code == 401
        assert me(anyone, given.access_token) == me(anyone, key) == 401


def test_a_user_deactivated_in_another_process_is_out_within_half_a_minute(
    anyone, clock, person, log_in, client_as, tenant
):
    who = person()
    given = log_in(who)
    assert me(anyone, given.access_token) == 200
    elsewhere = client_as("admin")  # of another application object, with a memory of its own
    assert elsewhere.patch(f"/v1/users/{who.id}", json={"active": False}).status_code == 200
    clock.advance(seconds=30)
    assert me(anyone, given.access_token) == 401


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"role": "researcher"}), ("PATCH", {"active": False}), ("DELETE", {})]
)
def test_the_last_administrator_stays(admin, person, method, body):
    person("researcher")
    path = f"/v1/users/{admin.who.id}"
    assert admin(method, path, json=body).status_code == 409
    other = person("admin")
    assert admin("PATCH", f"/v1/users/{other.id}", json={"active": False}).status_code == 200
    assert admin(method, path, json=body).status_code == 409  # an inactive one does not count
    assert admin("PATCH", f"/v1/users/{other.id}", json={"active": True}).status_code == 200
    assert admin(method, path, json=body).status_code in (200, 204)


def test_administrators_who_demote_each_other_at_once_leave_one(anyone, person, log_in):
    people = [person("admin") for _ in range(4)]
    headers = [bearer(log_in(who).access_token) for who in people]

    def demote(at):
        path = f"/v1/users/{people[(at + 1) % 4].id}"
        return anyone.patch(path, json={"role": "viewer"}, headers=headers[at]).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(demote, range(4)))
    assert codes.count(200) <= 3 and set(codes) <= {200, 401, 403, 409}
    tokens = [log_in(who) for who in people]
    assert sum("admin" in given.scope for given in tokens) >= 1


def test_sessions_are_listed_and_ended_by_whose_they_are(anyone, person, log_in):
    who = person("viewer")
    old, new = log_in(who), log_in(who)
    path = f"/v1/users/{who.id}/sessions"
    listed = anyone.get(path, headers=bearer(new.access_token)).json()["items"]
    assert [session["current"] for session in listed] == [True, False]
    ending = f"{path}/{listed[1]['id']}"
    assert me(anyone, old.access_token) == 200
    assert anyone.delete(ending, headers=bearer(new.access_token)).status_code == 204
    assert anyone.delete(ending, headers=bearer(new.access_token)).status_code == 404
    assert (me(anyone, old.access_token), me(anyone, new.access_token)) == (401, 200)


def test_sessions_of_others_are_an_administrators(admin, anyone, person, log_in):
    who, stranger = person(), person()
    given = log_in(who)
    path = f"/v1/users/{who.id}/sessions"
    assert anyone.get(path, headers=bearer(log_in(stranger).access_token)).status_code == 403
    first = log_in(who)
    pages = admin("GET", path, params={"limit": 1}).json()
    rest = admin("GET", path, params={"limit": 1, "after": pages["next"]}).json()
    assert rest["next"] is None and rest["items"][0]["id"] != pages["items"][0]["id"]
    assert admin("DELETE", f"{path}/{rest['items'][0]['id']}").status_code == 204
    assert (me(anyone, given.access_token), me(anyone, first.access_token)) == (401, 200)
    assert admin("GET", f"/v1/users/{uuid4()}/sessions").status_code == 404


def test_no_hash_is_in_any_answer_or_log(admin, anyone, person, log_in, capfd, caplog):
    who = person()
    given = log_in(who)
    anyone.post("/v1/auth/token", data={"username": who.username, "password": "wrong but secret"})
    answers = [
        admin("POST", "/v1/users", json=NEW | {"email": "x@example.org", "password": "a new user's password"}),
        admin("PATCH", f"/v1/users/{who.id}", json={"password": "password by the admin"}),
        admin("GET", "/v1/users"),
        admin("GET", f"/v1/users/{who.id}"),
        admin("POST", "/v1/users", json=NEW | {"password": "tooshort"}),
        anyone.get("/v1/auth/me", headers=bearer(given.access_token)),
    ]
    output = capfd.readouterr()
    seen = "".join(answer.text for answer in answers) + output.out + output.err + caplog.text
    secrets = ("argon2", PASSWORD, "wrong but secret", "a new user's password", "password by the admin", "tooshort")
    assert [secret for secret in (*secrets, given.access_token, given.refresh_token) if secret in seen] == []
