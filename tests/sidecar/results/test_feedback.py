"""Verdicts over HTTP: on what was seen, in the variable's type, kept once, and never changing a cell."""

import pytest

from resources.database.repositories.feedback import load_feedback
from resources.database.repositories.tasks import get_task, open_tasks
from tests.sidecar.results.study import Study, everything

CELLS, FEEDBACK, BULK = "/v1/results/cells", "/v1/feedback", "/v1/feedback/bulk"


@pytest.fixture
def study(database, tenant):
    made = Study(database, tenant)
    made.first, made.second = made.document("a.txt"), made.document("b.txt")
    made.cell(made.first, "amount", 20000)
    made.cell(made.first, "tags", ["甲", "乙"])
    made.cell(made.second, "amount", None, "ABSENT")
    made.cell(made.second, "party", None, "FAILED")
    return made


@pytest.fixture
def researcher(client_as):
    return client_as("researcher")


def seen(client, study, document, variable):
    return client.get(f"{CELLS}/{document}/{variable}").json()["cell"]


def said(client, study, document, variable, verdict, **more):
    cell = seen(client, study, document, variable)
    item = {"document_id": str(document), "variable": variable, "version": cell["version"], "verdict": verdict}
    return item | more


def give(client, study, *given, **more):
    return client.post(FEEDBACK, json={"project_id": study.id, **said(client, study, *given, **more)})


def test_a_correction_stands_beside_the_value_which_stays(study, researcher):
    answer = give(researcher, study, study.first, "amount", "INCORRECT", corrected_values=["EUR 21000"], note="ü")
    assert answer.status_code == 201, answer.text
    kept = answer.json()["feedback"]
    assert kept["corrected_values"] == [21000]
    assert (kept["judged_state"], kept["judged_value"]) == ("VALUE", 20000)
    cell = seen(researcher, study, study.first, "amount")
    assert (cell["value"], cell["latest_verdict"]["corrected_values"]) == (20000, [21000])
    assert cell["latest_verdict"]["about_this_value"] is True
    assert len(everything(researcher, CELLS, project_id=study.id, reviewed=True)) == 1


def test_a_verdict_on_what_is_there_no_more_is_refused_with_the_cell_of_now(study, researcher):
    stale = said(researcher, study, study.first, "amount", "CORRECT")
    study.cell(study.first, "amount", 22000)
    answer = researcher.post(FEEDBACK, json={"project_id": study.id, **stale})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "urn:crucible:problem:cell-changed"
    assert problem["cells"][0]["value"] == 22000
    again = {**stale, "version": problem["cells"][0]["version"]}
    assert researcher.post(FEEDBACK, json={"project_id": study.id, **again}).status_code == 201


def test_the_same_outcome_extracted_anew_leaves_a_verdict_good(study, researcher):
    item = said(researcher, study, study.first, "amount", "CORRECT")
    study.cell(study.first, "amount", 20000, confidence=0.2)
    assert researcher.post(FEEDBACK, json={"project_id": study.id, **item}).status_code == 201


def test_a_verdict_on_a_former_value_says_so(study, researcher):
    give(researcher, study, study.first, "amount", "CORRECT")
    study.cell(study.first, "amount", 1)
    assert seen(researcher, study, study.first, "amount")["latest_verdict"]["about_this_value"] is False


@pytest.mark.parametrize(
    ("document", "variable", "verdict", "more", "reason"),
    [
        ("first", "amount", "INCORRECT", {"corrected_values": ["no number"]}, "is no NUMBER"),
        ("first", "amount", "INCORRECT", {"corrected_values": [1, 2]}, "has one value"),
        ("first", "amount", "CORRECT", {"corrected_values": [1]}, "another value"),
        ("second", "amount", "PARTIALLY_CORRECT", {}, "CORRECT or INCORRECT"),
        ("second", "party", "INCORRECT", {}, "give the right value"),
        ("first", "amount", "INCORRECT", {"corrected_values": ["\x00"]}, "NUL"),
        ("first", "amount", "INCORRECT", {"corrected_values": [[[]]]}, "is no NUMBER"),
    ],
)
def test_what_cannot_be_a_verdict_is_refused_in_words(study, researcher, document, variable, verdict, more, reason):
    answer = give(researcher, study, getattr(study, document), variable, verdict, **more)
    assert answer.status_code == 422, answer.text
    assert reason in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] == "body"


def test_an_empty_list_says_that_the_document_does_not_state_it(study, researcher):
    answer = give(researcher, study, study.first, "amount", "INCORRECT", corrected_values=[])
    assert answer.json()["feedback"]["corrected_values"] == []


def test_a_correction_beyond_the_rules_is_kept_with_a_warning(study, researcher):
    answer = give(researcher, study, study.first, "amount", "INCORRECT", corrected_values=[60000])
    assert answer.status_code == 201
    assert "50000" in answer.json()["warnings"][0]


def test_the_same_said_twice_is_one_verdict_and_a_change_of_mind_is_another(study, researcher, database, tenant):
    first = give(researcher, study, study.first, "amount", "CORRECT")
    second = give(researcher, study, study.first, "amount", "CORRECT")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["known"] is True
    assert second.json()["feedback"]["id"] == first.json()["feedback"]["id"]
    assert give(researcher, study, study.first, "amount", "INCORRECT").status_code == 201
    with database.transaction(tenant) as session:
        assert len(load_feedback(session, study.id)) == 2
    listed = everything(researcher, FEEDBACK, project_id=study.id, limit=1)
    assert [item["verdict"] for item in listed] == ["INCORRECT", "CORRECT"]
    assert everything(researcher, FEEDBACK, project_id=study.id, verdict="CORRECT")[0]["document_name"] == "a.txt"


def test_several_at_once_are_all_kept_or_none(study, researcher, database, tenant):
    good = said(researcher, study, study.first, "amount", "CORRECT")
    many = said(researcher, study, study.first, "tags", "PARTIALLY_CORRECT", corrected_values=["甲", "丙"])
    bad = said(researcher, study, study.second, "amount", "PARTIALLY_CORRECT")
    refused = researcher.post(BULK, json={"project_id": study.id, "items": [good, many, bad]})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.items.2"
    twice = researcher.post(BULK, json={"project_id": study.id, "items": [good, good]})
    assert twice.status_code == 422
    with database.transaction(tenant) as session:
        assert load_feedback(session, study.id) == []
    kept = researcher.post(BULK, json={"project_id": study.id, "items": [good, many]})
    assert (kept.status_code, kept.json()["kept"], kept.json()["known"]) == (201, 2, 0)
    assert kept.json()["items"][1]["feedback"]["corrected_values"] == ["甲", "丙"]


def test_an_idempotency_key_gives_the_first_answer_again(study, researcher):
    body = {"project_id": study.id, **said(researcher, study, study.first, "amount", "CORRECT")}
    first = researcher.post(FEEDBACK, json=body, headers={"Idempotency-Key": "one"})
    again = researcher.post(FEEDBACK, json=body, headers={"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


def test_who_may_only_look_gives_no_verdicts_and_strangers_find_nothing(study, researcher, client_as, other):
    body = {"project_id": study.id, **said(researcher, study, study.first, "amount", "CORRECT")}
    assert client_as("viewer").post(FEEDBACK, json=body).status_code == 403
    assert client_as("admin", tenant=other).post(FEEDBACK, json=body).status_code == 404
    assert client_as("admin", tenant=other).get(FEEDBACK, params={"project_id": study.id}).status_code == 404
    unknown = {**body, "row_key": "nothing"}
    assert researcher.post(FEEDBACK, json=unknown).status_code == 404


def test_verdicts_are_in_the_audit_log(study, researcher, client_as, database, tenant):
    import sqlalchemy as sa

    from resources.database.tables import audit_log

    give(researcher, study, study.first, "amount", "CORRECT")
    with database.transaction(tenant) as session:
        entry = session.execute(sa.select(audit_log).where(audit_log.c.action == "feedback.given")).one()
    assert entry.object == f"cell:{study.id}/{study.first}//amount"
    assert entry.payload["verdict"] == "CORRECT"


def test_calibration_is_a_task_with_the_step_of_the_command(study, researcher, database, tenant):
    asked = {"project_id": study.id}
    nothing = researcher.post(f"{FEEDBACK}/calibrate", json=asked)
    assert nothing.status_code == 409
    give(researcher, study, study.first, "amount", "CORRECT")
    answer = researcher.post(f"{FEEDBACK}/calibrate", json=asked)
    assert answer.status_code == 202
    with database.transaction(tenant) as session:
        (task,) = open_tasks(session)
        assert str(task.id) == answer.json()["task_id"]
        assert get_task(session, task.id).steps == [
            {"job": "calibrate", "first": f"{tenant}/{study.id}", "last": None}
        ]
    assert researcher.post(f"{FEEDBACK}/calibrate", json=asked).status_code == 409, "one at a time"
