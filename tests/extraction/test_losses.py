"""A model that answers from gold labels: every value that stands in a document reaches its cell, with its place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from resources.project import LongDocuments, ProjectSettings
from tests.extraction.bench import make_bench
from tests.model_server import GoldAnswers


@dataclass(frozen=True)
class Case:
    """A variable, what the model gives (value and quote), what the cell must hold, and the words it must show."""

    variable: dict[str, Any]
    given: Sequence[tuple[Any, str]]
    expected: Any
    shown: Sequence[str]


def case(type_: str, given: Any, quote: str, expected: Any, shown: str, **more: Any) -> Case:
    name = re.sub(r"[^a-z0-9]+", "_", f"{type_} {given} {quote}".lower())[:50]
    variable = {"name": name, "type": type_, "instructions": f"What the text says of {quote[:30]}.", **more}
    return Case(variable, [(given, quote)], expected, [shown])


TITLE = "Concession 77-Kestrel"
PARTS = [
    "Operator: HALVARD & SØNS FERRY-\nLINES, LTD. (the “Operator”), with its seat in Łódź.",
    "This deed is made on the 19THDAY OF MAY , 2010 and was amended on 03.11.2014.",
    "The concession runs for twenty-five (25) years. A deposit of £1 250 000,00 is due; the penalty is (1,500.50).",
    "The share of the State is 12½ %. Power installed: 1.75 MW. Volume: 2.4 million tonnes.",
    "Total amount\n\nEUR 34,73",
    "Vessels: MV Tern; MV Skua; MV Fulmar.",
    "The Operator may not assign this deed without consent of the Port.",
    "The kind of service is a lifeline service.",
]
CASES = [
    case("TEXT", "Halvard & Søns Ferrylines Ltd.", "HALVARD & SØNS FERRY-\nLINES, LTD.", None, "HALVARD"),
    case("LOCATION", "Łódź", "with its seat in Łódź", "Łódź", "Łódź"),
    case("DATE", "2010-05-19", "made on the 19THDAY OF MAY , 2010", "2010-05-19", "19THDAY OF MAY , 2010"),
    case("DATE", "19THDAY OF MAY , 2010", "19THDAY OF MAY , 2010", "2010-05-19", "19THDAY OF MAY"),
    case("DATE", "2014-11-03", "was amended on 03.11.2014", "2014-11-03", "03.11.2014"),
    case("NUMBER", "twenty-five (25) years", "runs for twenty-five (25) years", 25, "25"),
    case("NUMBER", 1250000, "A deposit of £1 250 000,00 is due", 1250000, "1 250 000", unit="GBP"),
    case("NUMBER", -1500.5, "the penalty is (1,500.50)", -1500.5, "1,500.50"),
    case("NUMBER", 1750, "Power installed: 1.75 MW", 1750, "1.75", unit="kW"),
    case("NUMBER", "2.4 million", "Volume: 2.4 million tonnes", 2400000, "2.4 million"),
    case("NUMBER", 34.73, "Total amount", 34.73, "34,73", unit="EUR"),
    case("BOOLEAN", False, "The Operator may not assign this deed", False, "may not assign"),
    case(
        "CATEGORY", "lifeline", "The kind of service is a lifeline service", "lifeline", "lifeline",
        classification_rules=["lifeline", "tourist"],
    ),
    Case(
        {"name": "vessels", "type": "TEXT", "instructions": "The vessels.", "if_multiple_values": "ALL"},
        [(name, name) for name in ("MV Tern", "MV Skua", "MV Fulmar")],
        ["MV Tern", "MV Skua", "MV Fulmar"],
        ["MV Tern", "MV Skua", "MV Fulmar"],
    ),
]  # fmt: skip
PROSE = "Notices are sent by post to the office of the other party and count from the day of receipt. "


def document(repeats: int) -> str:
    return f"{TITLE}\n\n" + "\n\n".join(f"{part}\n\n{PROSE * repeats}" for part in PARTS)


SHAPES = [
    ("openai", 1, None, LongDocuments.MAP),
    ("anthropic", 5, None, LongDocuments.MAP),
    ("openai", 5, 300, LongDocuments.MAP),
    ("anthropic", 1, 300, LongDocuments.RETRIEVE),
]


@pytest.mark.parametrize(("provider", "grouped", "chunk_tokens", "long"), SHAPES)
def test_what_a_perfect_model_says_arrives(
    settings, database, model_server, tmp_path, provider, grouped, chunk_tokens, long
):
    text = document(2 if chunk_tokens is None else 12)
    study = make_bench(
        settings, database, model_server, tmp_path, {"deed.txt": text}, [c.variable for c in CASES], chunk_tokens,
        language="en",
    )  # fmt: skip
    study.change(settings=ProjectSettings(variables_per_call=grouped, long_documents=long))
    gold = {c.variable["name"]: [{"value": value, "quote": quote} for value, quote in c.given] for c in CASES}
    model_server.answer_with(GoldAnswers({text: gold}))
    study.fill(lambda: [getattr(study, provider)()])
    cells = study.cells()
    for one in CASES:
        cell = cells["deed.txt", one.variable["name"]]
        assert cell.state == "VALUE", (one, cell.reasons)
        assert cell.value == (one.given[0][0] if one.expected is None else one.expected)
        assert len(cell.evidence) == len(one.shown)
        for evidence, words in zip(cell.evidence, one.shown, strict=True):
            assert words in text[evidence["start"] : evidence["end"]], (one, evidence)
