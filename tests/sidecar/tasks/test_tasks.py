"""Looking at tasks, and pausing, resuming and cancelling them."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from resources.database.repositories.tasks import pause_itself, update_task
from resources.database.tables import audit_log, calls
from resources.vocabulary import TaskStatus
from tests.sidecar.tasks.test_asking import ask, stored


@pytest.fixture
def client(client_as):
    return client_as()


@pytest.fixture
def task_id(client, project) -> str:
    return ask(client, project, budget_usd="1.00").json()["id"]


def set_status(database, tenant, task_id, status, **fields):
    with database.transaction(tenant) as session:
        update_task(session, uuid.UUID(task_id), status=status, **fields)


def test_tasks_come_in_pages_newest_first(client, make_project):
    studies = [make_project() for _ in range(5)]
    made = [ask(client, study, kind).json()["id"] for study in studies for kind in ("FULL", "EXPORT")]
    seen, after = [], None
    while True:
        params = {"limit": 3} | ({"after": after} if after else {})
        page = client.get("/v1/tasks", params=params).json()
        seen += [task["id"] for task in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made[::-1]
    of_one = client.get("/v1/tasks", params={"project_id": studies[0].id, "kind": "EXPORT"}).json()["items"]
    assert [task["id"] for task in of_one] == [made[1]]
    assert client.get("/v1/tasks", params={"status": "RUNNING"}).json()["items"] == []


@pytest.mark.parametrize("after", ["x", "W10", "WzEsMl0", "WzksIngiXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTksIngiXQ"])
def test_a_cursor_of_no_list_is_refused(client, after):
    assert client.get("/v1/tasks", params={"after": after}).status_code == 422


def test_progress_cost_and_runs_are_shown(client, database, tenant, project, task_id):
    progress = {
        "documents": 3, "documents_done": 2, "states": {"VALUE": 3, "FAILED": 1}, "cost_usd": "0.0123",
        "input_tokens": 10, "seconds_left": 4.5,
    }  # fmt: skip
    steps = [{"job": "full", "first": f"{tenant}/{project.id}/0001", "last": None, "run_id": "r-1"}]
    set_status(database, tenant, task_id, TaskStatus.RUNNING, progress=progress, steps=steps)
    with database.transaction(tenant) as session:
        session.execute(
            sa.insert(calls).values(
                tenant_id=tenant, key="k", project_id=project.id, task_id=uuid.UUID(task_id), variables=["price"],
                provider="p", model="m", reply="", finish_reason="stop", input_tokens=10, cached_tokens=4,
                output_tokens=2, cache_write_tokens=0, cost_usd="0.000012300", seconds=0.1,
            )
        )  # fmt: skip
    task = client.get(f"/v1/tasks/{task_id}").json()
    assert task["progress"]["documents_done"] == 2
    assert task["progress"]["cells"] == {"VALUE": 3, "FAILED": 1}
    assert task["progress"]["seconds_left"] == 4.5
    assert task["steps"][0]["run_id"] == "r-1"
    assert task["cost"] == {
        "calls": 1, "input_tokens": 10, "cached_tokens": 4, "output_tokens": 2, "usd": "0.0000123",
        "unpriced_calls": 0,
    }  # fmt: skip


def test_the_log_is_read_from_a_number_on(client, task_id):
    client.post(f"/v1/tasks/{task_id}/pause")
    client.post(f"/v1/tasks/{task_id}/resume")
    first = client.get(f"/v1/tasks/{task_id}/log", params={"limit": 2}).json()
    assert [(entry["seq"], entry["kind"]) for entry in first["items"]] == [(1, "job_created"), (2, "job_paused")]
    rest = client.get(f"/v1/tasks/{task_id}/log", params={"after": first["next"]}).json()
    assert [(entry["seq"], entry["kind"]) for entry in rest["items"]] == [(3, "job_resumed")]
    assert rest["next"] is None


def test_pause_resume_and_cancel_say_where_the_task_stands(client, database, tenant, task_id):
    def post(what, **more):
        return client.post(f"/v1/tasks/{task_id}/{what}", **more)

    refused = post("resume")
    assert (refused.status_code, refused.json()["task_status"]) == (409, "PENDING")
    assert post("pause").json()["status"] == "PAUSED"
    assert post("pause").status_code == 409
    assert post("resume").json()["status"] == "PENDING"
    assert post("cancel").json()["status"] == "CANCELLED"
    for what in ("pause", "resume", "cancel"):
        refused = post(what)
        assert (refused.status_code, refused.json()["task_status"]) == (409, "CANCELLED")
    with database.transaction(tenant) as session:
        query = sa.select(audit_log.c.action).where(audit_log.c.object == f"task:{task_id}").order_by(audit_log.c.n)
        assert list(session.scalars(query)) == ["task.create", "task.pause", "task.resume", "task.cancel"]


def test_a_task_that_paused_at_its_budget_goes_on_with_a_higher_one(client, database, tenant, project, task_id):
    set_status(database, tenant, task_id, TaskStatus.RUNNING)
    with database.transaction(tenant) as session:
        pause_itself(session, uuid.UUID(task_id), "The budget is reached.")
        session.execute(
            sa.insert(calls).values(
                tenant_id=tenant, key="k", project_id=project.id, task_id=uuid.UUID(task_id), variables=["price"],
                provider="p", model="m", reply="", finish_reason="stop", input_tokens=1, cached_tokens=0,
                output_tokens=1, cache_write_tokens=0, cost_usd="0.9", seconds=0.1,
            )
        )  # fmt: skip
    url = f"/v1/tasks/{task_id}/resume"
    too_low = client.post(url, json={"budget_usd": "0.90"})
    assert too_low.status_code == 422
    assert "0.9" in too_low.json()["detail"]
    assert client.get(f"/v1/tasks/{task_id}").json()["message"] == "The budget is reached."
    going = client.post(url, json={"budget_usd": "2"}).json()
    assert (going["status"], going["asked"]["budget_usd"], going["message"]) == ("PENDING", "2", None)
    kept = stored(database, tenant, task_id).parameters
    assert kept["request_id"]


def test_another_tenant_finds_nothing(client, client_as, database, task_id):
    other = client_as("admin", tenant=f"t-{uuid.uuid4().hex[:12]}")
    assert other.get("/v1/tasks").json()["items"] == []
    for method, path in [("GET", ""), ("GET", "/log"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel")]:
        assert other.request(method, f"/v1/tasks/{task_id}{path}").status_code == 404
    assert client.get(f"/v1/tasks/{task_id}").json()["status"] == "PENDING"
