"""Limits as an installation states them: `openai:gpt-4.1-mini=500rpm,200000tpm; anthropic:*=50rpm`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from resources.models.decisions.limits import UNLIMITED, Limit

_AMOUNT = re.compile(r"([1-9]\d*)(rpm|tpm)")
_EXAMPLE = "openai:gpt-4.1-mini=500rpm,200000tpm; anthropic:*=50rpm"


@dataclass(frozen=True, slots=True)
class LimitRule:
    """The limit of one model, or of each model of a provider (`model` is '*')."""

    provider: str
    model: str
    limit: Limit


def parse_limits(text: str) -> tuple[LimitRule, ...]:
    """Rules from text, '' for none. Raises ValueError that says which rule cannot be read and how one looks."""
    rules = tuple(_rule(part.strip()) for part in text.split(";") if part.strip())
    named = [(rule.provider, rule.model) for rule in rules]
    twice = [f"{provider}:{model}" for provider, model in named if named.count((provider, model)) > 1]
    if twice:
        raise ValueError(f"There are two limits for {twice[0]}.")
    return rules


def _rule(text: str) -> LimitRule:
    spec, _, amounts = text.rpartition("=")
    provider, _, model = spec.strip().partition(":")
    found: dict[str, int] = {}
    for amount in amounts.split(","):
        read = _AMOUNT.fullmatch(amount.strip())
        if read is None or read[2] in found:
            raise ValueError(f"{text!r} is no limit. It looks like this: {_EXAMPLE}")
        found[read[2]] = int(read[1])
    if not provider or not model:
        raise ValueError(f"{text!r} names no provider and model. It looks like this: {_EXAMPLE}")
    return LimitRule(provider, model, Limit(found.get("rpm"), found.get("tpm")))


def limit_for(rules: Sequence[LimitRule], provider: str, model: str) -> Limit:
    """The limit stated for a model: its own rule, else its provider's."""
    for wanted in (model, "*"):
        for rule in rules:
            if rule.provider == provider and rule.model == wanted:
                return rule.limit
    return UNLIMITED
