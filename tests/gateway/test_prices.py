"""What calls cost, from dated prices."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.models.prices import cost_of, price_of
from resources.models.providers.choose import DEFAULT_MODELS
from resources.models.request import Usage

DAY = date(2026, 11, 1)
counts = st.integers(min_value=0, max_value=90_000)


def test_cached_tokens_are_cheaper_and_output_is_dearer() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    cost, version = cost_of("openai", "gpt-4.1-mini", usage, DAY)
    assert cost == Decimal("0.24") + Decimal("0.04") + Decimal("0.16")
    assert version == "openai:gpt-4.1-mini@2025-10-11"


def test_writing_anthropics_cache_costs_a_quarter_more() -> None:
    usage = Usage(input_tokens=1_000_000, cache_write_tokens=1_000_000)
    assert cost_of("anthropic", "claude-haiku-4-5", usage, DAY)[0] == Decimal("1.25")


def test_a_long_prompt_has_the_price_of_long_prompts() -> None:
    short = cost_of("anthropic", "claude-haiku-5-5", Usage(input_tokens=100_000), DAY)[0]
    long = cost_of("anthropic", "claude-haiku-5-5", Usage(input_tokens=100_001), DAY)[0]
    assert short == Decimal("0.01")
    assert long == Decimal("0.0500005")


@pytest.mark.parametrize("model", ["gpt-4.1-mini-2025-04-14", "claude-haiku-4-5-20251001"])
def test_a_dated_snapshot_has_the_price_of_its_family(model: str) -> None:
    provider = "openai" if model.startswith("gpt") else "anthropic"
    price = price_of(provider, model, DAY)
    assert price is not None
    assert model.startswith(price.model)


def test_a_price_holds_from_its_day_on() -> None:
    assert price_of("anthropic", "claude-haiku-5-5", date(2026, 10, 9)) is None
    assert price_of("anthropic", "claude-haiku-5-5", date(2026, 10, 10)) is not None


@pytest.mark.parametrize("model", ["gpt-4.1-mini-turbo", "gpt-4", "llama-3", ""])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert cost_of("openai", model, Usage(1, 0, 1), DAY) == (None, None)


@pytest.mark.parametrize("provider", ["local", "gguf"])
def test_models_that_run_here_are_free(provider: str) -> None:
    assert cost_of(provider, "any", Usage(1_000, 0, 1_000), DAY) == (Decimal(0), "free")


@pytest.mark.parametrize(("provider", "model"), DEFAULT_MODELS.items())
def test_default_models_have_a_price(provider: str, model: str) -> None:
    assert price_of(provider, model, DAY) is not None


@given(fresh=counts, cached=counts, output=counts)
def test_more_tokens_never_cost_less(fresh: int, cached: int, output: int) -> None:
    def cost(usage: Usage) -> Decimal:
        found = cost_of("openai", "gpt-5-mini", usage, DAY)[0]
        assert found is not None
        return found

    base = cost(Usage(fresh + cached, cached, output))
    assert base >= 0
    assert cost(Usage(fresh + cached + 1, cached, output)) > base
    assert cost(Usage(fresh + cached, cached, output + 1)) > base
    if fresh:
        assert cost(Usage(fresh + cached, cached + 1, output)) < base
