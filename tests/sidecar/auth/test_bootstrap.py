"""The first administrator of a tenant: by the operator, once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.sidecar.auth.conftest import PASSWORD, actions, bearer


@pytest.fixture
def bootstrap(anyone, secrets):
    def send(token=secrets.operator_token, **changes):
        body = {"tenant": "acme", "email": "Ada@Example.org", "name": "Ada", "password": PASSWORD} | changes
        return anyone.post("/v1/auth/bootstrap", json=body, headers=bearer(token) if token else {})

    return send


@pytest.fixture
def new_tenant():
    return f"n-{uuid4().hex[:12]}"


def test_it_makes_the_tenant_and_an_administrator_who_can_log_in(anyone, bootstrap, new_tenant, database):
    answer = bootstrap(tenant=new_tenant)
    assert answer.status_code == 201
    assert answer.json()["user"] | {"email": "ada@example.org", "role": "admin"} == answer.json()["user"]
    form = {"username": f"{new_tenant}/ada@example.org", "password": PASSWORD}
    assert anyone.post("/v1/auth/token", data=form).json()["scope"] == "admin read run write"
    assert actions(database, new_tenant) == ["tenant.bootstrapped", "session.started"]


def test_it_is_done_once(bootstrap, new_tenant):
    assert bootstrap(tenant=new_tenant).status_code == 201
    assert bootstrap(tenant=new_tenant, email="eve@example.org").status_code == 409


@pytest.mark.parametrize("there", [False, True])
def test_of_many_at_once_one_is_first(bootstrap, new_tenant, tenant, there):
    which = tenant if there else new_tenant
    with ThreadPoolExecutor(4) as pool:  # as many passwords as are hashed at once
        answers = list(pool.map(lambda n: bootstrap(tenant=which, email=f"u{n}@example.org"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 3


def test_a_tenant_with_users_is_not_bootstrapped(bootstrap, person):
    assert bootstrap(tenant=person("viewer").tenant).status_code == 409


def test_nobody_else_may(bootstrap, new_tenant, secrets, client_as):
    admin = client_as("admin").headers["Authorization"].removeprefix("Bearer ")
    for token in (None, "x", secrets.operator_token[:-1], secrets.operator_token + "0", admin):
        assert bootstrap(token=token, tenant=new_tenant).status_code == 401


def test_a_token_in_other_letters_is_only_wrong(anyone):
    body = {"tenant": "acme", "email": "a@example.org", "name": "A", "password": PASSWORD}
    headers = {"Authorization": "Bearer é".encode()}
    assert anyone.post("/v1/auth/bootstrap", json=body, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "Acme"},
        {"tenant": "a_b"},
        {"tenant": "a/b"},
        {"email": "ada"},
        {"email": "a/b@example.org"},
        {"email": "ada@example.org\n"},
        {"email": "a\x00@example.org"},
        {"name": ""},
        {"name": "a\x00"},
        {"password": "elevenchars"},
        {"password": "p" * 1001},
        {"role": "admin"},
    ],
)
def test_what_is_not_usable_is_refused_with_its_field(bootstrap, changes):
    answer = bootstrap(**changes)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(f"body.{next(iter(changes))}")
