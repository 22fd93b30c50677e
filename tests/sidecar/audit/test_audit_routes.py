"""The audit log as an administrator reads it, and how tampering by the database's superuser is found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from resources.anchors import AnchorError, Anchors
from resources.database.repositories.audit import audit, chain_end
from resources.database.tables import audit_log


@pytest.fixture
def written(database, tenant):
    """Ten entries."""
    for number in range(1, 11):
        with database.transaction(tenant) as session:
            session.info["actor"] = "user:ada" if number % 2 else "user:bob"
            audit(session, "project.created", f"project:p{number}", number=number, name="Bücher")


@pytest.fixture
def superuser(database):
    """Changes rows behind the triggers' back."""
    engine = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool)

    def run(statement, **values):
        with engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            assert connection.execute(sa.text(statement), values).rowcount >= 1

    return run


@pytest.fixture
def anchored(installation, database, tenant):
    """Writes down where the chain ends."""
    anchors = Anchors(installation.settings.home)

    def write():
        with database.transaction(tenant) as session:
            anchors.add(tenant, chain_end(session), datetime.now(UTC))

    return write


def verified(client_as, **query):
    answer = client_as("admin").get("/v1/audit/verify", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_log_is_read_in_pages_the_newest_first(client_as, written):
    client, numbers, after = client_as("admin"), [], None
    while True:
        page = client.get("/v1/audit", params={"limit": 4, **({"after": after} if after else {})}).json()
        numbers += [item["n"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert numbers == list(range(10, 0, -1))


def test_the_log_is_filtered(client_as, written):
    client = client_as("admin")

    def found(**query):
        return [item["n"] for item in client.get("/v1/audit", params=query).json()["items"]]

    assert found(actor="user:ada") == [9, 7, 5, 3, 1]
    assert found(object="project:p3") == [3]
    assert found(action="project.archived") == []
    middle = client.get("/v1/audit", params={"object": "project:p5"}).json()["items"][0]["at"]
    assert found(since=middle) == [10, 9, 8, 7, 6, 5]
    assert found(until=middle) == [4, 3, 2, 1]


@pytest.mark.parametrize("role", ["researcher", "viewer", "service"])
def test_only_an_administrator_reads_it(client_as, role):
    for path in ("/v1/audit", "/v1/audit/verify"):
        assert client_as(role).get(path).status_code == 403


def test_another_tenant_s_log_is_not_seen(client_as, written, other):
    client = client_as("admin", tenant=other)
    assert all(item["object"] != "project:p1" for item in client.get("/v1/audit").json()["items"])


def test_an_untouched_log_is_intact(client_as, written, anchored):
    anchored()
    assert verified(client_as) == {
        "intact": True, "entries": 10, "anchors": 1, "last": 10, "broken_at": None, "reason": None, "next": None,
    }  # fmt: skip


def test_it_is_verified_in_stretches(client_as, written):
    first = verified(client_as, limit=4)
    assert (first["intact"], first["last"], first["next"]) == (True, 4, 4)
    rest = verified(client_as, limit=6, after=4)
    assert (rest["intact"], rest["entries"], rest["last"]) == (True, 6, 10)
    assert verified(client_as, after=10) | {"next": None} == rest | {"entries": 0, "next": None}


def test_an_empty_log_is_intact(client_as):
    assert verified(client_as)["intact"]


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'user:eve'",
        "payload = '{}'",
        "at = at + interval '1 microsecond'",
        "request_id = 'x'",
        "object = object || ' '",
        "hash = sha256('x')",
    ],
)
def test_one_changed_entry_is_found(client_as, written, tenant, superuser, change):
    superuser(f"UPDATE audit_log SET {change} WHERE tenant_id = :t AND n = 6", t=tenant)
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 6, "CHANGED")


def test_an_entry_that_was_changed_with_its_own_hash_does_not_link(client_as, written, tenant, superuser):
    superuser(
        "UPDATE audit_log SET actor = 'user:eve', hash = audit_hash(previous, tenant_id, n, at, 'user:eve', action, "
        "object, payload, request_id) WHERE tenant_id = :t AND n = 6",
        t=tenant,
    )
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 7, "UNLINKED")


def test_a_removed_entry_is_found(client_as, written, tenant, superuser):
    superuser("DELETE FROM audit_log WHERE tenant_id = :t AND n = 4", t=tenant)
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 4, "MISSING")


def test_a_removed_beginning_is_found(client_as, written, tenant, superuser):
    superuser("DELETE FROM audit_log WHERE tenant_id = :t AND n <= 2", t=tenant)
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 1, "MISSING")


@pytest.mark.parametrize("gone", [10, 7, 1], ids="from {}".format)
def test_an_end_that_was_cut_off_is_found_by_its_anchor(client_as, written, anchored, tenant, superuser, gone):
    anchored()
    superuser("DELETE FROM audit_log WHERE tenant_id = :t AND n >= :n", t=tenant, n=gone)
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, gone, "MISSING")


def test_an_end_that_was_written_anew_is_found(client_as, written, anchored, database, tenant, superuser):
    anchored()
    superuser("DELETE FROM audit_log WHERE tenant_id = :t AND n >= 9", t=tenant)
    for _ in range(3):
        with database.transaction(tenant) as session:
            audit(session, "project.created", "project:innocent")
    found = verified(client_as)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 10, "NOT_AS_ANCHORED")


def test_a_stretch_whose_beginning_is_gone_is_not_intact(client_as, written, tenant, superuser):
    superuser("DELETE FROM audit_log WHERE tenant_id = :t AND n = 4", t=tenant)
    found = verified(client_as, after=4)
    assert (found["intact"], found["broken_at"], found["reason"]) == (False, 4, "MISSING")


def test_a_broken_file_of_anchors_is_said_to_be(installation, tenant):
    path = installation.settings.home / "audit" / f"{tenant}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"n": 1}\n', encoding="utf-8")
    with pytest.raises(AnchorError, match="line 1"):
        list(Anchors(installation.settings.home).all(tenant))


def test_sixteen_writers_at_once_make_one_chain(client_as, database, tenant):
    def write(writer):
        for number in range(50):
            with database.transaction(tenant) as session:
                session.info["actor"] = f"user:{writer}"
                for part in range(4):
                    audit(session, "project.changed", f"project:p{number}", part=part)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    with database.transaction(tenant) as session:
        numbers = session.scalars(sa.select(audit_log.c.n).order_by(audit_log.c.n)).all()
        parts = session.scalars(sa.select(audit_log.c.payload["part"].as_integer()).order_by(audit_log.c.n)).all()
    assert numbers == list(range(1, 16 * 200 + 1))
    assert parts == [0, 1, 2, 3] * (16 * 50)
    found = verified(client_as)
    assert (found["intact"], found["entries"]) == (True, 3200)
