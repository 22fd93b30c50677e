"""Asking for a task: what is stored, what is refused and why, and that nothing happens twice."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest
import sqlalchemy as sa

from crucible_assets.datasets.columns import ExportOptions
from jobs.ask import begin
from jobs.wish import Wish
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import list_documents, save_failed
from resources.database.tables import audit_log, tasks
from sidecar.tasks.schemas import Options

URL = "/v1/tasks/process"


def ask(client, project, kind="FULL", headers=None, **more):
    more = {"question": "Why were loans refused?", **more} if kind == "ASK" else more
    return client.post(URL, json={"kind": kind, "project_id": project.id, **more}, headers=headers)


def stored(database, tenant, task_id):
    with database.transaction(tenant) as session:
        return session.execute(sa.select(tasks).where(tasks.c.id == uuid.UUID(task_id))).one()


def test_a_task_is_stored_for_the_sensor_to_plan(client_as, database, tenant, project):
    client = client_as()
    answer = ask(client, project, models=["local"], calls="batch", budget_usd="0.50", formats=["xlsx"])
    assert answer.status_code == 202, answer.text
    task = answer.json()
    assert answer.headers["location"] == f"/v1/tasks/{task['id']}"
    assert client.get(answer.headers["location"]).json() == task
    assert (task["kind"], task["status"], task["steps"], task["progress"]) == ("FULL", "PENDING", [], None)
    assert task["created_by"].startswith("user:")
    row = stored(database, tenant, task["id"])
    wish = Wish.from_json(row.parameters)
    assert wish.as_json() == Wish(models=("local",), calls=wish.calls, budget_usd="0.50", formats=("xlsx",)).as_json()
    assert wish.calls == "batch"
    assert row.parameters["request_id"] == answer.headers["x-request-id"]
    assert row.created_by == task["created_by"]
    with database.transaction(tenant) as session:
        said = session.execute(sa.select(audit_log).where(audit_log.c.object == f"task:{task['id']}")).one()
    assert (said.action, said.actor) == ("task.create", task["created_by"])


def test_a_sample_is_of_given_documents_or_of_a_number(client_as, database, tenant, project, document_ids):
    client = client_as()
    some = document_ids(project)[:2]
    both = ask(client, project, "SAMPLE", documents=some, number=2)
    assert both.status_code == 422
    given = ask(client, project, "SAMPLE", documents=[*some, some[0]])
    assert given.status_code == 202
    assert given.json()["asked"]["documents"] == 2
    assert stored(database, tenant, given.json()["id"]).parameters["documents"] == some
    client.post(f"/v1/tasks/{given.json()['id']}/cancel")
    counted = ask(client, project, "SAMPLE", number=2).json()
    assert (counted["asked"]["number"], counted["asked"]["documents"]) == (2, None)


def test_a_project_has_one_unfinished_extraction_and_any_number_of_others(client_as, project):
    client = client_as()
    first = ask(client, project).json()
    second = ask(client, project, "SAMPLE")
    assert second.status_code == 409
    assert second.json()["active_task_id"] == first["id"]
    assert ask(client, project, "EXPORT").status_code == 202
    assert ask(client, project, "INGEST").status_code == 202
    client.post(f"/v1/tasks/{first['id']}/cancel")
    assert ask(client, project, "SAMPLE").status_code == 202


@pytest.mark.parametrize(
    ("made", "kind", "said"),
    [
        ({"documents": 0}, "FULL", "no documents"),
        ({"documents": 0}, "INGEST", "no documents"),
        ({"documents": 0}, "SUMMARISE", "no documents"),
        ({"documents": 0}, "ASK", "no documents"),
        ({"documents": 0}, "EXTRACT_THEMES", "no documents"),
        ({"with_variables": False}, "FULL", "no variables"),
        ({"with_variables": False}, "EXPORT", "no variables"),
        ({"archived": True}, "FULL", "archived"),
        ({}, "REPROCESS_FAILED", "failed"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(client_as, make_project, made, kind, said):
    answer = ask(client_as(), make_project(**made), kind)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["INGEST", "SUMMARISE", "EXTRACT_THEMES", "ASK"])
def test_documents_can_be_read_before_there_are_variables(client_as, make_project, kind):
    assert ask(client_as(), make_project(with_variables=False), kind).status_code == 202


def test_summaries_and_themes_are_asked_for_beside_an_extraction(client_as, database, tenant, project):
    client = client_as()
    assert ask(client, project).status_code == 202
    summaries = ask(client, project, "SUMMARISE", models=["local"], budget_usd="1.5", force=True).json()
    wish = Wish.from_json(stored(database, tenant, summaries["id"]).parameters)
    assert wish == Wish(models=("local",), budget_usd="1.5", force=True, export_options={})
    assert (summaries["asked"]["budget_usd"], summaries["asked"]["force"]) == ("1.5", True)
    themes = ask(client, project, "EXTRACT_THEMES", number=12).json()
    assert Wish.from_json(stored(database, tenant, themes["id"]).parameters).themes == 12
    assert themes["asked"]["number"] == 12
    assert ask(client, project, "EXTRACT_THEMES").json()["asked"]["number"] is None


def test_unknown_things_are_named(client_as, make_project, project, document_ids, monkeypatch):
    client = client_as()
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    of_another_project = document_ids(make_project())[0]
    for more, said in [
        ({"kind": "SAMPLE", "documents": [of_another_project]}, of_another_project),
        ({"kind": "REFINE", "variables": ["colour"]}, "colour"),
        ({"models": ["anthropic:claude-x"]}, "ANTHROPIC_API_KEY"),
        ({"models": ["gguf:/etc/passwd"]}, "none of the files"),
    ]:
        answer = ask(client, project, **more)
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
    assert client.post(URL, json={"kind": "FULL", "project_id": "not-there"}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "WISH"},
        {"budget_usd": "0.00"},
        {"budget_usd": "-1"},
        {"budget_usd": 5},
        {"budget_usd": "1e3"},
        {"models": ["openai:a,b"]},
        {"models": ["hal:9000"]},
        {"colour": "red"},
        {"kind": "SAMPLE", "calls": "batch"},
        {"kind": "SAMPLE", "documents": []},
        {"kind": "SAMPLE", "number": 0},
        {"kind": "EXPORT", "budget_usd": "1"},
        {"kind": "SUMMARISE", "calls": "batch"},
        {"kind": "ASK", "question": " "},
        {"kind": "ASK", "question": "x" * 4001},
        {"kind": "ASK", "question": "a?", "filters": {"dates": {"first": "2022-01-02", "last": "2022-01-01"}}},
        {"kind": "ASK", "asked_by": "user:eve"},
        {"kind": "EXTRACT_THEMES", "number": 1},
        {"kind": "EXTRACT_THEMES", "number": 51},
        {"kind": "EXTRACT_THEMES", "budget_usd": "1"},
        {"kind": "EXPORT", "formats": ["docx"]},
        {"kind": "EXPORT", "options": {"multiple": "sideways"}},
    ],
)
def test_what_has_no_effect_or_no_meaning_is_refused(client_as, project, wrong):
    assert ask(client_as(), project, **wrong).status_code == 422


@pytest.mark.parametrize("right", ["0.000001", "0.50", "0.5", "5", "5.00", "999999.999999"])
def test_a_budget_is_any_decimal_number_above_zero(client_as, project, right):
    assert ask(client_as(), project, budget_usd=right).status_code == 202


def test_options_of_an_export_are_those_of_the_pipeline():
    assert {field.name: field.default for field in fields(ExportOptions)} == Options().model_dump()


def test_the_answer_of_a_question_is_the_asker_s_and_colleagues_see_only_that_there_is_one(
    client_as, database, tenant, project
):
    client, colleague = client_as(), client_as()
    key = client.post("/v1/keys", json={"name": "script"}).json()["key"]
    me = client.get("/v1/auth/me").json()
    filters = {"languages": ["de"]}
    by_key = {"Authorization": f"Bearer {key}"}
    task = ask(client, project, "ASK", by_key, filters=filters, models=["local"], budget_usd="0.5").json()
    assert task["answer"] is None
    with database.transaction(tenant) as session:
        wish, answer = begin(session, uuid.UUID(task["id"]))
    assert (wish.question, wish.models, wish.budget_usd) == ("Why were loans refused?", ("local",), "0.5")
    assert wish.filters is not None
    assert wish.filters["languages"] == ["de"]
    assert wish.asked_by == f"user:{me['user_id']}"
    seen = colleague.get(f"/v1/tasks/{task['id']}").json()
    assert seen["answer"] == {
        "conversation_id": str(answer.conversation_id), "answer_id": str(answer.id), "status": "RUNNING",
    }  # fmt: skip
    assert "refused" not in str(seen)
    address = f"/v1/sessions/{answer.conversation_id}/messages/{answer.id}"
    assert client.get(address).json()["task_id"] == task["id"]
    assert colleague.get(address).status_code == 404


def test_a_request_sent_again_has_one_effect(client_as, database, tenant, project):
    client = client_as()
    headers = {"Idempotency-Key": "the-same"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(client, project, headers=headers), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.headers["location"] for answer in answers} == {f"/v1/tasks/{answers[0].json()['id']}"}
    with database.transaction(tenant) as session:
        row = session.execute(sa.select(tasks)).one()
    assert row.parameters["idempotency_key"] == "the-same"
    assert ask(client, project, "EXPORT", headers=headers).status_code == 422


def test_what_failed_can_be_asked_for_again(client_as, database, tenant, make_project):
    client = client_as()
    unread, unfilled = make_project(), make_project()
    with database.transaction(tenant) as session:
        save_failed(session, list_documents(session, unread.id)[0].id, "CORRUPT", "cannot be read", "1")
        document = list_documents(session, unfilled.id)[0].id
        cell = {
            "document_id": document, "row_key": "", "variable": "price", "state": "FAILED", "value": None,
            "raw": None,
            "confidence": None, "uncalibrated": None, "evidence": [], "reasons": ["no answer"], "prompt_version": 1,
            "model": "m", "call_keys": [], "fingerprint": "f", "task_id": None,
        }  # fmt: skip
        save_cells(session, unfilled.id, [cell])
    for study in (unread, unfilled):
        assert ask(client, study, "REPROCESS_FAILED").status_code == 202


def test_a_viewer_asks_for_nothing(client_as, project):
    client = client_as("viewer")
    assert ask(client, project).status_code == 403
    assert client.get("/v1/tasks").status_code == 200
