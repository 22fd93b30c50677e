"""Conversations: begun, listed, renamed, deleted, and seen by nobody but who asked."""

from __future__ import annotations

from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.answers import begin_answer
from resources.database.tables import answers, audit_log, citations, conversations, projects, statements
from tests.sidecar.context.conftest import make_project
from tests.sidecar.conversations.conftest import GRANT, PUMP, SESSIONS, create, store_answer


def test_a_conversation_is_begun_and_read(corpus, researcher):
    made = create(researcher, title="Grants of 2024")
    assert (made["title"], made["project_id"], made["answers"]) == ("Grants of 2024", "study", 0)
    assert researcher.get(f"{SESSIONS}/{made['id']}").json() == made
    assert create(researcher)["title"] == ""


def test_the_last_used_comes_first_and_pages_lead_to_all(corpus, researcher, database, tenant):
    made = [create(researcher, title=f"number {n}")["id"] for n in range(5)]
    with database.transaction(tenant) as session:
        begin_answer(session, made[1], "And now?")
    expected = [made[1], made[4], made[3], made[2], made[0]]
    seen, after = [], None
    while True:
        params = {"limit": 2, "project_id": "study", **({"after": after} if after else {})}
        page = researcher.get(SESSIONS, params=params).json()
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == expected
    make_project(database, tenant, "other")
    assert researcher.get(SESSIONS, params={"project_id": "other"}).json() == {"items": [], "next": None}


def test_a_conversation_gets_another_title(corpus, researcher, database, tenant):
    made = create(researcher, title="Grants")
    changed = researcher.patch(f"{SESSIONS}/{made['id']}", json={"title": "Grants of 2024"})
    assert changed.json() == {**made, "title": "Grants of 2024"}
    assert researcher.get(f"{SESSIONS}/{made['id']}").json()["title"] == "Grants of 2024"


def test_with_a_conversation_goes_everything_that_was_said_in_it(corpus, researcher, database, tenant):
    document = corpus.add("a.txt", GRANT)
    made, kept = create(researcher)["id"], create(researcher)["id"]
    for conversation in (made, kept):
        store_answer(database, tenant, conversation, [document])
    assert researcher.delete(f"{SESSIONS}/{made}").status_code == 204
    with database.transaction(tenant) as session:
        counts = [
            session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (conversations, answers, statements, citations)
        ]
    assert counts == [1, 1, 2, 2]
    for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/messages")]:
        body = {"title": "x"} if method == "PATCH" else None
        assert researcher.request(method, f"{SESSIONS}/{made}{path}", json=body).status_code == 404


def test_nothing_that_was_asked_is_in_the_audit_log(corpus, researcher, database, tenant):
    made = create(researcher, title="A secret")["id"]
    researcher.patch(f"{SESSIONS}/{made}", json={"title": "Another secret"})
    researcher.delete(f"{SESSIONS}/{made}")
    with database.transaction(tenant) as session:
        rows = session.execute(
            sa.select(audit_log.c.action, audit_log.c.payload)
            .where(audit_log.c.object == f"conversation:{made}")
            .order_by(audit_log.c.n)
        ).all()
    assert [row.action for row in rows] == ["conversation.create", "conversation.rename", "conversation.delete"]
    assert "secret" not in str(rows)


@pytest.mark.parametrize("role", ["viewer", "researcher", "admin"])
def test_another_person_s_conversations_are_not_there(corpus, researcher, client_as, database, tenant, role):
    document = corpus.add("a.txt", GRANT)
    made, other = create(researcher)["id"], client_as(role)
    answer = store_answer(database, tenant, made, [document])
    assert other.get(SESSIONS).json()["items"] == []
    for path in ("", "/messages", f"/messages/{answer}"):
        assert other.get(f"{SESSIONS}/{made}{path}").status_code == 404
    assert other.patch(f"{SESSIONS}/{made}", json={"title": "mine"}).status_code == 404
    assert other.delete(f"{SESSIONS}/{made}").status_code == 404
    assert researcher.get(f"{SESSIONS}/{made}/messages/{answer}").status_code == 200


def test_conversations_of_a_person_s_keys_are_theirs(corpus, researcher):
    key = researcher.post("/v1/keys", json={"name": "script"}).json()["key"]
    by_key = {"Authorization": f"Bearer {key}"}
    made = researcher.post(f"{SESSIONS}/create", json={"project_id": "study"}, headers=by_key).json()
    assert researcher.get(f"{SESSIONS}/{made['id']}").json() == made


def test_a_viewer_begins_none_for_a_question_may_cost_money(corpus, client_as):
    assert client_as("viewer").post(f"{SESSIONS}/create", json={"project_id": "study"}).status_code == 403


def test_a_conversation_is_about_a_project_that_is_there_and_in_use(corpus, researcher, client_as, database, tenant):
    assert researcher.post(f"{SESSIONS}/create", json={"project_id": "nobody-s"}).status_code == 404
    stranger = client_as("admin", tenant=f"t-{uuid4().hex[:12]}")
    assert stranger.post(f"{SESSIONS}/create", json={"project_id": "study"}).status_code == 404
    with database.transaction(tenant) as session:
        session.execute(sa.update(projects).values(archived=True))
    assert researcher.post(f"{SESSIONS}/create", json={"project_id": "study"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [{}, {"project_id": "Study!"}, {"project_id": "study", "title": " "}, {"project_id": "study", "title": "x" * 201},
     {"project_id": "study", "title": "a\x00"}, {"project_id": "study", "asked_by": "user:eve"}],
)  # fmt: skip
def test_what_is_no_conversation_is_refused(corpus, researcher, body):
    assert researcher.post(f"{SESSIONS}/create", json=body).status_code == 422


def test_the_same_key_begins_one(corpus, researcher):
    headers, body = {"Idempotency-Key": uuid4().hex}, {"project_id": "study"}
    first, again = (researcher.post(f"{SESSIONS}/create", json=body, headers=headers) for _ in range(2))
    assert (first.json(), again.headers["idempotent-replay"]) == (again.json(), "true")
    assert len(researcher.get(SESSIONS).json()["items"]) == 1


@pytest.mark.parametrize(("path", "after"), [("", "x"), ("", "WyIyMDIwIiwgIngiXQ"), ("/{id}/messages", "Wy0xXQ")])
def test_a_made_up_next_is_refused(conversation, researcher, path, after):
    answer = researcher.get(SESSIONS + path.format(id=conversation), params={"after": after})
    assert answer.status_code == 422


def test_an_answer_tells_what_it_says_and_from_where(corpus, conversation, researcher, database, tenant):
    first, second = corpus.add("a.txt", GRANT, PUMP), corpus.add("b.txt", PUMP)
    stored = store_answer(database, tenant, conversation, [first, second])
    answer = researcher.get(f"{SESSIONS}/{conversation}/messages/{stored}").json()
    assert (answer["question"], answer["questions"]) == ("When was it paid?", ["When was it paid? (in full)"])
    assert (answer["status"], answer["model"], answer["cost_usd"], answer["calls"]) == (
        "ANSWERED", "openai:m", "0.012", 2,
    )  # fmt: skip
    assert [(one["text"], one["support"], one["checked_by"]) for one in answer["statements"]] == [
        ("Says 1.", "SUPPORTED", "WORDS"), ("Says 2.", "SUPPORTED", "WORDS"), ("All say so.", "UNSUPPORTED", "WORDS"),
    ]  # fmt: skip
    (citation,) = answer["statements"][0]["citations"]
    assert citation == {
        "document_id": str(first), "document_name": "a.txt", "current": True, "label": 1, "start": 4, "end": 9,
        "quote": "grant", "places": [{"page": 1, "label": None, "boxes": [[72, 90, 300, 104]]}],
    }  # fmt: skip
    assert answer["statements"][2]["problems"] == ["1999"]
    assert [(one["label"], one["document_name"], one["quote"], one["lexical_rank"]) for one in answer["sources"]] == [
        (1, "a.txt", GRANT[:12], 1), (2, "b.txt", PUMP[:12], 2),
    ]  # fmt: skip


def test_of_a_deleted_document_nothing_is_told_any_more(corpus, conversation, researcher, database, tenant):
    gone, kept = corpus.add("a.txt", GRANT), corpus.add("b.txt", PUMP)
    stored = store_answer(database, tenant, conversation, [gone, kept])
    assert researcher.delete(f"/v1/context/{gone}").status_code == 204
    (answer,) = researcher.get(f"{SESSIONS}/{conversation}/messages").json()["items"]
    assert (answer["id"], answer["sources_deleted"]) == (stored, 1)
    assert [one["text"] for one in answer["statements"]] == ["Says 2."]
    assert [one["label"] for one in answer["sources"]] == [2]
    assert str(gone) not in str(answer)
    assert (answer["status"], answer["reason"]) == ("ANSWERED", None)

    assert researcher.delete(f"/v1/context/{kept}").status_code == 204
    address = f"{SESSIONS}/{conversation}/messages/{stored}"
    nothing = researcher.get(address).json()
    assert (nothing["status"], nothing["statements"], nothing["sources"]) == ("WITHDRAWN", [], [])
    assert "deleted or changed" in nothing["reason"]
    assert "The answer is withdrawn" in researcher.get(address, params={"format": "markdown"}).text


def test_the_history_is_paged_in_its_order(corpus, conversation, researcher, database, tenant):
    document = corpus.add("a.txt", GRANT)
    for n in range(1, 6):
        store_answer(database, tenant, conversation, [document], f"Question {n}?")
    messages = f"{SESSIONS}/{conversation}/messages"
    first = researcher.get(messages, params={"limit": 3}).json()
    rest = researcher.get(messages, params={"limit": 3, "after": first["next"]}).json()
    assert [one["number"] for one in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert rest["next"] is None
    assert researcher.get(f"{SESSIONS}/{conversation}").json()["answers"] == 5


def test_an_answer_belongs_to_its_conversation(corpus, conversation, researcher, database, tenant):
    stored = store_answer(database, tenant, conversation, [corpus.add("a.txt", GRANT)])
    other = create(researcher)["id"]
    assert researcher.get(f"{SESSIONS}/{other}/messages/{stored}").status_code == 404
    assert researcher.get(f"{SESSIONS}/{conversation}/messages/{uuid4()}").status_code == 404
    assert researcher.get(f"{SESSIONS}/{conversation}/messages/x").status_code == 422
