"""Keeping house: what is old goes, what is in use stays, and where audit logs end is written down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import pytest
import sqlalchemy as sa

from jobs.housekeeping import keep_house
from resources.anchors import Anchors
from resources.database.engine import Database
from resources.database.repositories.audit import audit, chain_end
from resources.database.tables import call_claims, idempotency_keys, rate_buckets, searches, sessions, tickets
from resources.installation import Installation
from resources.vocabulary import Role
from sensors.housekeeping import housekeeping_sensor
from tests.conftest import own_server
from tests.sidecar.conftest import make_user
from tests.sidecar.context.conftest import make_project

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """One of its own: it looks at all tenants, and other tests leave some whose house cannot be kept."""
    with own_server() as (settings, opened):
        made = Installation(settings)
        made.__dict__["database"] = opened
        yield made


@pytest.fixture
def database(installation: Installation) -> Database:
    return installation.database


def kept(installation):
    said = []
    done = keep_house(installation, said.append)
    return done, said


def test_what_is_old_goes_and_what_is_in_use_stays(installation, database, tenant):
    user = make_user(database, tenant, Role.RESEARCHER).user_id
    key = {"tenant_id": tenant, "owner": "user:a", "request_hash": b"h"}
    login = {"tenant_id": tenant, "user_id": user, "key": b"k"}
    ago = {days: NOW - timedelta(days=days, minutes=1) for days in (1, 30)}
    soon = NOW + timedelta(days=1)
    ended, expired, fresh, running = (uuid4() for _ in range(4))
    with database.transaction(tenant) as session:
        session.execute(
            sa.insert(idempotency_keys),
            [{**key, "key": "old", "created_at": ago[1]}, {**key, "key": "new", "created_at": NOW}],
        )
        session.execute(
            sa.insert(tickets),
            [
                {"tenant_id": tenant, "secret_hash": b"old", "principal": {}, "expires_at": ago[1]},
                {"tenant_id": tenant, "secret_hash": b"new", "principal": {}, "expires_at": soon},
            ],
        )
        session.execute(
            sa.insert(call_claims),
            [
                {"tenant_id": tenant, "key": "old", "holder": uuid4(), "expires_at": ago[1]},
                {"tenant_id": tenant, "key": "new", "holder": uuid4(), "expires_at": soon},
            ],
        )
        session.execute(
            sa.insert(sessions),
            [
                {**login, "id": ended, "expires_at": soon, "ended_at": ago[30]},
                {**login, "id": expired, "expires_at": ago[30], "ended_at": None},
                {**login, "id": fresh, "expires_at": soon, "ended_at": ago[1]},
                {**login, "id": running, "expires_at": soon, "ended_at": None},
            ],
        )
    stale, used = uuid4().hex, uuid4().hex
    with database.engine.begin() as connection:
        rows = [{"bucket": stale, "tokens": 1, "at": ago[1]}, {"bucket": used, "tokens": 1, "at": NOW}]
        connection.execute(sa.insert(rate_buckets), rows)
    done, said = kept(installation)
    assert said == []
    assert (done.keys >= 1, done.tickets >= 1, done.sessions >= 2, done.buckets >= 1) == (True,) * 4
    assert done.claims >= 1
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(idempotency_keys.c.key)).all() == ["new"]
        assert session.scalars(sa.select(tickets.c.secret_hash)).all() == [b"new"]
        assert session.scalars(sa.select(call_claims.c.key)).all() == ["new"]
        assert set(session.scalars(sa.select(sessions.c.id))) == {fresh, running}
    with database.engine.connect() as connection:
        left = connection.scalars(sa.select(rate_buckets.c.bucket).where(rate_buckets.c.bucket.in_([stale, used])))
        assert left.all() == [used]


def test_searches_of_more_than_90_days_ago_are_forgotten(installation, database, tenant):
    asked = {"tenant_id": tenant, "project_id": make_project(database, tenant), "asked_by": "user:a", "query": "x"}
    asked |= {"mode": "words", "filters": {}, "found": 0, "nothing": "NO_DOCUMENTS"}
    asked |= {"without_vectors": "NOT_ASKED", "without_reranking": "OFF"}
    old, recent = uuid4(), uuid4()
    with database.transaction(tenant) as session:
        ages = {old: timedelta(days=90, minutes=1), recent: timedelta(days=89)}
        session.execute(
            sa.insert(searches), [{**asked, "id": id_, "created_at": NOW - age} for id_, age in ages.items()]
        )
    done, _ = kept(installation)
    assert done.searches >= 1
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(searches.c.id)).all() == [recent]


def test_an_anchor_is_written_when_the_log_has_grown(installation, database, tenant):
    anchors = Anchors(installation.settings.home)
    for _ in range(2):
        with database.transaction(tenant) as session:
            audit(session, "project.created", "project:a")
        for _ in range(2):
            kept(installation)
    with database.transaction(tenant) as session:
        assert anchors.newest(tenant) == chain_end(session)
    assert [anchor.n for anchor in anchors.all(tenant)] == [1, 2]


def test_a_log_that_became_shorter_is_told_and_stops_no_other_tenant(installation, database, tenant):
    with database.transaction(tenant) as session:
        audit(session, "project.created", "project:a")
    kept(installation)
    with sa.create_engine(database.addresses.admin, poolclass=sa.NullPool).begin() as superuser:
        superuser.execute(sa.text("SET LOCAL session_replication_role = replica"))
        superuser.execute(sa.text("DELETE FROM audit_log WHERE tenant_id = :t"), {"t": tenant})
    done, said = kept(installation)
    assert done.failed == [tenant]
    assert said == [f"The house of tenant {tenant} cannot be kept"]
    with pytest.raises(RuntimeError, match=tenant):
        housekeeping_sensor(dg.build_sensor_context(resources={"installation": installation}))
    (installation.settings.home / "audit" / f"{tenant}.jsonl").unlink()


def test_the_sensor_starts_no_run(installation, database, tenant):
    said = housekeeping_sensor(dg.build_sensor_context(resources={"installation": installation}))
    assert isinstance(said, dg.SkipReason)
    assert "idempotency keys" in said.skip_message
