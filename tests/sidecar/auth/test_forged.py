"""Forged, stale and misused tokens: none is let in, and the answer does not say what gave it away."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
import sqlalchemy as sa

from resources.database.tables import users
from resources.vocabulary import Role
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import TokenUse, issue
from tests.sidecar.auth.conftest import bearer


@pytest.fixture
def who(person):
    made = person("researcher")
    return Principal(made.tenant, f"user:{made.id}", Role.RESEARCHER, SCOPES[Role.RESEARCHER], str(made.id))


@pytest.fixture
def signed(secrets, who):
    """`signed(aud="x")`: a good token but for these claims; `header`, `key` and `algorithm` may be others too."""

    def make(*, header=None, key=None, algorithm="HS256", **changes):
        good = issue(secrets, who)
        claims = jwt.decode(good, options={"verify_signature": False}) | changes
        claims = {name: value for name, value in claims.items() if value is not ...}
        headers = jwt.get_unverified_header(good) | (header or {})
        headers.pop("alg")
        return jwt.encode(claims, key or secrets.key("access-token"), algorithm, headers=headers)

    return make


def status(client, token):
    return client.get("/v1/auth/me", headers=bearer(token)).status_code


def test_the_token_they_are_made_from_is_good(anyone, signed):
    assert status(anyone, signed()) == 200


PAST = datetime.now(UTC) - timedelta(hours=1)
CLAIMS = {
    "of another audience": {"aud": "authenticated"},
    "of several audiences but ours": {"aud": ["a", "b"]},
    "of another issuer": {"iss": "supabase"},
    "expired": {"exp": PAST},
    "issued in the future": {"iat": datetime.now(UTC) + timedelta(hours=1)},
    "that never expires": {"exp": ...},
    "without an audience": {"aud": ...},
    "without an issuer": {"iss": ...},
    "without a subject": {"sub": ...},
    "for refreshing": {"token_use": "refresh"},
    "for no use": {"token_use": ...},
    "of an unknown role": {"role": "root"},
    "of an unknown scope": {"scope": "read everything"},
    "of an older version": {"ver": 0},
    "of a later version": {"ver": 2},
    "without a version": {"ver": ...},
    "of no version": {"ver": "x"},
    "of nobody": {"uid": None},
    "of an unknown user": {"uid": str(uuid4())},
    "of what is no user": {"uid": "1 OR 1=1"},
    "of a session that is not": {"sid": str(uuid4())},
    "of another tenant": {"tenant": "other"},
    "of a tenant that is not": {"tenant": "no-such-tenant"},
    "of what is no tenant": {"tenant": "\x00"},
    "of a tenant that is a number": {"tenant": 7},
    "of a key that is not": {"sub": "key:abcdefgh"},
}


@pytest.mark.parametrize("changes", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_signed_token_is_refused(anyone, signed, changes):
    assert status(anyone, signed(**changes)) == 401


HEADERS = {
    "of another type": {"typ": "JWT"},
    "of no type": {"typ": ""},
    "of an unknown key": {"kid": "deadbeef"},
    "with critical extensions": {"crit": ["exp"]},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_a_token_with_this_header_is_refused(anyone, signed, header):
    assert status(anyone, signed(header=header)) == 401


@pytest.mark.filterwarnings("ignore:The HMAC key")  # ours is long enough for the one algorithm that we accept
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_under_the_right_key_is_refused(anyone, signed, algorithm):
    assert status(anyone, signed(algorithm=algorithm)) == 401


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 7, ["HS256"], {"a": 1}])
def test_an_unsigned_token_is_refused(anyone, signed, alg):
    _header, claims, signature = signed().split(".")
    header = {"alg": alg, "typ": "at+jwt", "kid": jwt.get_unverified_header(signed())["kid"]}
    written = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    assert status(anyone, f"{written}.{claims}.") == 401
    assert status(anyone, f"{written}.{claims}.{signature}") == 401


def test_a_tampered_role_breaks_the_signature(anyone, signed):
    header, claims, signature = signed().split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    read |= {"role": "admin", "scope": "read write run admin"}
    written = base64.urlsafe_b64encode(json.dumps(read).encode()).decode().rstrip("=")
    assert status(anyone, f"{header}.{written}.{signature}") == 401


@pytest.mark.parametrize("purpose", ["api-key", "refresh-token", "operator"])
def test_a_key_for_another_purpose_signs_no_access_token(anyone, signed, secrets, purpose):
    assert status(anyone, signed(key=secrets.key(purpose))) == 401


def test_the_secret_of_another_installation_signs_nothing_here(anyone, who, secrets):
    other = Secrets({secrets.signing: b"z" * 64})
    assert status(anyone, issue(other, who)) == 401


@pytest.mark.parametrize("token", ["x", ".", "..", "a.b.c", "é", "crr_acme_x", "Bearer", "a" * 9000, "eyJ" * 2000])
def test_what_is_no_token_is_refused(anyone, token):
    answer = anyone.get("/v1/auth/me", headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code in (401, 431)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_refresh_token_and_a_ticket_are_no_access_tokens(anyone, person, log_in):
    given = log_in(person())
    ticket = anyone.post("/v1/auth/ticket", headers=bearer(given.access_token)).json()["ticket"]
    assert status(anyone, given.refresh_token) == status(anyone, ticket) == 401


def test_the_operators_token_is_no_access_token(anyone, secrets):
    assert status(anyone, secrets.operator_token) == 401


def test_scopes_beyond_the_role_are_not_had(anyone, signed):
    token = signed(scope="read write run admin internal")
    assert anyone.get("/v1/auth/me", headers=bearer(token)).json()["scopes"] == ["read", "run", "write"]
    assert anyone.get("/v1/users", headers=bearer(token)).status_code == 403


def test_an_access_token_never_carries_what_only_service_tokens_do(anyone, secrets, person):
    made = person("service")
    who = Principal(made.tenant, f"user:{made.id}", Role.SERVICE, SCOPES[Role.SERVICE], str(made.id))
    for use, scopes in ((TokenUse.ACCESS, ["read"]), (TokenUse.SERVICE, ["internal", "read"])):
        token = issue(secrets, who, use=use)
        assert anyone.get("/v1/auth/me", headers=bearer(token)).json()["scopes"] == scopes


def test_a_service_token_is_short_lived(anyone, secrets, person):
    made = person("service")
    who = Principal(made.tenant, f"user:{made.id}", Role.SERVICE, SCOPES[Role.SERVICE], str(made.id))
    assert (
        status(anyone, issue(secrets, who, use=TokenUse.SERVICE, now=datetime.now(UTC) - timedelta(minutes=6))) == 401
    )


def test_a_user_of_one_tenant_is_not_one_of_another(anyone, secrets, person, database, other):
    """The same user id in two tenants are two users, and one that ends does not end the other."""
    first = person(tenant="default")
    second = replace(first, tenant=other)
    with database.transaction(other) as session:
        session.execute(
            sa.insert(users).values(tenant_id=other, id=first.id, email=first.email, role="viewer", active=False)
        )
    for made, expected in ((first, 200), (second, 401), (first, 200)):
        who = Principal(made.tenant, f"user:{made.id}", Role.VIEWER, frozenset({Scope.READ}), str(made.id))
        assert status(anyone, issue(secrets, who)) == expected
