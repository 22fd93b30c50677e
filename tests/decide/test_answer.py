"""Reading a model's answer, and the schema it is asked to keep."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.answer import Answer, InvalidAnswer, Item, answer_schema, parse_answer
from resources.models.request import Field
from resources.vocabulary import VariableType


def field(name: str, type_: str = "TEXT", **more: Any) -> Field:
    return Field(name, VariableType(type_), "", name, **more)


PARTY, DAY = field("party"), field("effective_date", "DATE")
ENTRY = {"found": True, "value": "Acme", "source_text": "by Acme", "confidence": 0.9}
ACME = Answer(True, (Item("Acme", "by Acme", 0.9),))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"party": ENTRY}),
        json.dumps({"party": ENTRY}, indent=2),
        "```json\n" + json.dumps({"party": ENTRY}) + "\n```\nHope this helps {really}!",
        "Here you are: " + json.dumps({"party": ENTRY}),
        json.dumps({"Party": ENTRY, "extra": 1}),
        json.dumps(ENTRY),
        json.dumps({"party": {**ENTRY, "confidence": "90%", "found": "true"}}),
        json.dumps({"party": {**ENTRY, "confidence": 90}}),
        json.dumps({"party": {"value": "Acme", "source_text": "by Acme", "confidence": 0.9}}),
        json.dumps({"party": {"found": True, "values": [{k: v for k, v in ENTRY.items() if k != "found"}]}}),
    ],
)
def test_wrapping_and_other_scalars_are_tolerated(text: str) -> None:
    assert parse_answer(text, [PARTY]) == {"party": ACME}


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ({"found": False, "value": None, "source_text": None, "confidence": 0.8}, Answer(False, (), 0.8)),
        ({"found": False, "value": 0, "source_text": None, "confidence": 0.8}, Answer(False, (), 0.8)),
        ({"found": True, "value": None, "source_text": "x", "confidence": 0.8}, Answer(False, (), 0.8)),
        ({"found": True, "values": []}, Answer(False)),
        (None, Answer(False)),
        ("Acme", Answer(True, (Item("Acme"),))),
        (["Acme", "Beta"], Answer(True, (Item("Acme"), Item("Beta")))),
        ({"value": 5, "source_text": ["a", "b"]}, Answer(True, (Item(5, "a … b"),))),
        ({"value": ["A", "B"], "source_text": "q"}, Answer(True, (Item("A", "q"), Item("B", "q")))),
        ({"value": "A", "confidence": "high"}, Answer(True, (Item("A"),))),
        ({"value": "A", "confidence": 7000}, Answer(True, (Item("A"),))),
    ],
)
def test_entries_say_found_or_absent(entry: Any, answer: Answer) -> None:
    assert parse_answer(json.dumps({"party": entry}), [PARTY]) == {"party": answer}


def test_what_no_database_stores_is_taken_out() -> None:
    parsed = parse_answer('{"party": {"value": "A\\u0000c\\ud800me \\ud83d\\ude00"}}', [PARTY])
    assert parsed["party"].items[0].value == "Ac\ufffdme \U0001f600"


def test_several_values_keep_their_quotes_and_their_order() -> None:
    values = [{"value": v, "source_text": f"by {v}", "confidence": 0.5} for v in ("Acme", "Beta")]
    parsed = parse_answer(json.dumps({"party": {"found": True, "values": values}}), [field("party", multiple=True)])
    assert parsed["party"].items == (Item("Acme", "by Acme", 0.5), Item("Beta", "by Beta", 0.5))


def test_a_json_value_may_be_any_object() -> None:
    assert parse_answer('{"terms": {"a": 1}}', [field("terms", "JSON")])["terms"].items == (Item({"a": 1}),)
    assert parse_answer('{"terms": {"value": [1, 2]}}', [field("terms", "JSON")])["terms"].items == (Item([1, 2]),)


@pytest.mark.parametrize(
    ("text", "problem", "missing"),
    [
        ("", "no JSON object", ("party", "effective_date")),
        ("I cannot help with that.", "no JSON object", ("party", "effective_date")),
        ('{"party": {"found": true, "value": "Ac', "broken", ("party", "effective_date")),
        ('{"party": {"value": NaN}}', "broken", ("party", "effective_date")),
        (json.dumps({"party": ENTRY}), "no entry for effective_date", ("effective_date",)),
        (json.dumps({"other": ENTRY}), "no entry for party, effective_date", ("party", "effective_date")),
        (json.dumps({"party": {"found": True}, "effective_date": None}), "party has no value", ("party",)),
        ('{"a":' * 100_000, "broken", ("party", "effective_date")),
    ],
)
def test_what_is_missing_or_broken_is_said(text: str, problem: str, missing: tuple[str, ...]) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        parse_answer(text, [PARTY, DAY])
    assert problem in str(caught.value)
    assert caught.value.missing == missing
    assert len(str(caught.value)) < 1000


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["party", "found", "value", "values", "source_text", "confidence"]), x)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_an_answer_or_an_invalid_answer(value: Any) -> None:
    try:
        parsed = parse_answer(json.dumps(value), [PARTY])
    except InvalidAnswer:
        return
    answer = parsed["party"]
    assert answer.found == bool(answer.items)
    assert all(item.confidence is None or 0 <= item.confidence <= 1 for item in answer.items)


FIELDS = [
    PARTY,
    DAY,
    field("rent", "NUMBER", unit="EUR"),
    field("kind", "CATEGORY", categories=(("Lease", "rents"), ("Sale", "sells"))),
    field("signed", "BOOLEAN"),
    field("terms", "JSON"),
    field("tenants", multiple=True, max_values=3),
    field("kinds", "CATEGORY", categories=(("Lease", ""), ("Sale", "")), multiple=True),
]
EXAMPLE = {
    "party": ENTRY,
    "effective_date": {"found": False, "value": None, "source_text": None, "confidence": 0.5},
    "rent": {"found": True, "value": "1.234,50", "source_text": "x", "confidence": 1},
    "kind": {"found": True, "value": "Lease", "source_text": "x", "confidence": 1},
    "signed": {"found": True, "value": True, "source_text": None, "confidence": 1},
    "terms": {"found": True, "value": '{"a": 1}', "source_text": "x", "confidence": 1},
    "tenants": {"found": True, "values": [{"value": "A", "source_text": "x", "confidence": 1}]},
    "kinds": {"found": False, "values": []},
}


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") == "object" else []
    return here + [found for part in schema.values() for found in objects(part)]


@pytest.mark.parametrize("quotes", [True, False])
def test_the_schema_keeps_to_what_strict_modes_accept(quotes: bool) -> None:
    schema = answer_schema(FIELDS, quotes=quotes)
    jsonschema.Draft202012Validator.check_schema(schema)
    for each in objects(schema):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    refused = {"maxLength", "minLength", "minimum", "maximum", "maxItems", "minItems", "pattern", "format", "default"}
    assert not refused & set(json.dumps(schema).replace('"', " ").split())
    assert ("source_text" in json.dumps(schema)) is quotes


def test_the_schema_accepts_answers_of_the_form_and_refuses_others() -> None:
    validator = jsonschema.Draft202012Validator(answer_schema(FIELDS))
    validator.validate(EXAMPLE)
    wrong_category = {**EXAMPLE, "kind": {**EXAMPLE["kind"], "value": "Gift"}}
    assert not validator.is_valid(wrong_category)
    assert not validator.is_valid({k: v for k, v in EXAMPLE.items() if k != "party"})
    assert parse_answer(json.dumps(EXAMPLE), FIELDS)["rent"].items[0].value == "1.234,50"
