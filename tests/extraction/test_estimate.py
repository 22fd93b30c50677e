"""Estimates: what is said before a run is what the run costs."""

from decimal import Decimal

import pytest

from crucible_assets.extractions.asset import spread
from crucible_assets.extractions.estimate import estimate
from crucible_assets.partitions import ProjectKey
from resources.project import ProjectSettings
from tests.extraction.bench import TENANT, Bench, make_bench
from tests.extraction.test_flow import VARIABLES, contract

SPEC = "openai:gpt-4.1-mini"


@pytest.fixture
def study(settings, database, model_server, tmp_path):
    documents = {f"c{n:02d}.txt": contract(n) * (1 + n % 4) for n in range(24)}
    required = {**VARIABLES[0], "name": "notary", "validation": {"required": True}}  # is asked for twice
    return make_bench(settings, database, model_server, tmp_path, documents, [*VARIABLES, required])


def look(study: Bench, most: int = 50):
    return estimate(study.installation, ProjectKey(TENANT, study.project.id), study.project, SPEC, most)


def cost(study: Bench) -> Decimal:
    return sum((call.cost_usd for call in study.calls()), Decimal(0))


@pytest.mark.parametrize("per_call", [1, 4])
@pytest.mark.parametrize("most", [5, 50])
def test_after_a_sample_the_estimate_is_what_the_full_run_costs(study, per_call, most):
    study.change(settings=ProjectSettings(variables_per_call=per_call))
    study.fill(documents=spread(study.run().documents, 6))
    before = cost(study)
    said = look(study, most)
    assert said.finished == 6
    assert "6 finished documents" in said.basis
    study.fill()
    real = cost(study) - before
    assert said.ways[0].cost_usd == pytest.approx(real, rel=Decimal("0.1"))
    assert look(study).ways[0].cost_usd == 0


def test_without_a_sample_the_estimate_says_what_it_assumes_and_compares_the_ways(study):
    said = look(study)
    assert "assumed" in said.basis
    ways = {way.name: way for way in said.ways}
    assert list(ways) == [
        "as configured",
        "7 variables in a call",
        "without the provider's cache",
        "in provider batches",
    ]
    alone, together = ways["as configured"], ways["7 variables in a call"]
    assert alone.count.calls == 24 * 7
    assert together.count.calls < alone.count.calls / 2
    dear = ways["without the provider's cache"]
    assert together.cost_usd < alone.cost_usd < dear.cost_usd
    assert ways["in provider batches"].cost_usd == pytest.approx(dear.cost_usd / 2)


def test_a_model_without_a_price_has_no_cost(study):
    key = ProjectKey(TENANT, study.project.id)
    assert estimate(study.installation, key, study.project, "openai:nobody-knows", 3).ways[0].cost_usd is None
