"""Schemas within Anthropic's limit of unions, and answers turned back into the form of the contract."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.answer import answer_schema
from resources.models.providers.anthropic_schema import unions, with_nulls, without_unions
from resources.models.request import Field
from resources.vocabulary import VariableType
from tests.model_server.strictness import anthropic_refusal


def fields(number: int, *, multiple: bool = False) -> tuple[Field, ...]:
    kinds = list(VariableType)
    return tuple(
        Field(
            f"field_{n}",
            kinds[n % len(kinds)],
            "Say it.",
            f"field {n}",
            categories=(("a", "A"), ("b", "B")),
            multiple=multiple,
        )
        for n in range(number)
    )


@pytest.mark.parametrize("multiple", [False, True])
def test_a_hundred_variables_pass_once_narrowed(multiple: bool) -> None:
    schema = answer_schema(fields(100, multiple=multiple))
    if not multiple:
        assert "union types" in (anthropic_refusal(schema) or "")
    narrowed = without_unions(schema)
    assert unions(narrowed) == 0
    assert anthropic_refusal(narrowed) is None
    assert list(narrowed["properties"]) == list(schema["properties"])


def test_the_limit_is_counted_as_the_service_counts() -> None:
    for number in range(1, 14):
        schema = answer_schema(fields(number))
        assert (unions(schema) > 16) == ("union types" in (anthropic_refusal(schema) or ""))


def test_a_category_may_be_empty_and_a_description_says_when() -> None:
    value = without_unions(answer_schema((fields(6)[4],)))["properties"]["field_4"]["properties"]["value"]
    assert value["enum"] == ["a", "b", ""]
    assert value["description"].endswith("Empty if there is none.")


def test_a_number_is_asked_as_it_is_written() -> None:
    value = without_unions(answer_schema((fields(2)[1],)))["properties"]["field_1"]["properties"]["value"]
    assert value["type"] == "string"
    assert "as it is written" in value["description"]


def test_a_schema_without_unions_is_left_alone() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}
    assert without_unions(schema) == schema


def test_empty_becomes_null_and_false_stays() -> None:
    answer = {
        "one": {"found": False, "value": False, "source_text": "", "confidence": 0.8},
        "two": {"found": True, "value": False, "source_text": "no", "confidence": 0.8},
        "three": {"found": True, "values": [{"value": "x", "source_text": "", "confidence": 0.8}]},
    }
    restored = json.loads(with_nulls(json.dumps(answer)))
    assert restored["one"] == {"found": False, "value": None, "source_text": None, "confidence": 0.8}
    assert restored["two"] == answer["two"]
    assert restored["three"]["values"][0]["source_text"] is None


@pytest.mark.parametrize("text", ['{"one": {"found": tr', "prose", "[1]", ""])
def test_what_is_no_answer_is_left_as_it_is(text: str) -> None:
    assert with_nulls(text) == text


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """An answer to the narrowed schema of three text variables."""
    entry = st.fixed_dictionaries(
        {
            "found": st.booleans(),
            "value": st.text(max_size=5),
            "source_text": st.text(max_size=5),
            "confidence": st.floats(0, 1),
        }
    )
    return {name: draw(entry) for name in ("one", "two", "three")}


@settings(deadline=None)
@given(answers())
def test_every_answer_to_the_narrowed_schema_becomes_one_to_the_schema(answer: dict[str, Any]) -> None:
    schema = answer_schema(tuple(Field(name, VariableType.TEXT, "", name) for name in answer))
    jsonschema.validate(answer, without_unions(schema))
    restored = json.loads(with_nulls(json.dumps(answer)))
    jsonschema.validate(restored, schema)
    for name, entry in answer.items():
        assert restored[name]["value"] == (entry["value"] or None if entry["found"] else None)
