"""A model that errs, and the record of its errors."""

import json
from collections import Counter
from typing import Any

import jsonschema
import openai
import pytest

from tests.model_server import ConfigError, GoldAnswers, ModelServer, Noise, Noisy, RequestView, SubprocessModelServer
from tests.model_server.locate import place
from tests.model_server.openai_wire import chat_view
from tests.model_server.prompts import VERDICT, answer_schema, closed, messages, one_schema

LETTER = (
    "Agreement between Acme GmbH and Borea SA and Cirrus Ltd about the supply of parts.\n"
    "This agreement takes effect on 3 March 2021 in the city of Bremen. The fee is EUR 1,250.00 per month.\n"
    "The agreement may be assigned with consent only. Nothing else was agreed between them."
)
LABELS: dict[str, Any] = {
    "effective": ["2021-03-03"],
    "fee": [1250],
    "party": ["Acme GmbH", "Borea SA", "Cirrus Ltd"],
    "assigned": [True],
    "tax": [],
}
GOLD: dict[str, Any] = {"Acme GmbH": LABELS}
TYPES = {"effective": "DATE", "fee": "NUMBER", "party": "TEXT", "assigned": "BOOLEAN", "tax": "NUMBER"}
HARMLESS_TO_VALUE = (Noise.WRONG_QUOTE, Noise.INVENTED_QUOTE, Noise.PARAPHRASED_QUOTE, Noise.WHITESPACE_QUOTE)


def view(document: str, question: str, schema: dict[str, Any]) -> RequestView:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    return chat_view({"model": "m", "messages": messages(document, question), "response_format": wanted}, 1, 1)


def ask(noisy: Noisy, variable: str, schema: dict[str, Any] | None = None, document: str = LETTER) -> Any:
    question = f"Variable: {variable}\nType: {TYPES[variable]}."
    return json.loads(noisy(view(document, question, schema or one_schema())).text)


def always(kind: Noise) -> Noisy:
    return Noisy(GoldAnswers(GOLD), {kind: 1.0})


def letters(count: int) -> list[str]:
    return [f"{LETTER}\nLetter number {number}." for number in range(count)]


@pytest.mark.parametrize("variable", ["effective", "fee", "party", "tax"])
def test_invented_values_and_quotes_stand_nowhere_in_the_document(variable: str) -> None:
    noisy = always(Noise.INVENTED_VALUE)
    for document in letters(5):
        found = ask(noisy, variable, document=document)
        jsonschema.validate(found, one_schema())
        assert found["found"] is True
        assert place(found["value"], document) is None
        assert found["source_text"] not in document
        assert found["values"][0] == {"value": found["value"], "source_text": found["source_text"]}
    assert [record.value for record in noisy.records][-1] == found["value"]
    assert noisy.records[0].true_value == (LABELS[variable] or [None])[0]


@pytest.mark.parametrize("kind", HARMLESS_TO_VALUE)
@pytest.mark.parametrize("variable", ["effective", "fee", "party"])
def test_noise_in_quotes_leaves_the_value(kind: Noise, variable: str) -> None:
    noisy = always(kind)
    found = ask(noisy, variable)
    (record,) = noisy.records
    assert found["value"] == LABELS[variable][0] == record.true_value
    assert found["source_text"] == record.quote != record.true_quote
    assert record.true_quote is not None
    assert record.quote is not None
    assert record.true_quote in LETTER
    if kind is Noise.WRONG_QUOTE:
        assert record.quote in LETTER
        assert place(record.value, record.quote) is None
    else:
        assert record.quote not in LETTER
    if kind is Noise.WHITESPACE_QUOTE:
        assert record.quote.split() == record.true_quote.split()
    if kind is Noise.PARAPHRASED_QUOTE:
        shared = set(record.quote.split()) & set(record.true_quote.split())
        assert len(shared) >= 3


def test_what_is_there_is_said_to_be_absent() -> None:
    noisy = always(Noise.FOUND_FALSE)
    found = ask(noisy, "fee")
    jsonschema.validate(found, one_schema())
    assert (found["found"], found["value"], found["source_text"], found["values"]) == (False, None, None, [])
    assert noisy.records[0].true_value == 1250
    assert not ask(noisy, "tax")["found"]
    assert len(noisy.records) == 1  # what is absent cannot be missed


def test_lists_are_cut_short() -> None:
    noisy = always(Noise.LIST_CUT_SHORT)
    assert [item["value"] for item in ask(noisy, "party")["values"]] == ["Acme GmbH", "Borea SA"]
    (record,) = noisy.records
    assert (record.true_value, record.value) == (LABELS["party"], ["Acme GmbH", "Borea SA"])
    assert len(ask(noisy, "fee")["values"]) == 1
    assert len(noisy.records) == 1


@pytest.mark.parametrize(("variable", "kind"), [("fee", str), ("effective", str), ("assigned", str), ("party", dict)])
def test_values_of_a_wrong_type(variable: str, kind: type) -> None:
    noisy = always(Noise.WRONG_TYPE)
    found = ask(noisy, variable)
    assert type(found["value"]) is kind
    assert noisy.records[0].value == found["value"] != LABELS[variable][0]


def test_schemas_keyed_by_names_are_spoilt_cell_by_cell() -> None:
    noisy = Noisy(GoldAnswers(GOLD), {Noise.INVENTED_VALUE: 0.5})
    schema = answer_schema({"effective": "string", "fee": "number", "party": "string", "tax": "number"})
    spoilt: Counter[str] = Counter()
    for document in letters(40):
        found = json.loads(noisy(view(document, "Which?", schema)).text)
        jsonschema.validate(found, schema)
        for name, cell in found.items():
            true = (LABELS[name] or [None])[0]
            spoilt[name] += cell["value"] != true
    assert spoilt == Counter(record.variable for record in noisy.records)
    assert all(8 < spoilt[name] < 32 for name in schema["properties"])


def test_an_invented_value_of_a_closed_list_is_another_one_of_it() -> None:
    schema = answer_schema({"kind": "string"})
    schema["properties"]["kind"]["properties"]["value"] = {"enum": ["SALE", "SUPPLY", None]}
    noisy = Noisy(GoldAnswers({"Acme GmbH": {"kind": ["SALE"]}}), {Noise.INVENTED_VALUE: 1.0})
    for document in letters(5):
        cell = json.loads(noisy(view(document, "Which?", schema)).text)["kind"]
        assert cell["value"] == "SUPPLY"
        assert cell["source_text"] not in document
    assert {(record.true_value, record.value) for record in noisy.records} == {("SALE", "SUPPLY")}


def test_shares_are_kept_and_the_same_request_errs_the_same_way() -> None:
    shares = dict.fromkeys(Noise, 0.1)
    one, other, third = (Noisy(GoldAnswers(GOLD), shares, seed) for seed in (1, 1, 2))
    for document in letters(300):
        assert ask(one, "party", document=document) == ask(other, "party", document=document)
        ask(third, "party", document=document)
    ask(one, "party", document=letters(1)[0])
    assert one.records == other.records != third.records
    counts = Counter(record.kind for record in one.records)
    assert set(counts) == set(Noise)
    assert all(12 < count < 55 for count in counts.values())


def test_lists_of_rows_lose_rows_and_gain_inventions() -> None:
    people = ["Anna Berg", "Carl Dahl", "Eva Falk", "Gus Holm"]
    document = "Report 9.\n" + "\n".join(f"{name} was seen there on that day." for name in people)
    gold: Any = {"Report 9": [{"_entity": name} for name in people]}
    item = closed({"name": {"type": "string"}, "quote": {"type": "string"}})
    schema = closed({"rows": {"type": "array", "items": item}})

    def rows(kind: Noise, share: float = 1.0) -> tuple[list[Any], Noisy]:
        noisy = Noisy(GoldAnswers(gold), {kind: share})
        found = json.loads(noisy(view(document, "Who?", schema)).text)
        jsonschema.validate(found, schema)
        return found["rows"], noisy

    cut, noisy = rows(Noise.LIST_CUT_SHORT)
    assert [row["name"] for row in cut] == people[:2] == noisy.records[0].value
    more, noisy = rows(Noise.INVENTED_VALUE)
    assert [row["name"] for row in more[:4]] == people
    assert more[4]["name"] == noisy.records[0].value
    assert more[4]["name"] not in document
    none, noisy = rows(Noise.FOUND_FALSE)
    assert none == []
    assert [record.row for record in noisy.records] == people
    quoted, noisy = rows(Noise.WRONG_QUOTE)
    assert [row["name"] for row in quoted] == people
    assert all(row["quote"] in document and row["name"] not in row["quote"] for row in quoted)
    assert len(noisy.records) == 4


def test_verdicts_are_not_spoilt() -> None:
    noisy = Noisy(GoldAnswers(GOLD), {Noise.INVENTED_VALUE: 1.0})
    reply = noisy(view(LETTER, "Variable: fee\nValue: 1250", VERDICT))
    assert json.loads(reply.text)["correct"] is True
    assert noisy.records == ()


def test_impossible_noise_is_refused(model_server: ModelServer) -> None:
    with pytest.raises(ConfigError, match="at most 1"):
        Noisy(GoldAnswers(GOLD), {Noise.WRONG_QUOTE: 0.7, Noise.FOUND_FALSE: 0.7})
    with pytest.raises(ConfigError, match="kinds of noise are"):
        model_server.configure(noise={"thunder": 0.1})


def request(document: str) -> dict[str, Any]:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": one_schema()}}
    return {"model": "m", "messages": messages(document, "Variable: fee"), "response_format": wanted}


def asked(server: ModelServer | SubprocessModelServer, document: str) -> Any:
    with openai.OpenAI(base_url=server.openai_url, api_key="k", max_retries=0) as client:
        reply = client.chat.completions.create(**request(document)).choices[0].message.content
    return json.loads(reply or "")["value"]


def test_noise_is_set_and_told_over_http() -> None:
    with SubprocessModelServer(["--noise", "invented_value=1"]) as server:
        invented = asked(server, "Document one\nFee: 3 EUR")
        (record,) = server.noise()
        assert (record.document, record.variable) == ("Document one Fee: 3 EUR", "fee")
        assert (record.kind, record.true_value, record.value) == (Noise.INVENTED_VALUE, "3 EUR", invented)
        server.reset()
        assert server.noise() == ()
        server.configure(noise={})
        assert asked(server, "Document two\nFee: 4 EUR") == "4 EUR"
        server.configure(answers={"Document three": {"fee": [5]}}, noise={"found_false": 1})
        assert asked(server, "Document three\nThe fee is 5 EUR.") is None
        assert [record.document for record in server.noise()] == ["Document three"]


def test_a_noisy_answerer_in_a_thread_tells_its_record() -> None:
    with ModelServer(Noisy(GoldAnswers(GOLD), {Noise.FOUND_FALSE: 1.0})) as server:
        assert asked(server, LETTER) is None
        assert [(record.document, record.true_value) for record in server.noise()] == [("Acme GmbH", 1250)]
