"""Metrics: by the operator's token, with route templates and never an id or a tenant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from resources.database.repositories.projects import tenant_of
from resources.database.tables import lanes, projects, tasks
from resources.models.decisions.breaker import Breaker, Phase
from resources.models.decisions.lane import LaneState, to_json
from sidecar.operations import gauges


@pytest.fixture
def scrape(app, secrets, monkeypatch):
    monkeypatch.setattr(gauges, "KEPT_SECONDS", 0.0)
    client = TestClient(app, raise_server_exceptions=False)

    def get() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {secrets.operator_token}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/plain")
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return get


def value(found, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def test_only_the_operator_may_read_them(app, client_as):
    assert TestClient(app).get("/metrics").status_code == 401
    assert client_as("admin").get("/metrics").status_code == 401
    wrong = TestClient(app).get("/metrics", headers={"Authorization": "Bearer crop_" + "0" * 64})
    assert wrong.status_code == 401


def test_requests_are_counted_by_route_template(scrape, client_as, tenant):
    client = client_as("researcher")
    task = uuid4()
    labels = {"method": "GET", "route": "/v1/tasks/{task_id}"}
    before = scrape()
    client.get(f"/v1/tasks/{task}")
    client.get(f"/v1/{uuid4()}/nothing/here")
    client.request("BREW", "/v1/tasks")
    after = scrape()
    counted = {"name": "crucible_http_requests_total", **labels, "status": "404"}
    assert value(after, **counted) == value(before, **counted) + 1
    assert value(after, "crucible_http_request_duration_seconds_count", **labels) == (
        value(before, "crucible_http_request_duration_seconds_count", **labels) + 1
    )
    shown = " ".join(f"{name} {sorted(labels)}" for name, labels in after)
    assert str(task) not in shown
    assert tenant not in shown
    assert "BREW" not in shown
    assert "(no such route)" in shown


def test_who_is_refused_is_counted(scrape, app, client_as):
    before = scrape()
    TestClient(app).get("/v1/tasks")
    client_as("viewer").get("/v1/admin/diagnostics")
    after = scrape()
    for reason in ("unauthenticated", "forbidden"):
        name = "crucible_auth_failures_total"
        assert value(after, name, reason=reason) == value(before, name, reason=reason) + 1
    assert ("crucible_rate_limited_total", frozenset()) in after


def test_work_of_all_tenants_is_one_sum(scrape, database, tenant):
    before = scrape()
    now = datetime.now(UTC)
    with database.transaction(tenant) as session:
        own = {"tenant_id": tenant_of(session)}
        session.execute(sa.insert(projects).values(**own, id="p", name="p", unit_of_observation="DOCUMENT"))
        for status, seconds in (("PENDING", 90_000), ("RUNNING", 2_000), ("COMPLETED", 5)):
            session.execute(
                sa.insert(tasks).values(
                    **own, id=uuid4(), project_id="p", kind="EXPORT", status=status,
                    updated_at=now - timedelta(seconds=seconds),
                )
            )  # fmt: skip
    after = scrape()
    for status in ("PENDING", "RUNNING", "COMPLETED"):
        name = "crucible_tasks"
        assert value(after, name, status=status) == value(before, name, status=status) + 1
    assert 90_000 <= value(after, "crucible_queue_age_seconds") < 90_100
    for status in ("PENDING", "RUNNING"):
        name = "crucible_tasks_stuck"
        assert value(after, name, status=status) == value(before, name, status=status) + 1
    assert value(after, "crucible_database_up") == 1
    with database.transaction(tenant) as session:
        session.execute(sa.delete(tasks))


def test_breakers_streams_pool_and_loop_are_shown(scrape, database):
    lane = f"openai:m-{uuid4().hex[:6]}@api.example.org#0a1b2c3d"
    breaker, _ = to_json(LaneState(Breaker(Phase.OPEN, openings=1, open_until=4e9, reason="500")))
    with database.engine.begin() as connection:
        connection.execute(sa.insert(lanes).values(lane=lane, breaker=breaker))
    found = scrape()
    model = lane.partition("@")[0]
    assert value(found, "crucible_breaker_state", model=model, state="open") == 1
    assert value(found, "crucible_breaker_state", model=model, state="closed") == 0
    names = {name for name, _ in found}
    assert {
        "crucible_streams_open",
        "crucible_event_loop_lag_seconds",
        "crucible_db_pool_wait_seconds_count",
    } <= names
    assert value(found, "crucible_db_pool_connections", state="most") == 16
    assert value(found, "crucible_db_pool_wait_seconds_count") > 0
    assert value(found, "crucible_http_requests_in_flight", method="GET", route="/metrics") == 1
    assert not [labels for _, labels in found if "0a1b2c3d" in str(labels)], "accounts are nobody's business"


def test_what_the_database_tells_is_kept_for_a_while(scrape, monkeypatch):
    monkeypatch.setattr(gauges, "KEPT_SECONDS", 60.0)
    scrape()
    asked = []
    monkeypatch.setattr(gauges, "work_of_all", lambda database: asked.append(database) or [])
    scrape()
    scrape()
    assert asked == []
