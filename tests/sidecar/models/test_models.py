"""Models: what is known of them without asking, and no secret among it."""

import time

import pytest
import sqlalchemy as sa

from resources.database.repositories.lane_lists import LaneRow
from resources.database.tables import lanes
from resources.embedding.convert import MODEL_NAME
from resources.models.decisions import breaker as breakers
from resources.models.decisions.failures import Health
from resources.models.decisions.lane import LaneState, to_json
from resources.models.decisions.limit_rules import parse_limits
from resources.models.decisions.limits import Limit, Usage
from sidecar.models.survey import LOCAL_EMBEDDING, health_of, named_by_projects, survey

NOW = 1_800_000_000.0


def cards(client):
    answer = client.get("/v1/models/available")
    assert answer.status_code == 200, answer.text
    return answer, {card["spec"]: card for card in answer.json()["models"]}


def test_every_priced_model_and_the_reader_are_listed_with_decimal_prices(client_as):
    answer, found = cards(client_as("viewer"))
    haiku = found["anthropic:claude-haiku-5-5"]
    assert haiku["price"]["input"] == "0.1"
    assert haiku["price"]["batch_share"] == "0.5"
    assert haiku["price"]["above_input_tokens"] == 100_000
    assert (haiku["usable"], haiku["missing"]) == (False, "ANTHROPIC_API_KEY")
    reader = found["local"]
    assert (reader["order"], reader["usable"], reader["price"]["version"]) == (1, True, "free")
    again = client_as("viewer").get("/v1/models/available", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_no_key_is_ever_told(client_as, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    answer, found = cards(client_as("viewer"))
    assert found["anthropic:claude-haiku-5-5"]["usable"] is True
    assert "very-secret" not in answer.text


def test_the_health_of_a_model_is_that_of_its_newest_lane(client_as, database, tenant):
    state = breakers.CLOSED
    now = time.time()
    for _ in range(5):
        state = breakers.leave(state, None, Health.ILL, now, "overloaded")
    usage = Usage(((int(now) - 5, 3), (int(now) - 500, 9)), ((int(now) - 5, 700),), Limit(50, None), now + 20)
    breaker, limits = to_json(LaneState(state, usage))
    for name, stored in (("old#11111111", {}), ("api#2b3c4d5e", breaker)):
        row = {"lane": f"openai:gpt-4.1-nano@{name}", "breaker": stored, "limits": limits if stored else {}}
        with database.transaction(tenant) as session:
            session.execute(sa.insert(lanes).values(row))
    answer, found = cards(client_as("viewer"))
    health = found["openai:gpt-4.1-nano"]["health"]
    assert (health["breaker"], health["reason"]) == ("open", "overloaded")
    assert (health["taken_requests"], health["taken_tokens"]) == (3, 700)
    assert health["told_limits"] == {"requests": 50, "tokens": None}
    assert health["paused_until"] is not None
    assert "2b3c4d5e" not in answer.text, "not even the hash of a key"
    assert found["openai:gpt-4.1"]["health"] is None


def test_a_lane_that_nobody_used_is_closed():
    from datetime import UTC, datetime

    health = health_of(LaneRow("openai:x", {}, {}, datetime.now(UTC)), NOW)
    assert (health.breaker, health.since, health.until, health.taken_requests) == ("closed", None, None, None)


def test_models_of_the_installation_come_first_then_those_of_projects():
    settings = {
        "b": {"models": ["openai"], "verification_model": "anthropic:new"},
        "a": {"routes": {"openai:gpt-4.1-mini": 1}},
    }
    named = named_by_projects(settings)
    assert named["openai:gpt-4.1-mini"] == ["a", "b"]
    rules = parse_limits("openai:gpt-4.1-mini=500rpm,200000tpm; anthropic:*=50rpm")
    made = survey(["anthropic", "gguf:/nowhere/m.gguf"], named, rules, {}, "openai:e5@3", {}, NOW)
    first, second, third, fourth = made.models[:4]
    assert (first.spec, first.order, first.limits.requests) == ("anthropic:claude-haiku-5-5", 1, 50)
    assert (second.title, second.usable, second.missing) == ("gguf:m.gguf", False, "the file")
    assert (third.spec, third.projects, third.limits.tokens) == ("openai:gpt-4.1-mini", ["a", "b"], 200_000)
    assert (fourth.spec, fourth.price, fourth.order) == ("anthropic:new", None, None), "no price is no price of 0"
    assert (made.embedding.name, made.embedding.usable) == ("e5@3", False)


def test_the_name_of_the_local_embedding_is_that_of_the_model():
    assert LOCAL_EMBEDDING == MODEL_NAME


@pytest.mark.parametrize("role", ["viewer", "researcher", "admin", "service"])
def test_everybody_may_look(client_as, role):
    assert client_as(role).get("/v1/models/available").status_code == 200
