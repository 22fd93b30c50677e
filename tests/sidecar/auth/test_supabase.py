"""Tokens of a Supabase Auth: by a shared secret, by keys published over HTTP, and never one as the other."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient

from sidecar.security.authenticate import Authentication
from sidecar.security.supabase import SupabaseTokens
from sidecar.settings import SupabaseSettings
from tests.sidecar.auth.conftest import bearer

SECRET = "a shared secret of at least 32 characters"
RSA = rsa.generate_private_key(65537, 2048)
KEYS = {"ES256": ec.generate_private_key(ec.SECP256R1()), "RS256": RSA, "EdDSA": ed25519.Ed25519PrivateKey.generate()}


class Published:
    """Serves keys over HTTP; tests change them, and count how often they are asked for."""

    def __init__(self):
        self.asked = 0
        self.down = False
        self.keys = [self._described(name, key) for name, key in KEYS.items()]
        published = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                published.asked += 1
                body = json.dumps({"keys": published.keys}).encode()
                self.send_response(503 if published.down else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/auth/v1/.well-known/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _described(self, name, key):
        algorithm = jwt.get_algorithm_by_name(name)
        return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": name, "alg": name, "use": "sig"}


@pytest.fixture
def published():
    made = Published()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def accepts(timed_app, installation, secrets, clock):
    """`accepts(jwt_secret=…)`: a client of an installation that accepts such tokens."""
    state = timed_app.state
    before = state.authentication

    def make(**settings):
        state.authentication = Authentication(installation, secrets, SupabaseSettings(**settings), clock)
        state.authenticator = state.authentication
        return TestClient(timed_app, raise_server_exceptions=False)

    yield make
    state.authentication = state.authenticator = before


@pytest.fixture
def claims(tenant):
    def make(**changes):
        good = {
            "aud": "authenticated",
            "exp": datetime.now(UTC) + timedelta(hours=1),
            "iat": datetime.now(UTC),
            "iss": "https://auth.example.org/auth/v1",
            "sub": "0d6b5b0f-7a11-4a53-9a5e-7b0f6c5e3f0c",
            "role": "authenticated",
            "app_metadata": {"tenant": tenant, "role": "researcher"},
            "user_metadata": {"tenant": "other", "role": "admin"},
        } | changes
        return {name: value for name, value in good.items() if value is not ...}

    return make


def me(client, token):
    return client.get("/v1/auth/me", headers=bearer(token))


def test_a_shared_secret_is_enough(accepts, claims, tenant):
    answer = me(accepts(jwt_secret=SECRET), jwt.encode(claims(), SECRET, "HS256"))
    assert answer.status_code == 200
    assert answer.json() == {
        "tenant": tenant,
        "subject": "supabase:0d6b5b0f-7a11-4a53-9a5e-7b0f6c5e3f0c",
        "role": "researcher",
        "scopes": ["read", "run", "write"],
        "user_id": None,
        "session_id": None,
        "email": None,
        "name": None,
    }


@pytest.mark.parametrize("algorithm", KEYS)
def test_published_keys_are_fetched_once(accepts, claims, published, algorithm):
    client = accepts(jwks_url=published.url)
    token = jwt.encode(claims(), KEYS[algorithm], algorithm, headers={"kid": algorithm})
    assert [me(client, token).status_code for _ in range(3)] == [200] * 3
    assert published.asked == 1


def test_a_published_key_is_no_shared_secret(accepts, claims, published):
    """The public key as HMAC's key: the classic confusion, with and without a shared secret configured."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    plain = jwt.PyJWS().encode(json.dumps(claims(exp=4102444800, iat=...)).encode(), b"x" * 32, "HS256")
    signing = plain.rsplit(".", 1)[0].encode()
    signature = base64.urlsafe_b64encode(hmac.new(public, signing, hashlib.sha256).digest()).decode().rstrip("=")
    forged = f"{signing.decode()}.{signature}"
    for settings in ({"jwks_url": published.url}, {"jwks_url": published.url, "jwt_secret": SECRET}):
        assert me(accepts(**settings), forged).status_code == 401


def test_a_symmetric_key_among_the_published_signs_nothing(accepts, claims, published):
    published.keys.append({"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA", "kid": "oct"})
    client = accepts(jwks_url=published.url)
    secret = "secret secret secret secret secret"
    for kid in ("oct", "RS256"):
        token = jwt.encode(claims(), secret, "HS256", headers={"kid": kid})
        assert me(client, token).status_code == 401


def test_a_key_signs_only_with_its_own_algorithm(accepts, claims, published):
    client = accepts(jwks_url=published.url)
    for algorithm, kid in (("RS256", "ES256"), ("ES256", "RS256"), ("PS256", "RS256"), ("RS512", "RS256")):
        key = KEYS["ES256"] if algorithm == "ES256" else RSA
        assert me(client, jwt.encode(claims(), key, algorithm, headers={"kid": kid})).status_code == 401


def test_a_shared_secret_alone_accepts_no_published_algorithms(accepts, claims):
    client = accepts(jwt_secret=SECRET)
    assert me(client, jwt.encode(claims(), RSA, "RS256", headers={"kid": "RS256"})).status_code == 401


CHANGES = {
    "of another audience": {"aud": "anon"},
    "without an audience": {"aud": ...},
    "expired": {"exp": datetime.now(UTC) - timedelta(minutes=1)},
    "that never expires": {"exp": ...},
    "without a subject": {"sub": ...},
    "with a subject that is no text": {"sub": "a\x00b"},
    "without metadata": {"app_metadata": ...},
    "with other metadata": {"app_metadata": "admin"},
    "without a role": {"app_metadata": {"tenant": "default"}},
    "of an unknown role": {"app_metadata": {"tenant": "default", "role": "root"}},
    "of a role that is a list": {"app_metadata": {"tenant": "default", "role": ["admin"]}},
    "of a tenant that is not": {"app_metadata": {"tenant": "no-such-tenant", "role": "admin"}},
    "of what is no tenant": {"app_metadata": {"tenant": "default\n", "role": "admin"}},
    "of a tenant that is a number": {"app_metadata": {"tenant": 1, "role": "admin"}},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_a_signed_token_is_refused(accepts, claims, changes):
    token = jwt.encode(claims(**changes), SECRET, "HS256")
    assert me(accepts(jwt_secret=SECRET), token).status_code == 401


def test_the_issuer_is_looked_at_where_one_is_named(accepts, claims):
    client = accepts(jwt_secret=SECRET, issuer="https://auth.example.org/auth/v1")
    assert me(client, jwt.encode(claims(), SECRET, "HS256")).status_code == 200
    for issuer in ("https://evil.example.org", ...):
        assert me(client, jwt.encode(claims(iss=issuer), SECRET, "HS256")).status_code == 401


def test_other_claims_can_be_named(accepts, claims, tenant):
    client = accepts(jwt_secret=SECRET, tenant_claim="org", role_claim="crucible.role")
    token = jwt.encode(claims(org=tenant, crucible={"role": "viewer"}), SECRET, "HS256")
    assert me(client, token).json()["role"] == "viewer"


def test_a_service_of_supabase_holds_nothing_internal(accepts, claims, tenant):
    token = jwt.encode(claims(app_metadata={"tenant": tenant, "role": "service"}), SECRET, "HS256")
    assert me(accepts(jwt_secret=SECRET), token).json()["scopes"] == ["read"]


def test_our_own_tokens_are_not_made_with_supabases_secret(accepts, claims):
    token = jwt.encode(claims(), SECRET, "HS256", headers={"typ": "at+jwt"})
    assert me(accepts(jwt_secret=SECRET), token).status_code == 401


def test_ours_are_accepted_beside_them(accepts, person, log_in):
    given = log_in(person())
    assert me(accepts(jwt_secret=SECRET), given.access_token).status_code == 200


def test_nothing_of_supabase_is_accepted_unasked(anyone, claims):
    assert me(anyone, jwt.encode(claims(), SECRET, "HS256")).status_code == 401


def test_keys_that_cannot_be_had_are_not_the_clients_fault(accepts, claims, published):
    published.down = True
    client = accepts(jwks_url=published.url)
    token = jwt.encode(claims(), RSA, "RS256", headers={"kid": "RS256"})
    answers = [me(client, token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert answers[0].headers["Retry-After"] == "10"
    assert published.asked == 1  # not asked again at once


def test_an_unknown_key_is_looked_for_once_in_a_while(published, claims):
    tokens = SupabaseTokens(SupabaseSettings(jwks_url=published.url))
    for _ in range(5):
        with pytest.raises(Exception, match="not valid"):
            tokens.read(jwt.encode(claims(), RSA, "RS256", headers={"kid": "unknown"}))
    assert published.asked == 1


def test_who_comes_from_supabase_has_tickets_but_no_keys_or_password(accepts, claims):
    client = accepts(jwt_secret=SECRET)
    headers = bearer(jwt.encode(claims(), SECRET, "HS256"))
    assert client.post("/v1/auth/ticket", headers=headers).status_code == 201
    assert client.post("/v1/keys", json={"name": "a"}, headers=headers).status_code == 403
    assert client.get("/v1/keys", headers=headers).json() == {"items": [], "next": None}
    body = {"current_password": "a", "new_password": "a long password"}
    assert client.post("/v1/auth/password", json=body, headers=headers).status_code == 403
