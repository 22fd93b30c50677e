"""A model that errs: what it invents ends flagged, whatever it quotes for it, and what it spoils is not believed.

Not to be seen from one answer, and so not asserted here: a list that was cut short, a value that is said to be
absent, and another yes, no or category with a true sentence of the document; verification and self-agreement are for
these.
"""

from typing import Any

import pytest

from tests.extraction.bench import make_bench
from tests.extraction.test_flow import VARIABLES, contract, script
from tests.model_server import LabelledLines
from tests.model_server.noise import Noisy
from tests.model_server.spoiling import Noise

PLACE = {"name": "place", "type": "LOCATION", "instructions": "Where it was signed."}
EVERY_TYPE = [*VARIABLES, PLACE]
DOCUMENTS = {f"c{n}.txt": contract(n).replace("Contract", "place: Oban\n\nContract") for n in range(3)}
JUDGED = {"kind", "urgent"}  # a true sentence beside a judgement may well be its reason


@pytest.fixture
def study(settings, database, model_server, tmp_path):
    return make_bench(settings, database, model_server, tmp_path, DOCUMENTS, EVERY_TYPE)


@pytest.mark.parametrize("kind", [Noise.INVENTED_VALUE, Noise.INVENTED_QUOTE, Noise.WRONG_TYPE])
def test_what_is_spoilt_is_not_believed_even_when_it_is_said_twice(study, kind):
    noisy = Noisy(LabelledLines(), {kind: 1.0})
    study.server.answer_with(noisy)
    study.fill()
    spoilt = {record.variable for record in noisy.records}
    believed = {name for (_, name), cell in study.cells().items() if cell.state == "VALUE" and name in spoilt}
    assert spoilt == {v["name"] for v in EVERY_TYPE}
    assert not believed


def test_a_wrong_quote_is_believed_only_where_the_value_stands_beside_it(study):
    noisy = Noisy(LabelledLines(), {Noise.WRONG_QUOTE: 1.0})
    study.server.answer_with(noisy)
    study.fill()
    states = [cell.state for (_, name), cell in study.cells().items() if name not in JUDGED]
    assert states.count("UNCERTAIN") > len(states) // 2
    for (document, name), cell in study.cells().items():
        if cell.state == "VALUE" and name not in JUDGED:
            (evidence,) = cell.evidence
            (value,) = cell.value if isinstance(cell.value, list) else [cell.value]
            assert evidence["status"] == "FUZZY"
            assert str(value) in DOCUMENTS[document][evidence["start"] : evidence["end"]]


def test_inventions_among_true_answers_are_all_flagged(settings, database, model_server, tmp_path):
    name = "inventions among true answers"  # what is invented depends on the prompts, and they show the name
    study = make_bench(settings, database, model_server, tmp_path, DOCUMENTS, EVERY_TYPE, name=name)
    noisy = Noisy(LabelledLines(), {Noise.INVENTED_VALUE: 0.3}, seed=4)
    study.server.answer_with(noisy)
    study.fill()
    cells = [cell for cell in study.cells().values() if cell.state == "VALUE"]
    invented = [str(record.value) for record in noisy.records if record.variable not in JUDGED]
    assert len(invented) >= 3
    assert len(cells) >= 12
    assert not [cell.value for cell in cells if str(cell.value) in invented]


def test_other_white_space_in_quotes_costs_nothing(study):
    study.server.answer_with(Noisy(LabelledLines(), {Noise.WHITESPACE_QUOTE: 1.0}))
    study.fill()
    assert {cell.state for cell in study.cells().values()} == {"VALUE"}


LIES: list[tuple[str, Any, str]] = [
    ("price", 1002, "price: 1001"),
    ("price", 4711, "The parties agree on delivery in good time"),
    ("signed", "2024-03-03", "signed: 2024-03-02"),
    ("signed", "1987-06-05", "The parties agree on delivery in good time"),
    ("place", "Inverness", "place: Oban"),
    ("supplier", "Quillfeather Brothers", "The parties agree on delivery in good time"),
    ("supplier", "Mill 7 Ltd", "supplier: Mill 1 Ltd"),
    ("supplier", "Millwright 1 Ltd", "supplier: Mill 1 Ltd"),
]


@pytest.mark.parametrize(("name", "value", "quote"), LIES)
def test_a_true_sentence_does_not_make_an_invention_true(
    settings, database, model_server, tmp_path, name, value, quote
):
    variable = next(v for v in EVERY_TYPE if v["name"] == name)
    study = make_bench(settings, database, model_server, tmp_path, {"c1.txt": DOCUMENTS["c1.txt"]}, [variable])
    said = {"found": True, "value": value, "source_text": quote, "confidence": 0.99}
    script(study.server, said, said)
    study.fill()
    cell = study.cells()["c1.txt", name]
    assert (cell.state, study.server.stats().calls) == ("UNCERTAIN", 2)
    assert any("do not state the value" in reason for reason in cell.reasons)
