import json
from dataclasses import replace

from crucible_assets.datasets.cells import DatasetSpec
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import CalibrationFigures, Cost, Dataset
from crucible_assets.exports.codebook import codebook
from crucible_assets.exports.codebook_json import codebook_json
from crucible_assets.exports.codebook_markdown import codebook_markdown, escaped
from crucible_assets.exports.prepared import prepare
from resources.vocabulary import (
    CellState,
    Dependency,
    IfUncertain,
    UnitOfObservation,
    ValidationRules,
    VariableType,
)
from tests.datasets.samples import ALL, cell, row, spec_of, variable
from tests.exports.test_formats import LOAN_DATASET


def texts(dataset, **options):
    book = codebook(prepare(dataset, ExportOptions(**options)))
    return codebook_markdown(book), json.loads(codebook_json(book))


def test_the_study_its_counts_and_the_five_states_are_described():
    markdown, as_json = texts(LOAN_DATASET)
    assert markdown.startswith("# Codebook: Loan agreements\n\nA study of loans.\n")
    assert as_json["counts"]["rows"] == 3
    assert as_json["counts"]["complete"] is True
    assert as_json["cost"] == {"amount": 1.25, "currency": "USD", "calls": 21, "calls_without_price": 0,
                                "input_tokens": 0, "output_tokens": 0}  # fmt: skip
    assert set(as_json["states"]) == {state.value for state in CellState}
    assert as_json["models"] == ["reader"]
    assert "| NOT\\_APPLICABLE | the question does not arise" in markdown
    assert "apostrophe in front" in markdown
    assert "UNCERTAIN" in markdown


def test_a_cost_that_nobody_knows_is_not_called_nothing():
    some = replace(LOAN_DATASET, cost=Cost(1.25, calls=21, unpriced=3))
    markdown, as_json = texts(some)
    assert "1.2500 USD and 3 calls of models without a known price, 21 calls" in markdown
    assert as_json["cost"]["calls_without_price"] == 3
    markdown, _ = texts(replace(LOAN_DATASET, cost=Cost(0.0, calls=21, unpriced=21)))
    assert "unknown (21 calls of models without a known price)" in markdown
    assert "0.0000 USD" not in markdown


def test_every_field_and_rule_of_a_variable_is_there():
    full = variable(
        "rate",
        VariableType.NUMBER,
        unit="%",
        confidence_threshold=0.7,
        if_uncertain=IfUncertain.DEFAULT,
        default_value=0,
        if_multiple_values=ALL,
        max_values=3,
        depends_on=(Dependency("kind", ("term",)), Dependency("amount")),
        validation=ValidationRules(minimum=0, maximum=1_000_000, required=True),
    )
    dataset = Dataset(spec_of(full), (row("a"),), (cell("a", "rate", [1, 2], prompt_version=4, model="m"),))
    markdown, as_json = texts(dataset)
    for fact in (
        "| Confidence threshold | 0.7 |",
        "| Below it | the default value stands and the cell is flagged UNCERTAIN |",
        "| Several values | all are kept |",
        "| At most | 3 values |",
        "| Default value | 0 |",
        "| Unit | % |",
        "| Asked only if | kind is one of term and amount has a value |",
        "| Must keep | minimum 0; maximum 1000000; required |",
        "| Prompt version | 4 |",
        "| rate\\_2 | value 2 | Float64 |",
        "| Range | 1 to 2 |",
    ):
        assert fact in markdown
    entry = as_json["variables"][0]
    assert entry["depends_on"] == [{"variable": "kind", "values": ["term"]}, {"variable": "amount", "values": []}]
    assert entry["frequencies"] == [{"value": "1", "count": 1}, {"value": "2", "count": 1}]
    assert [column["name"] for column in entry["columns"]][:2] == ["rate_1", "rate_2"]


def test_calibration_is_shown_with_what_it_gains():
    figures = CalibrationFigures("", "STATED", "p:m", 40, "PLATT", 0.5, 0.9, 0.4, 0.125, 0.41, 0.26)
    markdown, as_json = texts(Dataset(spec_of(variable("a", VariableType.TEXT)), (), (), calibration=(figures,)))
    assert "| all together | STATED | p:m | 40 | PLATT | 50.0 % | 0.400, 0.125 | 0.410, 0.260 |" in markdown
    assert as_json["calibration"][0]["ece_after"] == 0.125
    markdown, as_json = texts(Dataset(spec_of(variable("a", VariableType.TEXT)), (), ()))
    assert "Calibration" not in markdown
    assert as_json["calibration"] == []


def test_evaluation_is_given_when_there_is_one_and_only_for_labelled_variables():
    markdown, as_json = texts(LOAN_DATASET)
    assert as_json["evaluation"]["unknown_variables"] == ["colour"]
    scores = {entry["name"]: entry["evaluation"] for entry in as_json["variables"]}
    assert scores["lender"]["strict"]["f1"] == 1.0
    assert scores["amount"]["strict"]["f1"] == 0.0
    assert scores["kind"] is None
    assert "## Evaluation against labelled values" in markdown
    without, _ = texts(Dataset(LOAN_DATASET.spec, LOAN_DATASET.rows, LOAN_DATASET.cells))
    assert "Evaluation" not in without


def test_an_unfinished_dataset_is_called_incomplete():
    markdown, as_json = texts(Dataset(LOAN_DATASET.spec, LOAN_DATASET.rows, LOAN_DATASET.cells[1:]))
    assert as_json["counts"]["complete"] is False
    assert "1 missing: ('a', 'lender')" in as_json["counts"]["account"]
    assert "**no**" in markdown


def test_text_of_people_and_documents_cannot_change_the_markdown():
    hostile = "# x | <script>alert(1)</script>\n[a](http://b) `c` *d*"
    spec = DatasetSpec(hostile, hostile, "law", None, UnitOfObservation.DOCUMENT, (variable("x", VariableType.TEXT),))
    markdown, _ = texts(Dataset(spec, (row("a"),), (cell("a", "x", hostile),)))
    assert "<script>" not in markdown
    assert "[a](http" not in markdown
    assert escaped("a\n| b") == "a \\| b"
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") in (3, 4) for line in tables)


def test_long_values_are_shortened_and_the_rest_is_counted():
    values = [f"{n:03}" + "x" * 300 for n in range(25)]
    spec = spec_of(variable("x", VariableType.TEXT, if_multiple_values=ALL))
    markdown, _ = texts(Dataset(spec, (row("a"),), (cell("a", "x", values),)))
    assert "x" * 197 + " … | 1 |" in markdown
    assert "x" * 198 not in markdown
    assert "and 5 further values." in markdown
