"""The ledger's key: what changes the answer is in it, and nothing else."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.models.ledger import call_key
from resources.models.providers.anthropic import AnthropicProvider
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import Field
from resources.vocabulary import VariableType
from tests.gateway.asking import Desk, ask, make_request, openai_provider
from tests.model_server import ModelServer

MODEL = OpenAIProvider("gpt-4.1-mini", api_key="key")
REQUEST = make_request()


def test_project_task_document_and_variables_are_not_in_the_key(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (first,) = desk.ask([openai_provider(model_server)], make_request(document=text))

    async def job(gateway: Any) -> Any:
        request = make_request(document=text)
        context = desk.context(task_id=uuid4(), variables=("another", "name"))
        return await ask(gateway, request, context)

    again = desk.work([openai_provider(model_server)], job)
    assert again.key == first.key
    assert not again.paid
    assert model_server.stats().calls == 1


def test_tenants_share_no_answers() -> None:
    assert call_key("one", MODEL, REQUEST) != call_key("two", MODEL, REQUEST)


def test_key_address_and_patience_of_a_client_do_not_change_the_answer() -> None:
    other = OpenAIProvider("gpt-4.1-mini", api_key="other", base_url="http://localhost:1/v1", timeout_seconds=5)
    assert call_key("one", MODEL, REQUEST) == call_key("one", other, REQUEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0.1},
        {"max_output_tokens": 8_000},
        {"system": "You extract values from documents and answer in JSON!"},
        {"document": REQUEST.document + " "},
        {"fence": "another"},
        {"question": "What does it say?"},
        {"schema": {**REQUEST.schema, "description": "An answer."}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_can_change_the_answer_changes_the_key(changes: dict[str, Any]) -> None:
    assert call_key("one", MODEL, REQUEST) != call_key("one", MODEL, replace(REQUEST, **changes))


def test_another_model_or_provider_has_another_key() -> None:
    models = (
        MODEL,
        OpenAIProvider("gpt-4.1", api_key="key"),
        AnthropicProvider("claude-haiku-4-5", api_key="key"),
        AnthropicProvider("gpt-4.1-mini", api_key="key"),
    )
    assert len({call_key("one", model, REQUEST) for model in models}) == 4


def test_what_is_not_sent_is_not_in_the_key() -> None:
    reader_only = (Field("borrower", VariableType.TEXT, "said otherwise", "Borrower", unit="EUR"),)
    assert call_key("one", MODEL, REQUEST) == call_key(
        "one", MODEL, replace(REQUEST, fields=reader_only, language="de")
    )
    newer = AnthropicProvider("claude-haiku-5-5", api_key="key")  # takes no temperature
    assert call_key("one", newer, REQUEST) == call_key("one", newer, replace(REQUEST, temperature=0.9))


def test_properties_in_another_order_are_another_question() -> None:
    """Models answer in the order of the schema, and what they wrote first weighs on what follows."""
    entry = REQUEST.schema["properties"]["borrower"]
    turned = {**entry, "properties": dict(reversed(entry["properties"].items()))}
    schema = {**REQUEST.schema, "properties": {"borrower": turned}}
    assert call_key("one", MODEL, REQUEST) != call_key("one", MODEL, replace(REQUEST, schema=schema))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_two_ways_to_cut_a_prompt_have_the_same_key(one: str, two: str, three: str, four: str) -> None:
    here = replace(REQUEST, system=one, question=two)
    there = replace(REQUEST, system=three, question=four)
    assert (call_key("t", MODEL, here) == call_key("t", MODEL, there)) == ((one, two) == (three, four))
