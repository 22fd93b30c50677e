"""Quality: figures that say on how much they rest, and agreement as the literature has it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.repositories.feedback import VerdictRow, add_feedback
from resources.database.repositories.labels import LabelRow, replace_labels
from resources.vocabulary import CellState, Verdict
from sidecar.quality.agreement import agreement, cohen_kappa, krippendorff_alpha
from tests.sidecar.results.study import Study, quoted

CATEGORIES = st.sampled_from("abc")


def test_cohen_kappa_of_the_textbook_table():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o 0.7, p_e 0.5, kappa 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


def test_krippendorff_alpha_of_the_published_example():
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: nominal, four observers, 0.743."""
    observers = [
        ["1", "2", "3", "3", "2", "1", "4", "1", "2", ".", ".", "."],
        ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", ".", "3"],
        [".", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", "."],
        ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", "."],
    ]
    units = [[value for value in unit if value != "."] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=0.0005)


@given(st.lists(st.tuples(CATEGORIES, CATEGORIES), max_size=40))
def test_agreement_lies_between_its_bounds_and_does_not_hang_on_the_order(pairs):
    kappa, alpha = cohen_kappa(pairs), krippendorff_alpha(pairs)
    for figure in (kappa, alpha):
        assert figure is None or -1 - 1e-9 <= figure <= 1 + 1e-9
    if kappa is not None:
        assert cohen_kappa([pair[::-1] for pair in pairs]) == pytest.approx(kappa)
    if alpha is not None:
        assert krippendorff_alpha(pairs[::-1]) == pytest.approx(alpha)
        assert (alpha == 1) == all(one == other for one, other in pairs)


def test_without_shared_cells_there_is_no_figure():
    alone = agreement([{"ann": "CORRECT"}, {"bob": "CORRECT"}])
    assert (alone.cells, alone.percent, alone.alpha, alone.pairs) == (0, None, None, ())
    same = agreement([{"ann": "CORRECT", "bob": "CORRECT"}])
    assert (same.cells, same.percent, same.alpha, same.pairs[0].kappa) == (1, 1.0, None, None)


@pytest.fixture
def study(database, tenant):
    made = Study(database, tenant)
    made.documents = [made.document(f"{number}.txt") for number in range(10)]
    for number, document in enumerate(made.documents):
        made.cell(document, "amount", number, evidence=[quoted("x y", "x", "EXACT" if number % 2 else "FUZZY")])
    made.cell(made.documents[0], "party", None, "FAILED")
    made.call("one", ["amount", "party"], "0.5")
    made.call("two", ["amount"], None)
    return made


def judge(study, number, author, verdict, corrected=None):
    row = VerdictRow(
        study.documents[number], "", "amount", Verdict(verdict), corrected, "", author, CellState.VALUE, number
    )
    with study.database.transaction(study.tenant) as session:
        add_feedback(session, study.id, [row])


def report(study, client_as):
    answer = client_as("viewer").get("/v1/quality", params={"project_id": study.id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_labels_nothing_is_claimed(study, client_as):
    found = report(study, client_as)
    assert found["accuracy"] == {
        "labelled": 0, "by_gold": 0, "decided": 0, "right": 0, "partly": 0, "wrong": 0, "accuracy": None,
        "interval": None,
    }  # fmt: skip
    assert (found["gold"], found["calibration"], found["agreement"]["alpha"]) == (None, [], None)
    amount, party, _ = found["variables"]
    assert amount["states"]["VALUE"] == 10
    assert (amount["evidence"]["EXACT"], amount["evidence"]["FUZZY"], amount["with_value"]) == (5, 5, 10)
    assert amount["mean_confidence"] == pytest.approx(0.9, abs=1e-6)
    assert (party["states"]["FAILED"], party["missing"], party["mean_confidence"]) == (1, 9, None)
    assert found["cells_expected"] == sum(found["states"].values()) + found["missing"] == 30


def test_accuracy_by_verdicts_with_its_interval(study, client_as):
    for number in range(6):
        judge(study, number, "ann", "CORRECT" if number else "INCORRECT")
    found = report(study, client_as)["variables"][0]
    assert (found["reviewed"], found["accuracy"]["decided"], found["accuracy"]["wrong"]) == (6, 6, 1)
    assert found["accuracy"]["accuracy"] == pytest.approx(5 / 6)
    low, high = found["accuracy"]["interval"]
    assert low < 5 / 6 < high
    assert high - low > 0.3, "few labels, a wide interval"


def test_reviewers_who_judged_the_same_are_compared(study, client_as):
    for number, (one, other) in enumerate(itertools.product(("CORRECT", "INCORRECT"), repeat=2)):
        judge(study, number, "ann", one)
        judge(study, number, "bob", other)
    found = report(study, client_as)
    assert found["agreement"]["pairs"] == [
        {"first": "ann", "second": "bob", "cells": 4, "percent": 0.5, "kappa": 0.0}
    ]
    assert len(found["disputed"]) == 2
    assert found["accuracy"]["labelled"] == 2, "where people disagree there is no label"


def test_gold_gives_the_figures_of_evaluate(study, client_as):
    rows = [LabelRow(f"{number}.txt", "", "amount", [[number if number < 3 else 99]]) for number in range(4)]
    with study.database.transaction(study.tenant) as session:
        replace_labels(session, study.id, [*rows, LabelRow("gone.txt", "", "amount", [[1]])])
    found = report(study, client_as)
    assert (found["gold"]["documents"], found["gold"]["accuracy"]) == (4, 0.75)
    assert found["gold"]["variables"][0]["precision"] == 0.75
    assert found["accuracy"]["by_gold"] == 4
    assert found["unknown_labels"] == ["gone.txt"]


def test_cost_is_shared_out_and_what_is_not_known_is_no_zero(study, client_as):
    found = report(study, client_as)
    amount, party, tags = (variable["cost"] for variable in found["variables"])
    assert (amount["calls"], amount["cost_usd"], amount["unpriced_calls"]) == (1.5, "0.25", 1)
    assert (party["calls"], party["cost_usd"]) == (0.5, "0.25")
    assert (tags["calls"], tags["cost_usd"]) == (0, "0")
    assert found["cost"]["cost_usd"] == "0.5"


def test_usage_adds_up_however_it_is_summed(study, client_as):
    study.call("three", [], "0.25", purpose="FIND_ENTITIES", model="other", document_id=study.documents[0])
    study.call("four", ["tags"], None, model="unpriced")
    client = client_as("viewer")
    for by in ("project", "user", "day", "model", "variable", "task", "purpose", "document"):
        asked = {"by": by, "project_id": study.id, "limit": 1}
        pages, items = client.get("/v1/usage", params=asked).json(), []
        while True:
            items += pages["items"]
            if pages["next"] is None:
                break
            pages = client.get("/v1/usage", params={**asked, "after": pages["next"]}).json()
        assert sum(item["calls"] for item in items) == pages["total"]["calls"] == 4, by
        assert sum(float(item["cost_usd"] or 0) for item in items) == float(pages["total"]["cost_usd"]) == 0.75
        assert sum(item["unpriced_calls"] for item in items) == 2
    models = client.get("/v1/usage", params={"by": "model", "project_id": study.id}).json()["items"]
    assert {item["key"]: item["cost_usd"] for item in models} == {
        "openai:other": "0.25", "openai:test": "0.5", "openai:unpriced": None,
    }  # fmt: skip


def test_usage_of_days_that_are_over_and_to_come(study, client_as):
    client = client_as()
    past = {"project_id": study.id, "from": "0001-01-01", "to": "2000-01-01"}
    assert client.get("/v1/usage", params=past).json()["total"]["calls"] == 0
    future = {"project_id": study.id, "from": "2000-01-01", "to": "9999-12-31"}
    assert client.get("/v1/usage", params=future).json()["total"]["calls"] == 2
    for day in ("12345", "2024-13-01", "x"):
        assert client.get("/v1/usage", params={"from": day}).status_code == 422


def test_other_tenants_see_nothing_of_it(study, client_as, other):
    stranger = client_as("admin", tenant=other)
    assert stranger.get("/v1/quality", params={"project_id": study.id}).status_code == 404
    assert stranger.get("/v1/usage", params={"project_id": study.id}).status_code == 404
    keys = [item["key"] for item in stranger.get("/v1/usage").json()["items"]]
    assert study.id not in keys
