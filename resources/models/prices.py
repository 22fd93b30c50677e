"""What a call costs: prices with dates in `prices.json`, applied to the tokens that the provider reports.

Models that run here (`local`, `gguf`) cost nothing. A model without an entry has no price: its cost is None, never 0.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from resources.models.request import Usage

FREE_PROVIDERS = frozenset({"local", "gguf"})
_CACHE_WRITE = Decimal("1.25")  # of the input price, Anthropic's 5-minute cache
_BATCH = " batch"  # ends the version of a price that was paid for a provider batch
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, from a day on."""

    provider: str
    model: str
    since: date
    input: Decimal
    cached: Decimal
    output: Decimal
    batch: Decimal  # share of the price that a call in a provider batch costs
    above_input_tokens: int | None = None
    input_above: Decimal | None = None
    output_above: Decimal | None = None

    @property
    def version(self) -> str:
        """Names the entry, for the ledger: history keeps the price it was paid at."""
        return f"{self.provider}:{self.model}@{self.since.isoformat()}"

    def cost(self, usage: Usage) -> Decimal:
        """USD of one call."""
        long = self.above_input_tokens is not None and usage.input_tokens > self.above_input_tokens
        into = self.input_above if long and self.input_above is not None else self.input
        out = self.output_above if long and self.output_above is not None else self.output
        fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        total = (
            fresh * into
            + usage.cached_tokens * self.cached * (into / self.input)
            + usage.cache_write_tokens * into * _CACHE_WRITE
            + usage.output_tokens * out
        )
        return total / _MILLION


def _price(entry: dict[str, Any], batch: str) -> Price:
    def money(key: str) -> Decimal | None:
        return Decimal(str(entry[key])) if key in entry else None

    into, cached, out = money("input"), money("cached"), money("output")
    assert into is not None
    assert cached is not None
    assert out is not None
    return Price(
        provider=entry["provider"],
        model=entry["model"],
        since=date.fromisoformat(entry["from"]),
        input=into,
        cached=cached,
        output=out,
        batch=Decimal(str(entry.get("batch", batch))),
        above_input_tokens=entry.get("above_input_tokens"),
        input_above=money("input_above"),
        output_above=money("output_above"),
    )


@cache
def _prices() -> tuple[Price, ...]:
    text = (Path(__file__).parent / "prices.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return tuple(_price(entry, data["batch"][entry["provider"]]) for entry in data["prices"])


@cache
def price_of(provider: str, model: str, day: date) -> Price | None:
    """The price in force on `day`; None when there is no entry. A dated snapshot has its family's price."""
    family = re.sub(r"-(\d{8}|\d{4}-\d{2}-\d{2})$", "", model)
    fitting = [p for p in _prices() if p.provider == provider and p.model in {model, family} and p.since <= day]
    return max(fitting, key=lambda p: p.since, default=None)


def cost_of(
    provider: str, model: str, usage: Usage, day: date, *, batch: bool = False
) -> tuple[Decimal | None, str | None]:
    """(USD, price version) of a call; (0, 'free') for models that run here, (None, None) when no price is known.

    `batch`: the call came back with a provider batch, which costs less.
    """
    if provider in FREE_PROVIDERS:
        return Decimal(0), "free"
    price = price_of(provider, model, day)
    if price is None:
        return None, None
    return (price.cost(usage) * price.batch, price.version + _BATCH) if batch else (price.cost(usage), price.version)


@lru_cache(maxsize=4_096)
def worst_cost(provider: str, model: str, input_tokens: int, output_tokens: int, day: date) -> Decimal | None:
    """The most USD that a call of so many tokens can cost, whatever becomes of caches; None: no price is known."""
    if provider in FREE_PROVIDERS:
        return Decimal(0)
    price = price_of(provider, model, day)
    if price is None:
        return None
    fresh, read, written = (
        Usage(input_tokens, cached, output_tokens, written)
        for cached, written in ((0, 0), (input_tokens, 0), (0, input_tokens if provider == "anthropic" else 0))
    )
    return max(price.cost(usage) for usage in (fresh, read, written))
