"""Two tenants: what one owns, the other neither reads, counts, changes, deletes nor streams. Generated, not listed.

Attempts are made of the tables' metadata and of the application's own OpenAPI, so what is added is attempted too.
"""

import asyncio
import json

import pytest
import sqlalchemy as sa
from fastapi.routing import APIWebSocketRoute, iter_route_contexts
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from resources.database.tables import metadata
from resources.vocabulary import Role
from tests.sidecar.served import served
from tests.tenancy.attack import attempt_requests
from tests.tenancy.conftest import fingerprint
from tests.tenancy.requests import Asker, attempt_of, operations, unknown_parameters
from tests.tenancy.rows import TABLES
from tests.tenancy.statements import Report, attempt_statements

pytestmark = pytest.mark.timeout(600)  # thousands of attempts, on a machine that may be busy

LEAST = 10_000
NOBODY = "has-nothing"
"""A tenant without a row: whatever it sees is another's."""
NOT_THERE = {
    "GET /v1/context/{document_id}/pages",
    "GET /v1/context/{document_id}/pages/{page}",
    "GET /v1/context/{document_id}/pages/{page}/image",
    "GET /v1/results/cells/{document_id}/{variable}/image",
}
"""The victim's document is a line of text, and has no pages."""
NOT_THEIRS = {
    "GET /v1/context/searches/{search_id}",
    "GET /v1/sessions/{conversation_id}",
    "GET /v1/sessions/{conversation_id}/messages",
    "GET /v1/sessions/{conversation_id}/messages/{answer_id}",
}
"""Of the same tenant, and another person's."""


@pytest.fixture(scope="module")
def attacked(stage):
    """What the attempts came to, and what the victim had before and after."""
    before = fingerprint(stage.database, stage.owned.tenant)
    requests = attempt_requests(stage)
    statements = attempt_statements(stage.database, stage.owned, NOBODY)
    return requests, statements, before, fingerprint(stage.database, stage.owned.tenant)


def test_the_victim_owns_a_row_of_every_table(stage):
    assert stage.owned.tables == {table.name for table in TABLES}


def test_every_parameter_is_known_to_the_generator(stage):
    assert unknown_parameters(stage.app, stage.owned.ids) == [], "add it to rows.py, or to NO_IDS of requests.py"


def test_nothing_comes_through(attacked):
    requests, statements, _, _ = attacked
    assert requests.leaks == []
    assert statements.leaks == []
    assert requests.attempts + statements.attempts >= LEAST, (requests.attempts, statements.attempts)


def test_nothing_of_the_victim_s_has_changed(attacked):
    _, _, before, after = attacked
    assert {name for name, kept in before.items() if kept != after[name]} == set()


def test_no_connection_was_left_bound_to_a_tenant(stage, attacked):
    connections = [stage.database.engine.connect() for _ in range(12)]
    try:
        for connection in connections:
            row = connection.execute(
                sa.text(
                    "SELECT current_setting('app.tenant_id', true), current_user, current_setting('row_security')"
                )
            ).one()
            assert (row[0] or "", *row[1:]) == ("", "crucible_app", "on")
    finally:
        for connection in connections:
            connection.close()


def test_the_owner_gets_all_of_it(stage):
    """Otherwise the ids were wrong, and a stranger's 404 would say nothing."""
    headers = stage.headers(stage.owned.tenant, Role.ADMIN)
    service = stage.headers(stage.owned.tenant, Role.SERVICE)

    async def ask():
        asker = Asker(stage.app, stage.owned, Report())
        answers = {}
        for operation in operations(stage.app):
            if operation.method == "get" and operation.named("path") and not operation.streams:
                who = service if operation.path.startswith("/internal") else headers
                answer = await asker.send(attempt_of(operation, stage.owned.ids), who)
                answers[operation.label] = answer.status_code
        await asker.client.aclose()
        return answers

    answers = asyncio.run(ask())
    assert len(answers) >= 10
    assert {answers.pop(label) for label in NOT_THEIRS} == {404}
    assert {label: status for label, status in answers.items() if status != 200 and label not in NOT_THERE} == {}


def sockets(stage):
    found = [
        context.path
        for context in iter_route_contexts(stage.app.routes)
        if isinstance(context.original_route, APIWebSocketRoute)
    ]
    assert len(found) == 2
    return {path: path.format(**stage.owned.ids) for path in found}


def test_a_stranger_hears_nothing(stage):
    with served(stage.app) as url:
        for path in sockets(stage).values():
            for role in Role:
                headers = stage.headers(stage.stranger, role)
                with pytest.raises((InvalidStatus, ConnectionClosed)):  # noqa: SIM117 - either of the two refuses
                    with connect(url.replace("http", "ws") + path, additional_headers=headers) as socket:
                        socket.recv(10)


def test_the_owner_hears_their_own(stage):
    headers = stage.headers(stage.owned.tenant, Role.RESEARCHER)
    with served(stage.app) as url:
        ways = sockets(stage)
        with connect(url.replace("http", "ws") + ways["/v1/stream/{task_id}"], additional_headers=headers) as socket:
            assert json.loads(socket.recv(10))["task_id"] == stage.owned.ids["task_id"]
        anothers = ways["/v1/sessions/{conversation_id}/message"]
        with (
            pytest.raises(InvalidStatus, match="404"),
            connect(url.replace("http", "ws") + anothers, additional_headers=headers),
        ):
            pass


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER TABLE cells DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE cells NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON cells",
        "CREATE POLICY mine ON cells USING (true)",
        "ALTER ROLE crucible_app BYPASSRLS",
        "CREATE TABLE stolen AS SELECT * FROM cells",
        "CREATE VIEW seen AS SELECT * FROM cells",
        "CREATE FUNCTION steal() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "TRUNCATE cells",
        "COPY cells TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SET session_replication_role = replica",
        "SELECT * FROM pg_statistic",
        "SET ROLE crucible_scheduler",
    ],
)
def test_the_application_s_role_cannot_free_itself(stage, statement):
    with stage.database.engine.connect() as connection:
        with pytest.raises(sa.exc.DBAPIError) as refused:
            connection.exec_driver_sql(statement)
        assert refused.value.orig.sqlstate in {"42501", "22023"}


def test_without_row_security_reading_is_an_error(stage):
    with stage.database.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL row_security = off")
        with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
            connection.exec_driver_sql("SELECT * FROM cells")


def test_statistics_tell_nothing(stage):
    with stage.database.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT tablename FROM pg_stats WHERE tablename = ANY(:t)"),
            {"t": [table.name for table in TABLES]},
        ).all()
    assert rows == []


def test_a_reference_does_not_tell_whether_another_s_row_exists(stage):
    """What does not exist and what another tenant owns are refused alike."""
    said = set()
    for project in (stage.owned.ids["project_id"], "no-such-project"):
        with (
            pytest.raises(sa.exc.IntegrityError) as refused,
            stage.database.transaction(stage.stranger) as session,
        ):
            session.execute(
                sa.insert(metadata.tables["budgets"]).values(
                    tenant_id=stage.stranger, project_id=project, scope="", limit_usd=1
                )
            )
        said.add((type(refused.value.orig), str(refused.value.orig).replace(project, "…")))
    assert len(said) == 1
