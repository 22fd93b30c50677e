"""`Idempotency-Key`: one effect however often a request is sent, over real sockets."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from resources.database.repositories.audit import audit
from resources.database.repositories.idempotency import forget_old_keys
from resources.database.tables import audit_log, idempotency_keys
from sidecar import app as app_module
from sidecar.app import make_app
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.principal import Writer
from sidecar.transactions import WriteSession
from tests.sidecar.served import served

router = APIRouter()
failing = threading.Event()


class Wanted(BaseModel):
    name: str


@router.post("/v1/effects", status_code=201)
def make_effect(
    request: Request, session: WriteSession, who: Writer, body: Wanted, key: IdempotencyKey = None
) -> Response:
    once = Once(session, who, key)
    known = once.answered(request, body)
    if known is not None:
        return known
    audit(session, "effect", f"effect:{body.name}")
    answer = once.keep(201, {"name": body.name, "by": who.subject})
    if failing.is_set():
        raise RuntimeError("after the effect")
    return answer


@router.delete("/v1/effects/{name}", status_code=204)
def undo_effect(
    request: Request, session: WriteSession, who: Writer, name: str, key: IdempotencyKey = None
) -> Response:
    once = Once(session, who, key)
    return once.answered(request, None) or once.keep(204, None)


@pytest.fixture
def url(installation, secrets, monkeypatch):
    monkeypatch.setattr(app_module, "ROUTERS", (router,))
    app = make_app(installation, secrets, Bounds(principal=Zone("principal", 10**6, 10**6)))
    with served(app) as address:
        yield address
    app.state.rates.dispose()


@pytest.fixture
def post(url, client_as):
    """Sends as one user, or as another."""
    first = client_as().headers["Authorization"]

    def send(name="a", key="k1", authorization=first):
        headers = {"Authorization": authorization, **({"Idempotency-Key": key} if key else {})}
        return httpx.post(f"{url}/v1/effects", json={"name": name}, headers=headers, timeout=30)

    return send


def effects(database, tenant):
    with database.transaction(tenant) as session:
        return session.scalars(sa.select(audit_log.c.object)).all()


def test_twenty_at_once_have_one_effect_and_nineteen_replays(post, database, tenant):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 20
    assert sum(answer.headers.get("idempotent-replay") == "true" for answer in answers) == 19
    assert effects(database, tenant) == ["effect:a"]


def test_without_a_key_each_has_its_effect(post, database, tenant):
    assert [post(key=None).status_code for _ in range(3)] == [201] * 3
    assert len(effects(database, tenant)) == 3


def test_a_key_is_for_one_request(post, database, tenant):
    assert post().status_code == 201
    other = post(name="b")
    assert (other.status_code, other.json()["type"]) == (422, "urn:crucible:problem:unusable")
    assert effects(database, tenant) == ["effect:a"]


def test_a_key_belongs_to_who_sent_it(post, client_as, database, tenant, other):
    assert post().status_code == 201
    colleague = post(name="b", authorization=client_as().headers["Authorization"])
    assert "idempotent-replay" not in colleague.headers
    stranger = post(authorization=client_as(tenant=other).headers["Authorization"])
    assert "idempotent-replay" not in stranger.headers
    assert effects(database, tenant) == ["effect:a", "effect:b"]


def test_what_failed_leaves_its_key_free(post, database, tenant):
    failing.set()
    try:
        assert post().status_code == 500
    finally:
        failing.clear()
    again = post()
    assert (again.status_code, "idempotent-replay" in again.headers) == (201, False)
    assert effects(database, tenant) == ["effect:a"]


def test_when_the_first_of_many_fails_one_of_the_others_has_the_effect(post, database, tenant):
    failing.set()
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(post) for _ in range(8)]
        running[0].result()
        failing.clear()
        for one in running:
            one.result()
    assert post().status_code == 201
    assert effects(database, tenant) == ["effect:a"]


def test_an_answer_without_a_body_is_replayed(url, client_as):
    headers = {**client_as().headers, "Idempotency-Key": "k1"}
    answers = [httpx.delete(f"{url}/v1/effects/a", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "ü".encode(), "x" * 201])
def test_a_key_is_short_and_printable(url, client_as, key):
    headers = {"Authorization": client_as().headers["Authorization"], "Idempotency-Key": key}
    assert httpx.post(f"{url}/v1/effects", json={"name": "a"}, headers=headers).status_code == 422


def test_keys_are_forgotten_after_a_day(post, database, tenant):
    post(key="old")
    post(key="new", name="b")
    with database.transaction(tenant) as session:
        long_ago = datetime.now(UTC) - timedelta(days=1, minutes=1)
        session.execute(
            sa.update(idempotency_keys).where(idempotency_keys.c.key == "old").values(created_at=long_ago)
        )
        assert forget_old_keys(session) == 1
        assert session.scalars(sa.select(idempotency_keys.c.key)).all() == ["new"]
