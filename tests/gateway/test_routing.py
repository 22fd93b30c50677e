"""The weighted choice between models: shares, stability, and what is refused."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.models.decisions.routing import check_weights, choose_arm, first_then_rest

ARMS = ["openai:a", "openai:b", "anthropic:c"]
weights_of = st.dictionaries(st.sampled_from(ARMS), st.floats(0.05, 10), min_size=1)


@settings(max_examples=25, deadline=None)
@given(weights_of, st.integers(0, 10**6))
def test_each_arm_gets_its_share(weights: dict[str, float], seed: int) -> None:
    units = [f"{seed} {number}" for number in range(2_000)]
    chosen = [choose_arm(unit, weights) for unit in units]
    for arm, weight in weights.items():
        share = weight / sum(weights.values())
        spread = math.sqrt(share * (1 - share) / len(units))
        assert abs(chosen.count(arm) / len(units) - share) <= 6 * spread + 1e-9  # 1 in 10^9 by chance


@settings(deadline=None)
@given(weights_of, st.text(max_size=40), st.permutations(ARMS))
def test_the_choice_is_the_units_alone(weights: dict[str, float], unit: str, order: list[str]) -> None:
    mixed = {arm: weights[arm] for arm in order if arm in weights}
    assert choose_arm(unit, weights) == choose_arm(unit, mixed)


@settings(deadline=None)
@given(weights_of, st.sampled_from(ARMS), st.floats(0.05, 10), st.text(max_size=40))
def test_another_weight_moves_units_only_to_or_from_its_own_arm(
    weights: dict[str, float], arm: str, weight: float, unit: str
) -> None:
    before, after = choose_arm(unit, weights), choose_arm(unit, {**weights, arm: weight})
    assert before == after or arm in (before, after)


def test_an_arm_of_weight_nothing_is_never_chosen() -> None:
    assert {choose_arm(str(n), {"openai:a": 0, "openai:b": 1e-9}) for n in range(200)} == {"openai:b"}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"openai:z": 1}, "none of the models"),
        ({"openai:a": -1}, "0 or more"),
        ({"openai:a": math.inf}, "0 or more"),
        ({"openai:a": 0}, "At least one"),
    ],
)
def test_weights_that_choose_nothing_are_refused(weights: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_weights(weights, ARMS)


def test_the_first_choice_comes_before_the_fallback_order() -> None:
    assert first_then_rest("c", ["a", "b", "c", "d"]) == ("c", "a", "b", "d")
