"""Refinement from end to end, real database, real HTTP: only TRAIN is shown, only what measures as well is used."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from crucible_assets.extractions.run import RunStoppedError
from crucible_assets.learning.asset import language_models, store_calibration
from crucible_assets.learning.errors import LanguageModelNeededError, LearningError
from crucible_assets.learning.labels import Given, Judged, Side
from crucible_assets.learning.load import load_curves, load_learnt, verdict_row
from crucible_assets.prompts.asset import make_prompts
from jobs.staleness import staleness
from resources.database.repositories.cells import load_cells
from resources.database.repositories.events import read_log
from resources.database.repositories.feedback import add_feedback, load_feedback
from resources.database.repositories.projects import save_project
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import active_refinements, list_refinements
from resources.database.repositories.tasks import create_task, update_task
from resources.database.tables import calls
from resources.vocabulary import (
    CallPurpose,
    CellState,
    RefinementStatus,
    TaskKind,
    TaskStatus,
    Verdict,
)
from tests.learning.bench import GOOD, TENANT, Bench, proposal

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def bench(database, settings, model_server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.openai_url)
    made = Bench(database, settings, model_server)
    made.extract()
    yield made
    made.installation.database.dispose()


def read(bench, function, *arguments):
    with bench.database.transaction(TENANT) as session:
        return function(session, bench.project.id, *arguments)


def test_a_better_wording_is_measured_and_put_in_force(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    before = bench.server.stats().calls
    price, buyer = bench.refine()
    sides = bench.sides()
    assert price.row.status is RefinementStatus.ACTIVE
    assert price.row.measured["old"]["right"] == 0
    assert price.row.measured["new"]["right"] == price.row.measured["labels"] == len(sides[Side.HELD_OUT])
    assert (price.row.old_version, price.row.new_version) == (1, 2)
    assert buyer.row is None
    assert "no wrong cell" in buyer.said
    assert bench.server.stats().calls - before == 1 + len(sides[Side.HELD_OUT]), "the old wording's answers are free"
    active = read(bench, active_prompts)["price"]
    assert active.version == 2
    assert GOOD in active.question
    assert read(bench, list_refinements)[0].measured == price.row.measured
    bench.extract()
    values = {c.document_id: c.value for c in read(bench, load_cells) if c.variable == "price"}
    assert sorted(values.values()) == [2000 + i for i in range(24)]


def test_only_documents_of_the_train_side_are_shown(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    bench.refine("price")
    (view,) = bench.model.asked
    shown = {int(n) for n in re.findall(r"Contract number (\d+)", view.prompt)}
    assert shown
    assert shown <= set(bench.sides()[Side.TRAIN])
    held_out = {str(1000 + i) for i in bench.sides()[Side.HELD_OUT]} | {
        str(2000 + i) for i in bench.sides()[Side.HELD_OUT]
    }
    assert not held_out & set(re.findall(r"\d+", view.prompt))


def test_a_worse_wording_is_rejected_and_changes_nothing(bench):
    bench.gold(of=lambda index: 1000 + index if index % 5 else 2000 + index)  # mostly right as it is
    bench.model.proposals = [proposal("Give the year of the contract.")]
    (price,) = bench.refine("price")
    assert price.row.status is RefinementStatus.REJECTED
    assert price.row.measured["new"]["right"] < price.row.measured["old"]["right"]
    assert "worse" in price.row.reason
    assert read(bench, active_prompts)["price"].version == 1
    assert read(bench, active_refinements) == {}
    assert read(bench, list_refinements)[0].new_version is None


def test_too_few_held_out_labels_leave_it_a_proposal_with_its_figures(bench):
    held_out = bench.sides()[Side.HELD_OUT]
    bench.gold(only=lambda index: index not in held_out[2:])
    bench.model.proposals = [proposal()]
    (price,) = bench.refine("price")
    assert price.row.status is RefinementStatus.PROPOSED
    assert price.row.measured["labels"] == 2
    assert "at least 5 are needed" in price.row.reason
    assert read(bench, active_prompts)["price"].version == 1


def test_the_only_corrections_are_learnt_from_whichever_side_they_are_on(bench):
    held_out = bench.sides()[Side.HELD_OUT]
    bench.gold(only=lambda index: index in held_out[:2])
    bench.model.proposals = [proposal()]
    (price,) = bench.refine("price")
    assert (price.row.status, price.row.measured) == (RefinementStatus.PROPOSED, None), (
        "nothing is left to measure on"
    )
    assert GOOD in price.row.instructions
    assert read(bench, active_prompts)["price"].version == 1


def test_where_enough_is_held_out_nothing_is_learnt_from_it(bench):
    held_out = bench.sides()[Side.HELD_OUT]
    bench.gold(only=lambda index: index in held_out)
    (price,) = bench.refine("price")
    assert price.row is None
    assert bench.model.asked == []


def test_why_nothing_is_proposed_stands_in_the_task_s_log(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    with bench.database.transaction(TENANT) as session:
        task = create_task(session, bench.project.id, TaskKind.REFINE, {}, [])
    bench.refine("buyer", task=task)
    with bench.database.transaction(TENANT) as session:
        told = [event.message for event in read_log(session, task)]
    assert "buyer: no wrong cell among 0 labels that may be learnt from" in told


def test_a_refinement_stands_until_the_researcher_rewords_the_variable(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    bench.refine("price")
    price, buyer = bench.project.variables

    def now(variable):
        project = replace(bench.project, variables=(variable, buyer))
        with bench.database.transaction(TENANT) as session:
            save_project(session, project)
            make_prompts(session, project)
        return read(bench, active_prompts)["price"].question, read(bench, list_refinements)[0]

    question, row = now(replace(price, confidence_threshold=0.9))
    assert GOOD in question
    assert row.status is RefinementStatus.ACTIVE
    question, row = now(replace(price, instructions="The price for members."))
    assert GOOD not in question
    assert "The price for members." in question
    assert (row.status, row.reason) == (RefinementStatus.SUPERSEDED, "the researcher reworded the variable")


def test_a_refinement_in_force_is_no_change_that_a_nightly_run_must_make_up_for(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    bench.refine("price")
    with bench.database.transaction(TENANT) as session:
        assert staleness(session, bench.project).prompts == ()


def test_a_second_refinement_builds_on_the_first(bench):
    bench.gold()
    bench.model.proposals = [proposal("The agreed amount in euros.")]
    bench.refine("price")
    bench.extract()
    bench.model.proposals = [proposal()]
    bench.model.asked.clear()
    bench.refine("price")
    assert "The agreed amount in euros." in bench.model.asked[0].question
    assert [row.status for row in read(bench, list_refinements, "price")] == [
        RefinementStatus.ACTIVE,
        RefinementStatus.SUPERSEDED,
    ]


def test_a_proposal_that_cannot_be_used_is_asked_for_again_and_told_why(bench):
    bench.gold()
    bench.model.proposals = ["no json at all", proposal(""), proposal()]
    (price,) = bench.refine("price")
    assert price.row.status is RefinementStatus.ACTIVE
    assert len(bench.model.asked) == 3
    assert "Proposal 1 could not be used" in bench.model.asked[1].question
    assert "there are no instructions" in bench.model.asked[2].question


def test_a_model_that_never_proposes_anything_usable_is_recorded(bench):
    bench.gold()
    bench.model.proposals = [proposal("")]
    (price,) = bench.refine("price")
    assert price.row.status is RefinementStatus.REJECTED
    assert "no proposal of the model could be used: there are no instructions" in price.row.reason
    assert len(bench.model.asked) == 3


def test_counter_examples_are_asked_with_the_question(bench):
    bench.gold()

    def made(view):
        case, number = re.search(r"Text of case (\d+):\s+<text-\w+>\s+Contract number (\d+)", view.document).groups()
        return proposal(
            GOOD,
            {
                "case": int(case),
                "text": f"Agreed tax included: {2000 + int(number)} EUR.",
                "values": [str(2000 + int(number))],
                "source_text": f"tax included: {2000 + int(number)} EUR",
                "why": "The sum before it is without tax.",
            },
        )

    bench.model.proposals = [made]
    (price,) = bench.refine("price")
    assert price.row.analysis["dropped"] == []
    assert len(price.row.counter_examples) == 1
    question = read(bench, active_prompts)["price"].question
    assert 'Right answer: {"found": true, "value": 20' in question
    assert "Why: The sum before it is without tax." in question


def test_the_calls_of_a_refinement_are_in_the_ledger_by_their_purpose(bench):
    bench.gold()
    bench.model.proposals = [proposal()]
    bench.refine("price")
    with bench.database.transaction(TENANT) as session:
        rows = session.execute(
            sa.select(calls.c.variables).where(
                calls.c.project_id == bench.project.id, calls.c.purpose == CallPurpose.REFINE.value
            )
        ).all()
    assert [row.variables for row in rows] == [["price"]]


def test_a_paused_task_starts_no_further_variable(bench):
    bench.gold()
    with bench.database.transaction(TENANT) as session:
        task = create_task(session, bench.project.id, TaskKind.REFINE, {}, [])
        update_task(session, task, status=TaskStatus.PAUSED)
    with pytest.raises(RunStoppedError, match="PAUSED"):
        bench.refine(task=task)
    assert bench.model.asked == []


def test_unknown_variables_and_the_reader_are_refused_in_words(bench):
    with pytest.raises(LearningError, match="prize: no variable of this project; it has price, buyer"):
        bench.refine("prize")
    with pytest.raises(LanguageModelNeededError, match="takes a language model; the reader is none"):
        language_models(("local",))
    assert language_models(("local", "openai:x")) == ("openai:x",)


def verdict(bench, number, word, corrected=None, author="ana"):
    row = bench.rows()[number]
    cell = next(c for c in read(bench, load_cells) if c.document_id == row.id and c.variable == "price")
    given = Given((row.id, "", "price"), author, Verdict(word), Judged(CellState(cell.state), cell.value), corrected)
    return verdict_row(given)


def test_a_file_read_twice_adds_nothing_and_a_change_of_mind_is_kept(bench):
    right, wrong = verdict(bench, 0, "CORRECT"), verdict(bench, 0, "INCORRECT", (5,))
    assert len(read(bench, add_feedback, [right, right, wrong])) == 2
    assert read(bench, add_feedback, [right, right, wrong]) == []
    assert len(read(bench, add_feedback, [right])) == 1
    stored = read(bench, load_feedback)
    assert [row.verdict for row in stored] == [Verdict.CORRECT, Verdict.INCORRECT, Verdict.CORRECT]
    with bench.database.transaction(TENANT) as session:
        learnt = load_learnt(session, bench.project)
    (label,) = learnt.labels.by_cell.values()
    assert label.values == ((right.judged_value,),)


def test_confidences_are_calibrated_on_labels_and_changed_curves_make_cells_stale(bench):
    bench.gold(of=lambda index: 1000 + index if index % 2 else 2000 + index)  # half of them right
    with bench.database.transaction(TENANT) as session:
        made = store_calibration(session, load_learnt(session, bench.project))
    assert {(item.variable, item.curve.labels) for item in made} == {("", 24), ("price", 24)}
    curves = read(bench, load_curves)
    assert curves.version("price")
    bench.extract()
    cells = [c for c in read(bench, load_cells) if c.variable == "price"]
    assert {round(c.uncalibrated, 3) for c in cells} == {0.9}
    assert all(0.5 < c.confidence < 0.7 for c in cells), "half are right; 24 labels weigh 24 in 40"
    with bench.database.transaction(TENANT) as session:
        again = store_calibration(session, load_learnt(session, bench.project))
    assert [item.curve for item in again] == [item.curve for item in made], "learnt from what the model said"
