"""Prompt versions and refinements: a person's decision stays until the variable is reworded or decided anew."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from crucible_assets.prompts.asset import make_prompts, outdated_prompts
from crucible_assets.prompts.refined import wording_hash
from resources.database.repositories.projects import load_project
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import RefinementRow, active_refinements, add_refinement
from resources.database.tables import audit_log
from resources.vocabulary import RefinementStatus

AMOUNT = {"name": "amount", "type": "NUMBER", "instructions": "The sum that was lent."}
PATH = "/v1/projects/loans"


class Study:
    """A project of one tenant, as a researcher and the pipeline see it."""

    def __init__(self, client, database, tenant: str) -> None:
        self.client, self.database, self.tenant = client, database, tenant
        assert client.post("/v1/projects", json={"name": "Loans", "variables": [AMOUNT]}).status_code == 201

    def prepare(self) -> None:
        """What every run does first."""
        with self.database.transaction(self.tenant) as session:
            project = load_project(session, "loans")
            make_prompts(session, project)
            assert outdated_prompts(session, project) == {}

    def reword(self, words: str) -> None:
        answer = self.client.patch(f"{PATH}/variables/amount", json={"instructions": words})
        assert answer.status_code == 200, answer.text
        self.prepare()

    @property
    def active(self) -> int:
        with self.database.transaction(self.tenant) as session:
            return active_prompts(session, "loans")["amount"].version

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(f"{PATH}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        answer = self.client.post(f"{PATH}{path}", json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json()

    def propose(self, words: str, **changes: Any) -> str:
        """A refinement, as a REFINE task stores it."""
        with self.database.transaction(self.tenant) as session:
            variable = load_project(session, "loans").variables[0]
            row = RefinementRow(
                variable="amount",
                status=RefinementStatus.PROPOSED,
                based_on=wording_hash(variable),
                instructions=words,
                counter_examples=[{"text": "Lent: 5.", "value": 5, "source_text": "5", "why": "Not the interest."}],
                analysis={"wrong": 2},
                old_version=1,
                measured={"labels": 8, "old": {"accuracy": 0.5}, "new": {"accuracy": 0.75}},
            )
            row = replace(row, **changes)
            add_refinement(session, "loans", row)
        return str(row.id)


@pytest.fixture
def study(client_as, database, tenant) -> Study:
    made = Study(client_as("researcher"), database, tenant)
    made.prepare()
    made.reword("The sum that was lent, without interest.")
    return made


def test_versions_are_listed_read_and_compared(study):
    first = study.get("/variables/amount/prompts", limit=1)
    rest = study.get("/variables/amount/prompts", after=first["next"])
    assert [(v["version"], v["active"]) for v in first["items"] + rest["items"]] == [(2, True), (1, False)]
    assert "The sum that was lent." in study.get("/variables/amount/prompts/1")["question"]
    diff = study.get("/variables/amount/prompts/2/diff", against=1)
    assert "-The sum that was lent.\n+The sum that was lent, without interest." in diff["unified"]
    assert any("The sum that was lent, without interest." in change["after"] for change in diff["changes"])
    same = study.get("/variables/amount/prompts/2/diff", against=2)
    assert (same["unified"], same["changes"]) == ("", [])
    assert study.client.get(f"{PATH}/variables/amount/prompts/9").status_code == 404
    assert study.client.get(f"{PATH}/variables/nobody/prompts").status_code == 404


def test_a_version_that_a_person_activated_survives_what_every_run_does_first(study):
    answer = study.post("/variables/amount/prompts/1/activate")
    assert (answer["active"], answer["chosen"]) == (True, True)
    study.prepare()
    assert study.active == 1
    assert study.get("/variables/amount/preview")["source"] == "chosen"
    study.client.patch(PATH, json={"description": "Another word on the study"})
    study.client.patch(f"{PATH}/variables/amount", json={"confidence_threshold": 0.9})
    study.prepare()
    assert study.active == 1


def test_rewording_the_variable_ends_the_choice_for_good(study):
    study.post("/variables/amount/prompts/1/activate")
    study.reword("The sum that was lent, fees included.")
    assert study.active == 3
    study.reword("The sum that was lent, without interest.")
    assert study.active == 2


def test_rewording_to_the_very_words_that_were_chosen_ends_the_choice_too(study):
    study.post("/variables/amount/prompts/1/activate")
    study.reword("The sum that was lent.")
    assert not study.get("/variables/amount/prompts/1")["chosen"]
    study.reword("The sum that was lent, without interest.")
    assert study.active == 2


def test_activating_what_the_variable_says_follows_it_again(study):
    study.post("/variables/amount/prompts/1/activate")
    assert study.post("/variables/amount/prompts/2/activate")["chosen"] is False
    study.client.patch(PATH, json={"description": "Another word on the study"})
    study.prepare()
    assert study.active == 3


def test_a_version_for_another_kind_of_answer_is_a_conflict(study):
    study.client.patch(f"{PATH}/variables/amount", json={"if_multiple_values": "ALL"})
    study.prepare()
    study.post("/variables/amount/prompts/1/activate", status=409)
    assert study.active == 3


def test_a_refinement_is_read_put_in_force_and_turned_down(study, database, tenant):
    made = study.propose("The sum lent. Interest and fees do not count.")
    (item,) = study.get("/refinements", variable="amount", status="PROPOSED")["items"]
    assert (item["id"], item["measured"]["new"]["accuracy"]) == (made, 0.75)
    active = study.post(f"/refinements/{made}/activate")
    assert (active["status"], active["new_version"], study.active) == ("ACTIVE", 3, 3)
    study.prepare()
    assert study.active == 3
    assert study.get("/variables/amount/preview")["source"] == "refinement"
    study.post(f"/refinements/{made}/reject", reason="It leaves out leases.")
    assert (study.active, study.get(f"/refinements/{made}")["reason"]) == (2, "It leaves out leases.")
    study.post(f"/refinements/{made}/reject", status=409, reason="again")
    with database.transaction(tenant) as session:
        done = session.scalars(sa.select(audit_log.c.action).order_by(audit_log.c.n)).all()
    assert done[-2:] == ["refinement.activate", "refinement.reject"]


def test_a_refinement_activated_after_a_choice_wins_and_the_other_way_round(study):
    study.post("/variables/amount/prompts/1/activate")
    made = study.propose("The sum lent. Interest and fees do not count.")
    study.post(f"/refinements/{made}/activate")
    study.prepare()
    assert study.active == 3
    study.post("/variables/amount/prompts/1/activate")
    study.prepare()
    assert (study.active, study.get(f"/refinements/{made}")["status"]) == (1, "SUPERSEDED")
    with study.database.transaction(study.tenant) as session:
        assert active_refinements(session, "loans") == {}


def test_a_refinement_that_a_task_puts_in_force_wins_over_an_older_choice(study):
    study.post("/variables/amount/prompts/1/activate")
    study.propose("The sum lent. Interest and fees do not count.", status=RefinementStatus.ACTIVE)
    study.prepare()
    assert study.active == 3


def test_a_refinement_of_older_words_or_without_words_is_a_conflict(study):
    made = study.propose("The sum lent. Interest and fees do not count.")
    study.reword("The sum that was lent, fees included.")
    study.post(f"/refinements/{made}/activate", status=409)
    empty = study.propose("", status=RefinementStatus.REJECTED)
    study.post(f"/refinements/{empty}/activate", status=409)


def test_refinements_come_in_pages(study):
    made = {study.propose(f"The sum lent, wording {number}.") for number in range(5)}
    first = study.get("/refinements", limit=3)
    second = study.get("/refinements", limit=3, after=first["next"])
    assert {item["id"] for item in first["items"] + second["items"]} == made
    assert study.client.get(f"{PATH}/refinements", params={"after": "WyJ4IiwgInkiXQ"}).status_code == 422


def test_a_preview_shows_what_is_asked_and_stores_nothing(study):
    study.client.patch(f"{PATH}/variables/amount", json={"instructions": "Only the first instalment."})
    study.client.put(f"{PATH}/parameters", json={"generation": {"temperature": 0.7, "max_output_tokens": 900}})
    preview = study.get("/variables/amount/preview")
    assert "Only the first instalment." in preview["question"]
    assert preview["model_settings"] == {"temperature": 0.7, "max_output_tokens": 900}
    assert (preview["version"], preview["source"]) == (None, "researcher")
    assert 100 < preview["tokens"] < 1_000
    assert study.active == 2


def test_another_tenant_sees_and_decides_nothing(study, client_as, tenant):
    made = study.propose("The sum lent. Interest and fees do not count.")
    stranger = client_as("admin", tenant=f"{tenant}-b")
    own = {"name": "Loans", "variables": [AMOUNT]}
    assert stranger.post("/v1/projects", json=own).status_code == 201
    for method, path, body in (
        ("GET", "/variables/amount/prompts/1", None),
        ("POST", "/variables/amount/prompts/1/activate", None),
        ("GET", f"/refinements/{made}", None),
        ("POST", f"/refinements/{made}/activate", None),
        ("POST", f"/refinements/{made}/reject", {"reason": "x"}),
    ):
        assert stranger.request(method, f"{PATH}{path}", json=body).status_code == 404, path
    assert stranger.get(f"{PATH}/refinements").json()["items"] == []
