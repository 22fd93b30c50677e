"""The extraction stage over real documents: what is asked, in which order, what again, and what comes out."""

from collections.abc import Mapping
from typing import Any

import pytest

from resources.project import LongDocuments, ProjectSettings
from resources.vocabulary import Verification
from tests.extraction.bench import Bench, make_bench
from tests.model_server import ModelServer

VARIABLES = [
    {"name": "supplier", "type": "TEXT", "instructions": "The supplier's name."},
    {"name": "price", "type": "NUMBER", "instructions": "The price agreed.", "unit": "EUR"},
    {"name": "signed", "type": "DATE", "instructions": "The day of signature."},
    {"name": "kind", "type": "CATEGORY", "instructions": "The kind.", "classification_rules": ["sale", "lease"]},
    {"name": "urgent", "type": "BOOLEAN", "instructions": "Whether it is urgent."},
    {"name": "goods", "type": "TEXT", "instructions": "What is delivered.", "if_multiple_values": "ALL"},
]
PROSE = "The parties agree on delivery in good time and at the usual place of business. " * 80


def contract(number: int) -> str:
    return (
        f"Contract {number}\n\nsupplier: Mill {number} Ltd\n\nprice: {1000 + number}\n\n"
        f"signed: 2024-03-{number + 1:02d}\n\nkind: lease\n\nurgent: yes\n\ngoods: flour {number}\n\n{PROSE}"
    )


def script(server: ModelServer, *replies: Any) -> None:
    server.configure(script=list(replies))


@pytest.fixture
def bench(settings, database, model_server, tmp_path):
    def make(documents: Mapping[str, str], variables: list[Any] | None = None, **more: Any) -> Bench:
        return make_bench(settings, database, model_server, tmp_path, documents, variables or VARIABLES, **more)

    return make


def test_every_cell_is_filled_with_its_evidence(bench):
    study = bench({f"c{n}.txt": contract(n) for n in range(3)})
    total = study.fill().total
    assert (total.documents_done, total.calls, sum(total.states.values())) == (3, 18, 18)
    cells = study.cells()
    assert cells["c1.txt", "supplier"].value == "Mill 1 Ltd"
    assert cells["c2.txt", "price"].value == 1002
    assert cells["c2.txt", "signed"].value == "2024-03-03"
    assert cells["c0.txt", "kind"].value == "lease"
    assert cells["c0.txt", "urgent"].value is True
    assert cells["c0.txt", "goods"].value == ["flour 0"]
    assert {cell.evidence[0]["status"] for cell in cells.values()} == {"EXACT"}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_after_its_first_question_a_document_is_read_from_the_providers_cache(bench, provider):
    study = bench({f"c{n}.txt": contract(n) for n in range(2)})
    study.server.configure(latency_s=0.02)
    study.fill(lambda: [getattr(study, provider)()])
    for row in study.cells().values():
        assert row.state == "VALUE", row.reasons
    calls = study.calls()
    fresh = [call for call in calls if call.cached_tokens == 0]
    assert len(fresh) == 4  # two documents, asked for one value and for several
    assert all(call.cached_tokens > 0.8 * call.input_tokens for call in calls if call not in fresh)


def test_a_call_says_which_stretch_it_was_asked_about(bench):
    study = bench({"c.txt": contract(1)})
    study.fill()
    assert {(c.purpose, c.row_key, c.span_start, c.span_end) for c in study.calls()} == {
        ("EXTRACT", "", 0, len(contract(1).rstrip()))
    }


def test_editing_one_variable_asks_only_that_one_again(bench):
    study = bench({f"c{n}.txt": contract(n) for n in range(2)})
    study.fill()
    changed = tuple(
        v
        if v.name != "price"
        else type(v)(**{f: getattr(v, f) for f in v.__slots__} | {"instructions": "Net price."})
        for v in study.project.variables
    )
    study.change(variables=changed)
    study.server.reset()
    study.fill()
    assert study.server.stats().calls == 2


LONG = "\n\n".join(
    [f"# Part {n}\n\n" + "Nothing of note was said in this part of the minutes. " * 40 for n in range(12)]
    + ["# Award\n\nThe board then turned to the award.\n\nprice: 4321\n\n" + "Then it closed the meeting. " * 20]
)


def test_a_long_document_is_asked_in_parts_with_their_place(bench):
    study = bench({"m.txt": LONG}, [VARIABLES[1]], chunk_tokens=600)
    study.fill()
    cell = study.cells()["m.txt", "price"]
    assert (cell.value, cell.state) == (4321, "VALUE")
    assert LONG[cell.evidence[0]["start"] : cell.evidence[0]["end"]] == "price: 4321"
    parts = [call.document for call in study.server.calls]
    assert len(parts) > 5
    assert all("[The document begins:]" in part for part in parts[1:])


def test_retrieval_asks_the_likeliest_parts_only(bench):
    study = bench({"m.txt": LONG}, [VARIABLES[1]], chunk_tokens=600, settings={"long_documents": "retrieve"})
    study.fill()
    assert study.cells()["m.txt", "price"].value == 4321
    assert study.server.stats().calls == 3


def test_what_the_likeliest_parts_do_not_say_is_looked_for_in_all_others(bench):
    hidden = LONG.replace("price: 4321", "sum: 1") + "\n\nprice: 77\n\n" + "The minutes end here. " * 90
    variable = {"name": "price", "type": "NUMBER", "instructions": "What the award of the board turned to."}
    study = bench({"m.txt": hidden}, [variable], chunk_tokens=600)
    study.change(settings=ProjectSettings(long_documents=LongDocuments.RETRIEVE))
    study.fill()
    assert study.cells()["m.txt", "price"].value == 77


def test_a_list_is_asked_of_every_part_also_with_retrieval(bench):
    study = bench(
        {"m.txt": LONG + "\n\ngoods: oats\n\n" + "End. " * 300 + "\n\ngoods: rye"},
        [VARIABLES[5]],
        chunk_tokens=600,
        settings={"long_documents": "retrieve"},
    )
    study.fill()
    assert study.cells()["m.txt", "goods"].value == ["oats", "rye"]


def answer(value: Any, quote: str | None, confidence: float = 0.9) -> dict[str, Any]:
    return {"found": value is not None, "value": value, "source_text": quote, "confidence": confidence}


def test_a_quote_that_is_not_there_is_held_against_the_model_once(bench):
    study = bench({"c.txt": contract(1)}, [VARIABLES[0]])
    script(
        study.server,
        answer("Mill 1 Ltd", "the undersigned miller of this parish"),
        answer("Mill 1 Ltd", "supplier: Mill 1 Ltd"),
    )
    study.fill()
    cell = study.cells()["c.txt", "supplier"]
    assert (cell.state, cell.evidence[0]["status"]) == ("VALUE", "EXACT")
    assert [call.purpose for call in study.calls()] == ["EXTRACT", "REPEAT"]


def test_an_invention_that_is_taken_back_is_absent(bench):
    study = bench({"c.txt": contract(1)}, [{"name": "notary", "type": "TEXT", "instructions": "The notary."}])
    script(study.server, answer("Dr Stamp", "before me, Dr Stamp, notary"), answer(None, None))
    study.fill()
    assert study.cells()["c.txt", "notary"].state == "ABSENT"


def test_a_required_value_is_looked_for_twice_and_no_more(bench):
    variable = {**VARIABLES[0], "name": "notary", "validation": {"required": True}}
    study = bench({"c.txt": contract(1)}, [variable])
    study.fill()
    cell = study.cells()["c.txt", "notary"]
    assert (cell.state, study.server.stats().calls) == ("ABSENT", 2)
    assert "required" in cell.reasons[0]


def test_a_category_that_is_none_of_the_list_is_asked_again_with_the_list_enforced(bench):
    study = bench({"c.txt": contract(1)}, [VARIABLES[3]])
    script(study.server, answer("hire purchase", "kind: lease"), answer("lease", "kind: lease"))
    study.fill()
    assert study.cells()["c.txt", "kind"].value == "lease"


def test_answers_that_differ_cost_confidence_and_the_majority_counts(bench):
    study = bench({"c.txt": contract(1)}, [VARIABLES[1]])
    study.change(settings=ProjectSettings(self_agreement=3))
    script(
        study.server,
        answer(1, "Contract 1"),
        answer(1001, "price: 1001"),
        answer(1001, "price: 1001"),
    )
    study.fill()
    cell = study.cells()["c.txt", "price"]
    assert cell.value == 1001
    assert "2 of 3 answers agree" in cell.reasons
    assert cell.confidence == pytest.approx(0.9 * 0.75)


def test_a_second_model_can_dispute_a_value(bench):
    study = bench({"c.txt": contract(1)}, [VARIABLES[1]])
    study.change(settings=ProjectSettings(verification=Verification.ALL, verification_model="openai:judge"))
    script(study.server, answer(1, "Contract 1"), {"correct": False, "reason": "It says 1001."})
    study.fill(verifier=lambda: [study.openai("judge")])
    cell = study.cells()["c.txt", "price"]
    assert cell.state == "UNCERTAIN"
    assert any("It says 1001." in reason for reason in cell.reasons)
    assert [(call.purpose, call.model) for call in study.calls()] == [
        ("EXTRACT", "gpt-4.1-mini"),
        ("VERIFY", "judge"),
    ]


def test_only_low_confidence_is_verified_when_so_asked(bench):
    study = bench({"c.txt": contract(1)}, VARIABLES[:2])
    study.change(settings=ProjectSettings(verification=Verification.LOW_CONFIDENCE, variables_per_call=1))
    study.fill()
    assert {call.purpose for call in study.calls()} == {"EXTRACT"}


def test_values_that_contradict_each_other_are_flagged(bench):
    rule = {**VARIABLES[1], "validation": {"expressions": ["price < 100 or urgent == false"]}}
    study = bench({"c.txt": contract(1)}, [rule, VARIABLES[4]])
    study.fill()
    cells = study.cells()
    assert cells["c.txt", "price"].state == "UNCERTAIN"
    assert cells["c.txt", "urgent"].state == "VALUE"


def test_models_share_the_documents_by_weight_and_every_call_names_its_arm(bench):
    routes = {"openai:gpt-4.1-mini": 1.0, "openai:gpt-4.1": 1.0}
    study = bench({f"c{n:02d}.txt": contract(n) for n in range(16)}, [VARIABLES[1]])
    study.change(settings=ProjectSettings(routes=routes))
    study.fill(lambda: [study.openai("gpt-4.1-mini"), study.openai("gpt-4.1")])
    arms = [call.arm for call in study.calls()]
    assert set(arms) == set(routes)
    assert all(call.arm == f"openai:{call.model}" for call in study.calls())
    study.server.reset()
    study.fill(lambda: [study.openai("gpt-4.1-mini"), study.openai("gpt-4.1")])
    assert study.server.stats().calls == 0


def test_an_answer_that_does_not_fit_is_asked_for_half_of_the_variables(bench):
    study = bench({"c.txt": contract(1)}, VARIABLES[:4])
    study.change(settings=ProjectSettings(variables_per_call=4))
    study.server.configure(faults={"script": {1: "truncated"}})
    study.fill()
    assert {cell.state for cell in study.cells().values()} == {"VALUE"}
    assert {tuple(call.variables) for call in study.calls()} == {
        ("supplier", "price", "signed", "kind"),
        ("supplier", "price"),
        ("signed", "kind"),
    }


def test_the_regions_dates_are_those_of_the_project(bench):
    study = bench({"c.txt": "signed: 11/01/2019\n\n" + PROSE}, [VARIABLES[2]], language="en-GB")
    study.fill()
    cell = study.cells()["c.txt", "signed"]
    assert (cell.state, cell.value) == ("VALUE", "2019-01-11")
