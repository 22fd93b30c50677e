"""What is known of models without asking any of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from resources.database.repositories.lane_lists import LaneRow
from resources.models.decisions.breaker import Phase, open_seconds
from resources.models.decisions.lane import from_json
from resources.models.decisions.limit_rules import LimitRule, limit_for
from resources.models.decisions.limits import Limit
from resources.models.errors import ModelMissingError
from resources.models.prices import FREE_PROVIDERS, price_of
from resources.models.providers.choose import describe, parse_spec
from sidecar.models.schemas import (
    Available,
    EmbeddingCard,
    ModelCard,
    ModelHealth,
    ModelKind,
    ModelLimits,
    ModelPrice,
)
from sidecar.usage.money import money

_MINUTE = 60
_KINDS = {"local": ModelKind.READER, "gguf": ModelKind.FILE}
LOCAL_EMBEDDING = "multilingual-e5-small-int8"


@cache
def priced_models() -> tuple[str, ...]:
    """'provider:model' of every model with a price, in the order of the list."""
    text = (files("resources.models") / "prices.json").read_text(encoding="utf-8")
    return tuple(dict.fromkeys(f"{entry['provider']}:{entry['model']}" for entry in json.loads(text)["prices"]))


def named_by_projects(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The projects that name each model, by 'provider:model'; `settings` are those stored, by project."""
    named: dict[str, list[str]] = {}
    for project, chosen in sorted(settings.items()):
        second = chosen.get("verification_model")
        specs = [*(chosen.get("models") or ()), *(chosen.get("routes") or ()), *([second] if second else [])]
        for spec in dict.fromkeys(known_as(spec) for spec in specs):
            named.setdefault(spec, []).append(project)
    return named


def known_as(spec: str) -> str:
    """The one way to write a spec: `openai` is `openai:<its usual model>`. What cannot be read stays as it is."""
    try:
        provider, model = parse_spec(spec)
    except ModelMissingError:
        return spec
    return provider if provider == "local" else f"{provider}:{model}"


def survey(
    installed: Sequence[str],
    projects: Mapping[str, list[str]],
    rules: Sequence[LimitRule],
    lanes: Mapping[str, LaneRow],
    embedding: str,
    env: Mapping[str, str],
    now: float,
) -> Available:
    """Every model that there is something to say about. `projects` is by spec, `now` in Unix seconds."""
    order = {known_as(spec): place for place, spec in enumerate(installed, 1)}
    specs = dict.fromkeys((*order, *projects, *priced_models(), "local"))
    today = datetime.fromtimestamp(now, UTC).date()
    cards = [
        _card(spec, order.get(spec), projects.get(spec, []), rules, lanes.get(spec), env, today, now)
        for spec in specs
        if _readable(spec)
    ]
    return Available(models=cards, embedding=_embedding(embedding, env))


def _readable(spec: str) -> bool:
    try:
        parse_spec(spec)
    except ModelMissingError:
        return False
    return True


def _card(
    spec: str,
    order: int | None,
    projects: Iterable[str],
    rules: Sequence[LimitRule],
    lane: LaneRow | None,
    env: Mapping[str, str],
    today: date,
    now: float,
) -> ModelCard:
    provider, model = parse_spec(spec)
    kind = _KINDS.get(provider, ModelKind.PROVIDER)
    missing = _missing(provider, model, env)
    return ModelCard(
        spec=spec,
        title=f"gguf:{Path(model).name}" if kind is ModelKind.FILE else describe(spec),
        kind=kind,
        provider=provider,
        order=order,
        projects=list(projects),
        usable=missing is None,
        missing=missing,
        price=_price(provider, model, today),
        context_tokens=None,
        limits=_limits(limit_for(rules, provider, model)),
        health=None if lane is None else health_of(lane, now),
    )


def _missing(provider: str, model: str, env: Mapping[str, str]) -> str | None:
    """What a model needs and does not have; never what it has."""
    if provider == "gguf":
        return None if Path(model).expanduser().is_file() else "the file"
    if provider == "anthropic" and not env.get("ANTHROPIC_API_KEY"):
        return "ANTHROPIC_API_KEY"
    if provider == "openai" and not (env.get("OPENAI_API_KEY") or env.get("OPENAI_BASE_URL")):
        return "OPENAI_API_KEY"
    return None


def _price(provider: str, model: str, today: date) -> ModelPrice | None:
    if provider in FREE_PROVIDERS:
        return ModelPrice(
            version="free",
            since=None,
            input="0",
            cached_input="0",
            output="0",
            batch_share="1",
            above_input_tokens=None,
            input_above=None,
            output_above=None,
        )
    price = price_of(provider, model, today)
    if price is None:
        return None
    return ModelPrice(
        version=price.version,
        since=price.since,
        input=_text(price.input),
        cached_input=_text(price.cached),
        output=_text(price.output),
        batch_share=_text(price.batch),
        above_input_tokens=price.above_input_tokens,
        input_above=money(price.input_above),
        output_above=money(price.output_above),
    )


def _text(amount: Decimal) -> str:
    text = money(amount)
    assert text is not None
    return text


def _limits(limit: Limit) -> ModelLimits:
    return ModelLimits(requests=limit.requests, tokens=limit.tokens)


def health_of(lane: LaneRow, now: float) -> ModelHealth:
    """What a stored lane says at a moment (Unix seconds, by the database's clock)."""
    state = from_json(lane.breaker, lane.limits)
    breaker, usage = state.breaker, state.usage
    closed = breaker.phase is Phase.CLOSED
    opened = None if closed else breaker.open_until - open_seconds(breaker.openings)

    def taken(amounts: Sequence[tuple[int, int]]) -> int | None:
        return sum(number for at, number in amounts if at > now - _MINUTE) if amounts else None

    return ModelHealth(
        breaker=breaker.phase,
        since=None if opened is None else _moment(opened),
        until=_moment(breaker.open_until) if breaker.phase is Phase.OPEN and breaker.open_until > now else None,
        reason=breaker.reason or None,
        failures_in_a_row=len(breaker.failures),
        paused_until=_moment(usage.paused_until) if usage.paused_until > now else None,
        told_limits=_limits(usage.told),
        taken_requests=taken(usage.requests),
        taken_tokens=taken(usage.tokens),
        changed_at=lane.updated_at,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _embedding(spec: str, env: Mapping[str, str]) -> EmbeddingCard:
    if spec == "local":
        return EmbeddingCard(spec=spec, name=LOCAL_EMBEDDING, usable=True, missing=None)
    there = bool(env.get("OPENAI_API_KEY"))
    name = spec.removeprefix("openai:")
    return EmbeddingCard(spec=spec, name=name, usable=there, missing=None if there else "OPENAI_API_KEY")
