"""What is answered: findings, shapes, and values for any schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model_server import GoldAnswers, LabelledLines, Reply, RequestView
from tests.model_server.answers import AnswersError
from tests.model_server.gold import read_gold
from tests.model_server.locate import place, sentence
from tests.model_server.openai_wire import chat_view
from tests.model_server.prompts import answer_schema, closed, messages
from tests.model_server.schemas import asked
from tests.model_server.shaping import Finding, shaped
from tests.model_server.values import fit, minimal
from tests.model_server.view import Answerer

LETTER = (
    "Agreement between Acme GmbH and Borea SA.\n"
    "This agreement takes effect on 3 March 2021. The fee is EUR 1,250.00 per month.\n"
    "The agreement may be assigned with consent only."
)


def view(document: str, schema: dict[str, Any]) -> RequestView:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    return chat_view({"model": "m", "messages": messages(document), "response_format": wanted}, 1, 1)


def answer(answerer: Answerer, document: str, schema: dict[str, Any]) -> Any:
    reply = answerer(view(document, schema))
    assert isinstance(reply, Reply)
    found = json.loads(reply.text)
    jsonschema.validate(found, schema)
    return found


def test_gold_is_quoted_by_its_sentence_in_the_documents_words() -> None:
    gold: dict[str, Any] = {
        "Acme GmbH": {"effective": ["2021-03-03"], "fee": [1250], "party": ["acme  gmbh", "Borea SA"], "tax": []}
    }
    schema = answer_schema({"effective": "string", "fee": "number", "party": "string", "tax": "string"})
    found = answer(GoldAnswers(gold), LETTER, schema)
    assert found["effective"]["value"] == "2021-03-03"
    assert found["effective"]["source_text"] == "This agreement takes effect on 3 March 2021."
    assert found["fee"]["value"] == 1250
    assert found["fee"]["source_text"] == "The fee is EUR 1,250.00 per month."
    assert found["party"]["source_text"] == "Agreement between Acme GmbH and Borea SA."
    assert found["tax"]["found"] is False


def test_gold_that_a_chunk_does_not_hold_is_absent_there() -> None:
    gold: dict[str, Any] = {LETTER: {"fee": [1250], "effective": ["2021-03-03"]}}
    chunk = LETTER.split("\n")[2] + "\nThis agreement takes effect on 3 March 2021."
    found = answer(GoldAnswers(gold), chunk, answer_schema({"fee": "number", "effective": "string"}))
    assert not found["fee"]["found"]
    assert found["effective"]["found"]


def test_yes_no_and_closed_lists_need_not_stand_in_the_text() -> None:
    gold: dict[str, Any] = {"Acme GmbH": {"assigned": [True], "kind": ["SERVICE"], "place": ["Atlantis"]}}
    schema = answer_schema({"assigned": "boolean", "place": "string"})
    schema["properties"]["kind"] = {"enum": ["SALE", "SERVICE"]}
    found = answer(GoldAnswers(gold), LETTER, schema)
    assert found["assigned"]["value"] is True
    assert found["assigned"]["source_text"] == "The agreement may be assigned with consent only."
    assert found["kind"] == "SERVICE"
    assert not found["place"]["found"]


def test_unlabelled_documents_are_noted_and_answered_from_their_lines() -> None:
    reply = GoldAnswers({"Somebody": {"fee": [1]}})(view("Fee: 3", answer_schema({"fee": "number"})))
    assert reply.note == "no gold for this document"
    assert json.loads(reply.text)["fee"]["value"] == 3


def test_the_longest_of_several_markers_wins() -> None:
    gold = {"Contract 1": {"fee": [1]}, "Contract 12": {"fee": [12]}}
    found = answer(GoldAnswers(gold), "Contract 12\nFees are 1 or 12.", answer_schema({"fee": "number"}))
    assert found["fee"]["value"] == 12


def test_labelled_lines_give_all_values_in_any_known_shape() -> None:
    document = "Party: Acme\nparty: Borea\n| Total fee | 12.50 EUR |\n"
    schema = closed(
        {
            "Party": closed(
                {
                    "found": {"type": "boolean"},
                    "values": {
                        "type": "array",
                        "items": closed({"value": {"type": "string"}, "source_text": {"type": "string"}}),
                    },
                }
            ),
            "total_fee": {"type": ["number", "null"]},
            "missing": {"type": ["string", "null"]},
        }
    )
    found = answer(LabelledLines(), document, schema)
    assert [item["value"] for item in found["Party"]["values"]] == ["Acme", "Borea"]
    assert found["Party"]["values"][1]["source_text"] == "party: Borea"
    assert (found["total_fee"], found["missing"]) == (12.5, None)


def test_lists_of_objects_get_one_for_each_finding() -> None:
    one_key = {
        "type": "object",
        "properties": {
            "extractions": {
                "type": "array",
                "items": {"anyOf": [closed({"party": {"type": "string"}}), closed({"fee": {"type": "string"}})]},
            }
        },
        "required": ["extractions"],
    }
    assert asked(one_key) == ("party", "fee")
    found = answer(LabelledLines(), "party: Acme\nparty: Borea\nfee: 3", one_key)
    assert found["extractions"] == [{"party": "Acme"}, {"party": "Borea"}, {"fee": "3"}]
    rows = closed(
        {"rows": {"type": "array", "items": closed({"party": {"type": "string"}, "fee": {"type": "number"}})}}
    )
    assert answer(LabelledLines(), "party: A\nparty: B\nfee: 3\nfee: 4", rows)["rows"] == [
        {"party": "A", "fee": 3},
        {"party": "B", "fee": 4},
    ]


@pytest.mark.parametrize(
    ("value", "document", "words"),
    [
        ("acme", "by ACME Ltd", "ACME"),
        ("New York", "in New\n York now", "New\n York"),
        (1234.5, "costs 1,234.50 now", "1,234.50"),
        ("2020-02-01", "on February 1st, 2020.", "February 1st, 2020"),
        ("2020-02-01", "on 01.02.2020.", "01.02.2020"),
        (12, "clause 112, 12 pages", "12"),
        ("cat", "concatenate", None),
        (5, "no number", None),
        (True, "True", None),
    ],
)
def test_values_are_placed_in_the_documents_spelling(value: Any, document: str, words: str | None) -> None:
    where = place(value, document)
    assert (None if where is None else document[slice(*where)]) == words


@given(st.text(alphabet="ab .\n!A", max_size=80), st.data())
def test_a_sentence_holds_its_words_verbatim(document: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(document)))
    end = data.draw(st.integers(start, len(document)))
    quote = sentence(document, start, end)
    assert quote in document
    assert document[start:end].strip() in quote


SCALARS = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-9, 9),
        st.integers(0, 9),
    ),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-9, 9)),
    st.builds(lambda high: {"type": "number", "exclusiveMaximum": high, "multipleOf": 0.5}, st.integers(-9, 9)),
    st.builds(lambda size: {"type": "string", "minLength": size}, st.integers(0, 9)),
    st.sampled_from(
        ["^[A-Z]{2}\\d{3}$", "^(yes|no)$", "^[^x]+$", "^a?b*c{2,4}\\.$", "^\\d{4}-\\d{2}$", "^\\S\\s\\w$"]
    ).map(lambda pattern: {"type": "string", "pattern": pattern}),
    st.sampled_from(["date", "date-time", "email", "ipv4"]).map(lambda name: {"type": "string", "format": name}),
    st.lists(st.sampled_from(["a", "b", 1]), min_size=1).map(lambda values: {"enum": values}),
    st.just({"type": ["string", "null"]}),
    st.just({"const": "fixed"}),
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 2)),
        st.dictionaries(st.sampled_from(["a", "b", "value", "found", "values", "confidence"]), inner, max_size=4).map(
            closed
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(SCHEMAS)
def test_a_minimal_value_fits_any_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(minimal(schema, schema), schema)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["one", "two", "three"]), SCALARS, min_size=1))
def test_an_answer_fits_even_when_nothing_is_found(properties: dict[str, Any]) -> None:
    schema = closed(properties)
    jsonschema.validate(shaped(schema, lambda name: ()), schema)


def test_recursive_schemas_end() -> None:
    node = closed({"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}})
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    assert minimal(schema, schema) == {"name": "", "children": []}
    assert asked(schema) == ("name",)
    found = shaped(schema, lambda name: [Finding("x", None)] if name == "name" else ())
    assert found["name"] == "x"


@pytest.mark.parametrize(
    ("value", "schema", "fitted"),
    [
        ("1,200 EUR", {"type": "integer"}, 1200),
        ("Yes", {"type": "boolean"}, True),
        ("sale", {"enum": ["SALE", "GIFT"]}, "SALE"),
        (3, {"type": "string"}, "3"),
        (True, {"type": ["string", "null"]}, "true"),
        ("many", {"anyOf": [{"type": "number"}, {"type": "null"}]}, None),
    ],
)
def test_values_are_fitted_to_the_asked_type(value: Any, schema: dict[str, Any], fitted: Any) -> None:
    found = fit(value, schema, schema)
    assert (found, type(found)) == (fitted, type(fitted))


def test_gold_files_name_documents_by_text_marker_or_file(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("First line\nsecond line")
    gold = tmp_path / "gold.jsonl"
    lines = [
        {"doc": "one.txt", "gold": {"a": 1}},
        {"doc": "two.pdf", "gold": {"a": [2]}},
        {"doc": "three.txt", "marker": "Contract 3", "gold": {"a": [3]}},
    ]
    gold.write_text("\n".join(map(json.dumps, lines)))
    assert read_gold(gold, tmp_path) == {
        "First line\nsecond line": {"a": [1]},
        "two.pdf": {"a": [2]},
        "Contract 3": {"a": [3]},
    }
    gold.write_text('{"doc": "x"}\n')
    with pytest.raises(AnswersError, match="line 1"):
        read_gold(gold)
