"""Variables that the question names: one schema for all, verification, and what the cache makes of it."""

import json
import threading
from typing import Any

import anthropic
import jsonschema
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_server import GoldAnswers, LabelledLines, ModelServer, ServerConfig
from tests.model_server.openai_wire import chat_view
from tests.model_server.prompts import VERDICT, answer_schema, closed, fenced, messages, one_schema
from tests.model_server.questions import read_question
from tests.model_server.usage import Block, PrefixCache, minimum_tokens
from tests.model_server.verdicts import same
from tests.model_server.view import Answerer

LETTER = (
    "Agreement between Acme GmbH and Borea SA.\n"
    "This agreement takes effect on 3 March 2021. The fee is EUR 1,250.00 per month.\n"
    "The agreement may be assigned with consent only."
)
GOLD: dict[str, Any] = {
    "Acme GmbH": {
        "effective": ["2021-03-03"],
        "fee": [1250],
        "party": ["Acme GmbH", "Borea SA"],
        "assigned": [True],
        "kind": ["SERVICE"],
        "tax": [],
    }
}
LINES = "Party: Acme\nParty: Borea\nFee: 1,250.00 EUR\nSecured: yes"


def request(document: str, question: str, schema: dict[str, Any]) -> dict[str, Any]:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}}
    return {"model": "m", "messages": messages(document, question), "response_format": wanted}


def answer(answerer: Answerer, document: str, question: str, schema: dict[str, Any]) -> Any:
    reply: Any = answerer(chat_view(request(document, question, schema), 1, 1))
    found = json.loads(reply.text)
    jsonschema.validate(found, schema)
    return found


@pytest.mark.parametrize(
    ("question", "value", "quote"),
    [
        ("Variable: fee\nType: NUMBER", 1250, "The fee is EUR 1,250.00 per month."),
        ("Variable: effective", "2021-03-03", "This agreement takes effect on 3 March 2021."),
        ("Variable: assigned\nType: BOOLEAN.", True, "The agreement may be assigned with consent only."),
        ("  Variable:  tax  ", None, None),
    ],
)
def test_one_schema_serves_every_variable_that_the_question_names(question: str, value: Any, quote: str) -> None:
    found = answer(GoldAnswers(GOLD), LETTER, question, one_schema())
    assert (found["found"], found["value"], found["source_text"]) == (value is not None, value, quote)


def test_one_schema_lists_several_values() -> None:
    for answerer, document, names in (
        (GoldAnswers(GOLD), LETTER, ["Acme GmbH", "Borea SA"]),
        (LabelledLines(), LINES, ["Acme", "Borea"]),
    ):
        found = answer(answerer, document, "Variable: party", one_schema())
        assert [item["value"] for item in found["values"]] == names


def test_a_closed_value_need_not_stand_in_the_text_where_the_question_says_so() -> None:
    closed_type = answer(GoldAnswers(GOLD), LETTER, "Variable: kind\nType: CATEGORY. One of them.", one_schema())
    assert closed_type["value"] == "SERVICE"
    assert not answer(GoldAnswers(GOLD), LETTER, "Variable: kind\nType: TEXT.", one_schema())["found"]


def test_several_variables_are_answered_by_a_schema_keyed_by_their_names() -> None:
    question = "Variable: fee\nType: NUMBER.\n\nVariable: party\nType: TEXT."
    found = answer(LabelledLines(), LINES, question, answer_schema({"fee": "number", "party": "string"}))
    assert (found["fee"]["value"], found["party"]["value"]) == (1250, "Acme")


def test_what_is_fenced_names_no_variable() -> None:
    question = "Variable: fee\nType: NUMBER.\n<instructions-7f>\nVariable: party\nRow: x\n</instructions-7f>"
    assert answer(LabelledLines(), LINES, question, one_schema())["value"] == "1,250.00 EUR"
    said = read_question(question)
    assert (said.variables, said.row, said.type_of("fee"), said.type_of("party")) == (("fee",), None, "NUMBER", None)


def test_the_call_record_has_the_questions_variable_and_tells_questions_apart(model_server: ModelServer) -> None:
    with openai.OpenAI(base_url=model_server.openai_url, api_key="k", max_retries=0) as client:
        for question, schema in (
            ("Variable: fee", one_schema()),
            ("Variable: party", one_schema()),
            ("Variable: party\nRow: Acme", one_schema()),
            ("Variable: fee\nValue: 3", VERDICT),
            ("Variable: fee\nValue: 4", VERDICT),
        ):
            client.chat.completions.create(**request(LINES, question, schema))
        assert model_server.stats().questions_again == 0
        client.chat.completions.create(**request(LINES, "Variable: fee\n(asked again)", one_schema()))
    assert model_server.stats().questions_again == 1
    assert [call.variables for call in model_server.calls[:3]] == [("fee",), ("party",), ("party",)]


@pytest.mark.parametrize(
    ("variable", "value", "correct"),
    [
        ("fee", "1250", True),
        ("fee", '"EUR 1,250.00"', True),
        ("fee", "1251", False),
        ("effective", '"2021-03-03"', True),
        ("effective", '"3 March 2021"', True),
        ("effective", '"2021-03-04"', False),
        ("party", '"borea  sa"', True),
        ("party", '["Borea SA", "Acme GmbH"]', True),
        ("party", '["Borea SA"]', False),
        ("party", '"Borea"', False),
        ("assigned", "true", True),
        ("assigned", '"no"', False),
        ("kind", '"SERVICE"', True),
        ("kind", '"SALE"', False),
        ("tax", "null", True),
        ("tax", "7", False),
        ("fee", "null", False),
        ("party", "Acme GmbH", True),  # no JSON: taken as text
    ],
)
def test_verification_compares_with_what_would_be_answered(variable: str, value: str, correct: bool) -> None:
    found = answer(GoldAnswers(GOLD), LETTER, f"Is this right?\nVariable: {variable}\nValue: {value}", VERDICT)
    assert found["correct"] is correct
    assert found["reason"]


def test_labelled_lines_verify_too() -> None:
    for value, correct in (("1250", True), ("1200", False), ("null", False)):
        found = answer(LabelledLines(), LINES, f"Variable: fee\nValue: {value}", VERDICT)
        assert found["correct"] is correct
    assert answer(LabelledLines(), LINES, "Variable: secured\nValue: true", VERDICT)["correct"]


def test_a_schema_with_more_than_a_verdict_is_none() -> None:
    schema = closed({**VERDICT["properties"], "fee": {"type": "string"}})
    assert answer(LabelledLines(), LINES, "Variable: fee\nValue: 3", schema)["fee"] == "1,250.00 EUR"


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)))
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


# the prompt cache

DOCUMENT = "Fee: 5 EUR\nParty: Acme\n" + "word " * 2000


def openai_cached(client: openai.OpenAI, question: str, document: str = DOCUMENT) -> int:
    usage: Any = client.chat.completions.create(**request(document, question, one_schema())).usage
    found: int = usage.prompt_tokens_details.cached_tokens
    return found


def test_with_one_schema_the_document_is_read_from_the_cache_for_every_further_variable(
    model_server: ModelServer,
) -> None:
    with openai.OpenAI(base_url=model_server.openai_url, api_key="k", max_retries=0) as client:
        assert openai_cached(client, "Variable: fee") == 0
        cached = openai_cached(client, "Variable: party")
        assert cached >= len(DOCUMENT) // 4 // 128 * 128
        assert cached % 128 == 0
        assert openai_cached(client, "Variable: party", "Another one.\n" + DOCUMENT) == 0
        assert openai_cached(client, "Variable: fee", "Fee: 1\n" + "word " * 100) == 0
        assert openai_cached(client, "Variable: fee", "Fee: 1\n" + "word " * 100) == 0  # below 1,024 tokens


def anthropic_usage(client: anthropic.Anthropic, question: str, words: int = 2000, **changes: Any) -> Any:
    document = {"type": "text", "text": fenced("Fee: 5\n" + "word " * words), "cache_control": {"type": "ephemeral"}}
    arguments: dict[str, Any] = {
        "model": "claude-sonnet-5",
        "max_tokens": 300,
        "system": "You extract values.",
        "messages": [{"role": "user", "content": [document, {"type": "text", "text": question}]}],
        "output_config": {"format": {"type": "json_schema", "schema": one_schema()}},
    } | changes
    usage = client.messages.create(**arguments).usage
    return usage.cache_creation_input_tokens, usage.cache_read_input_tokens


def test_anthropic_writes_the_marked_prefix_once_and_not_below_the_models_minimum(model_server: ModelServer) -> None:
    with anthropic.Anthropic(base_url=model_server.anthropic_url, api_key="k", max_retries=0) as client:
        written, read = anthropic_usage(client, "Variable: fee")
        assert (written > 2500, read) == (True, 0)
        assert anthropic_usage(client, "Variable: party") == (0, written)
        assert anthropic_usage(client, "Variable: fee", model="claude-haiku-4-5") == (0, 0)
        assert anthropic_usage(client, "Variable: fee", words=500) == (0, 0)


def test_longer_minimums_belong_to_single_models() -> None:
    names = ("claude-haiku-4-5-20251001", "claude-opus-4-5", "claude-3-5-haiku-latest", "claude-sonnet-4-5", "m")
    assert [minimum_tokens(name) for name in names] == [4096, 4096, 2048, 1024, 1024]


@pytest.mark.parametrize("token_s", [0.0, 0.001])
def test_requests_sent_at_once_all_miss(token_s: float) -> None:
    with ModelServer(config=ServerConfig(token_s=token_s)) as server:
        openai_client = openai.OpenAI(base_url=server.openai_url, api_key="k", max_retries=0)
        anthropic_client = anthropic.Anthropic(base_url=server.anthropic_url, api_key="k", max_retries=0)
        with openai_client, anthropic_client:
            cached: list[int] = []
            usage: list[tuple[int, int]] = []
            server.hold()

            def ask_openai(name: str) -> None:
                cached.append(openai_cached(openai_client, f"Variable: {name}"))

            def ask_anthropic(name: str) -> None:
                usage.append(anthropic_usage(anthropic_client, f"Variable: {name}"))

            asking = [threading.Thread(target=ask_openai, args=(name,)) for name in "abc"]
            asking += [threading.Thread(target=ask_anthropic, args=(name,)) for name in "ab"]
            for thread in asking:
                thread.start()
            server.wait_for_calls(5)
            server.release()
            for thread in asking:
                thread.join()
            assert cached == [0, 0, 0]
            (written, read), other = usage
            assert (written > 2500, read, other) == (True, 0, (written, 0))  # both paid for the entry
            assert openai_cached(openai_client, "Variable: late") > 2000
            assert anthropic_usage(anthropic_client, "Variable: late") == (0, written)


def test_a_streams_prefix_is_cached_while_the_stream_goes_on(model_server: ModelServer) -> None:
    model_server.configure(token_s=0.05, stream_tokens=1)
    with openai.OpenAI(base_url=model_server.openai_url, api_key="k", max_retries=0) as client:
        stream: Any = client.chat.completions.create(**request(DOCUMENT, "Variable: fee", one_schema()), stream=True)
        with stream:
            next(iter(stream))
            model_server.configure(token_s=0)
            assert openai_cached(client, "Variable: party") > 2000
            assert model_server.calls[0].ended_s is None


def test_a_request_that_failed_leaves_nothing_in_the_cache(model_server: ModelServer) -> None:
    model_server.configure(faults={"script": {"1": "server_error"}})
    with openai.OpenAI(base_url=model_server.openai_url, api_key="k", max_retries=0) as client:
        with pytest.raises(openai.InternalServerError):
            openai_cached(client, "Variable: fee")
        assert openai_cached(client, "Variable: fee") == 0


def test_an_entry_is_found_within_twenty_blocks_before_the_mark() -> None:
    long = Block("x" * 8000, marked=True)

    def read(blocks_between: int) -> int:
        cache = PrefixCache()
        cache.remember(cache.explicit("m", [long])[2])
        blocks = [Block(long.text), *(Block(f"block {n}") for n in range(blocks_between)), Block("end", marked=True)]
        return cache.explicit("m", blocks)[0]

    assert (read(19), read(20)) == (2000, 0)
