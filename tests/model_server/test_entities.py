"""Documents with several units of observation: lists of entities, and cells of one of them."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import openai
import pytest

from tests.model_server import GoldAnswers, LabelledLines, ModelServer, RequestView
from tests.model_server.answers import AnswersError
from tests.model_server.gold import read_gold
from tests.model_server.openai_wire import chat_view
from tests.model_server.prompts import VERDICT, answer_schema, closed, messages, one_schema
from tests.model_server.view import Answerer

REPORT = (
    "Accident report 7. Involved were Anna Berg, Carl Dahl and Eva Falk.\n"
    "Anna Berg (31) was driving. She paid 5 EUR for parking.\n"
    "Carl Dahl, aged 44, sat beside her.\n"
    "Eva Falk was not hurt. She is 31 too.\n"
)
GOLD: dict[str, Any] = {
    "Accident report 7": [
        {"_entity": "Carl Dahl", "age": 44, "hurt": None},
        {"_entity": "Anna Berg", "age": [31], "role": "driving", "hurt": True},
        {"_entity": "Eva Falk", "age": 31, "hurt": False},
        {"_entity": "Gus Holm", "age": 7},
    ]
}
LINES = "Report: 7\nEntity: Anna\nAge: 31\nEntity: Carl\nAge: 44\nPet: cat\nPet: dog"
ROWS = closed(
    {
        "rows": {
            "type": "array",
            "items": closed(
                {
                    "name": {"type": "string"},
                    "quote": {"type": "string"},
                    "age": {"type": ["number", "null"]},
                    "confidence": {"type": "number"},
                }
            ),
        },
        "complete": {"type": "boolean"},
    }
)


def view(document: str, question: str, schema: dict[str, Any]) -> RequestView:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    return chat_view({"model": "m", "messages": messages(document, question), "response_format": wanted}, 1, 1)


def answer(answerer: Answerer, document: str, question: str, schema: dict[str, Any]) -> Any:
    reply: Any = answerer(view(document, question, schema))
    found = json.loads(reply.text)
    jsonschema.validate(found, schema)
    return found


def test_the_entities_are_listed_in_the_order_of_the_text_with_quotes_and_fields() -> None:
    rows = answer(GoldAnswers(GOLD), REPORT, "Who was involved?", ROWS)["rows"]
    assert {row["name"]: row["age"] for row in rows} == {"Anna Berg": 31, "Carl Dahl": 44, "Eva Falk": 31}
    assert all(row["quote"] in REPORT and row["name"] in row["quote"] for row in rows)  # Gus Holm is not in the text


def test_a_chunk_has_only_the_entities_that_it_names() -> None:
    chunk = REPORT.split("\n", 1)[1].replace("Eva Falk", "She")
    rows = answer(GoldAnswers(GOLD | {REPORT: GOLD["Accident report 7"]}), chunk, "Who?", ROWS)["rows"]
    assert [row["name"] for row in rows] == ["Anna Berg", "Carl Dahl"]


@pytest.mark.parametrize(
    ("row", "variable", "value", "quote"),
    [
        ("Anna Berg", "age", 31, "Anna Berg (31) was driving."),
        ("Carl Dahl", "age", 44, "Carl Dahl, aged 44, sat beside her."),
        ("eva  falk", "age", 31, "She is 31 too."),
        ("Anna Berg", "role", "driving", "Anna Berg (31) was driving."),
        ("Carl Dahl", "role", None, None),
        ("Gus Holm", "age", None, None),
        ("Nobody", "age", None, None),
    ],
)
def test_a_cell_is_that_of_the_named_row(row: str, variable: str, value: Any, quote: str | None) -> None:
    found = answer(GoldAnswers(GOLD), REPORT, f"Row: {row}\nVariable: {variable}", one_schema())
    assert (found["found"], found["value"], found["source_text"]) == (value is not None, value, quote)
    schema = answer_schema({variable: "number" if variable == "age" else "string"})
    keyed = answer(GoldAnswers(GOLD), REPORT, f"Row: {row}", schema)
    assert keyed[variable]["value"] == value


def test_yes_no_values_of_a_row_quote_the_row() -> None:
    found = answer(GoldAnswers(GOLD), REPORT, "Row: Eva Falk\nVariable: hurt\nType: BOOLEAN", one_schema())
    assert found["value"] is False
    assert "Eva Falk" in found["source_text"]


def test_without_a_row_a_variable_has_the_values_of_all_entities() -> None:
    found = answer(GoldAnswers(GOLD), REPORT, "Variable: age", one_schema())
    assert [item["value"] for item in found["values"]] == [31, 44, 31]


def test_values_of_a_row_are_verified() -> None:
    for row, value, correct in (("Anna Berg", "31", True), ("Anna Berg", "44", False), ("Carl Dahl", "44", True)):
        question = f"Variable: age\nRow: {row}\nValue: {value}"
        assert answer(GoldAnswers(GOLD), REPORT, question, VERDICT)["correct"] is correct


def test_labelled_lines_have_entities_too() -> None:
    rows = answer(LabelledLines(), LINES, "Who?", ROWS)["rows"]
    assert [(row["name"], row["age"], row["quote"]) for row in rows] == [
        ("Anna", 31, "Entity: Anna"),
        ("Carl", 44, "Entity: Carl"),
    ]
    found = answer(LabelledLines(), LINES, "Row: Carl\nVariable: pet", one_schema())
    assert [item["value"] for item in found["values"]] == ["cat", "dog"]
    assert not answer(LabelledLines(), LINES, "Row: Anna\nVariable: pet", one_schema())["found"]
    assert answer(LabelledLines(), LINES, "Variable: report", one_schema())["value"] == "7"
    assert not answer(LabelledLines(), LINES, "Row: Eva\nVariable: age", one_schema())["found"]


def test_a_list_holds_no_more_than_the_schema_allows() -> None:
    few = closed({"rows": ROWS["properties"]["rows"] | {"maxItems": 1}})
    assert len(answer(LabelledLines(), LINES, "Who?", few)["rows"]) == 1


def test_entities_are_asked_over_http_with_gold_from_a_file(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    record = {"doc": "report.txt", "marker": "Accident report 7", "gold": GOLD["Accident report 7"]}
    gold.write_text(json.dumps(record) + "\n")
    with (
        ModelServer(GoldAnswers(read_gold(gold))) as server,
        openai.OpenAI(base_url=server.openai_url, api_key="k", max_retries=0) as client,
    ):
        wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": ROWS}}
        arguments: Any = {"messages": messages(REPORT, "Who was involved?"), "response_format": wanted}
        found = client.chat.completions.create(model="m", **arguments)
        assert len(json.loads(found.choices[0].message.content or "")["rows"]) == 3
    gold.write_text(json.dumps({"doc": "x", "gold": [{"age": 3}]}))
    with pytest.raises(AnswersError, match="line 1"):
        read_gold(gold)
