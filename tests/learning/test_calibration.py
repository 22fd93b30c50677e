"""Calibration curves: rising, bounded, honest about how much there is, and better than nothing."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.learning.calibration import (
    FEWEST_LABELS,
    IDENTITY,
    ISOTONIC_FROM,
    Curve,
    Curves,
    Scored,
    calibrated,
    fit,
    fit_curves,
    isotonic,
)
from crucible_assets.learning.reliability import Improvement, improvements, reliability
from resources.vocabulary import CalibrationMethod, Claim

SHARES = st.floats(0, 1)
LABELLED = st.lists(st.builds(Scored, SHARES, st.sampled_from([0.0, 0.5, 1.0])), max_size=160)


@settings(deadline=None, max_examples=60)
@given(LABELLED, st.lists(SHARES, min_size=2, max_size=20))
def test_every_curve_rises_and_stays_between_0_and_1(scored, confidences):
    curve = fit(scored, IDENTITY)
    given_ = [calibrated(c, curve) for c in sorted(confidences)]
    assert all(a <= b for a, b in pairwise(given_))
    if curve.points:
        assert all(0 < c < 1 for c in given_)
    else:
        assert given_ == sorted(confidences)


@settings(deadline=None, max_examples=60)
@given(LABELLED)
def test_the_same_labels_in_any_order_give_the_same_curve(scored):
    assert fit(scored, IDENTITY).points == pytest.approx(fit(scored[::-1], IDENTITY).points, abs=1.1e-4)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(SHARES, st.sampled_from([0.0, 1.0])), min_size=1, max_size=25))
def test_the_isotonic_curve_is_the_least_squares_fit_of_rising_steps(pairs):
    """Against the max-min formula of isotonic regression (Barlow et al. 1972), at confidences on the grid."""
    rounded = sorted((round(c, 2), o) for c, o in pairs)
    x, y = np.array([c for c, _ in rounded]), np.array([o for _, o in rounded])
    curve, edge = isotonic(x, y), 1 / (len(x) + 2)
    levels = np.unique(x)
    for level in levels:
        means = [
            max(y[(x >= low) & (x <= high)].mean() for low in levels if low <= level)
            for high in levels
            if high >= level
        ]
        expected = float(np.clip(min(means), edge, 1 - edge))
        block = [lv for lv in levels if _height(levels, x, y, lv) == pytest.approx(min(means))]
        if len(block) == 1:  # a block of one level: the curve passes through its mean there
            assert curve[round(level * 100)] == pytest.approx(expected)


def _height(levels, x, y, level):
    return min(
        max(y[(x >= low) & (x <= high)].mean() for low in levels if low <= level) for high in levels if high >= level
    )


def test_without_labels_nothing_is_changed():
    assert fit([], IDENTITY) == IDENTITY
    assert [calibrated(c, IDENTITY) for c in (0.0, 0.37, 1.0)] == [0.0, 0.37, 1.0]


def test_below_a_handful_of_labels_the_pooled_curve_stands_and_says_so():
    few = [Scored(0.9, 0.0)] * (FEWEST_LABELS - 1)
    pooled = fit([Scored(0.9, 0.0)] * 30, IDENTITY)
    assert fit(few, pooled) == Curve(pooled.points, CalibrationMethod.POOLED, 4)
    assert fit(few, IDENTITY) == Curve((), CalibrationMethod.IDENTITY, 4)


def test_the_method_follows_the_amount_of_data():
    mixed = [Scored(i / ISOTONIC_FROM, float(i % 3 > 0)) for i in range(ISOTONIC_FROM)]
    assert fit(mixed, IDENTITY).method is CalibrationMethod.ISOTONIC
    assert fit(mixed[:-1], IDENTITY).method is CalibrationMethod.PLATT
    right = [Scored(0.9, 1.0)] * (2 * ISOTONIC_FROM)
    assert fit(right, IDENTITY).method is CalibrationMethod.PLATT, "no step curve from outcomes of one kind"


def test_a_variable_with_few_labels_stays_near_the_pooled_curve_and_leaves_it_with_many():
    others = [Scored(0.9, float(i % 10 > 0)) for i in range(400)]  # 90 % right at 0.9
    distance = []
    for number in (8, 40, 200):
        curves = fit_curves({"others": others, "own": [Scored(0.9, float(i % 2)) for i in range(number)]})
        distance.append(calibrated(0.9, curves["own"]))
    assert distance[0] > distance[1] > distance[2]
    assert distance[0] > 0.7
    assert distance[2] == pytest.approx(0.5, abs=0.06)


def test_a_curve_of_one_model_is_not_applied_to_another():
    own, pooled = Curve(IDENTITY.points, labels=1), fit([Scored(0.9, 0.0)] * 9, IDENTITY)
    curves = Curves({("a:b", "price", Claim.STATED): own, ("a:b", "", Claim.STATED): pooled})
    assert curves.curve("price", "a:b") is own
    assert curves.curve("other", "a:b") is pooled
    assert curves.curve("price", "a:b", Claim.ABSENT) is IDENTITY
    assert curves.curve("price", "c:d") is IDENTITY
    assert curves.curve("price", None) is IDENTITY


def test_the_version_of_a_variable_changes_with_its_curve_only():
    pooled = fit([Scored(0.9, 0.0)] * 9, IDENTITY)
    price, other = fit([Scored(0.8, 0.0)] * 9, pooled), fit([Scored(0.7, 1.0)] * 9, pooled)
    stated = Claim.STATED
    before = Curves({("m", "", stated): pooled, ("m", "price", stated): price, ("m", "other", stated): price})
    after = Curves({("m", "", stated): pooled, ("m", "price", stated): price, ("m", "other", stated): other})
    assert before.version("price") == after.version("price") != ""
    assert before.version("other") != after.version("other")
    assert before.version("new") == after.version("new"), "a variable without labels has the pooled curve"
    assert Curves({}).version("price") == ""


def test_a_curve_that_is_none_is_refused():
    with pytest.raises(ValueError, match="rising"):
        Curve((0.5,) * 100 + (0.4,))


def overconfident(random, number, documents=40):
    """Cells whose true share of right ones is confidence ** 3, with confidences as models give them."""
    confidences = random.beta(6, 1.2, size=number)
    outcomes = random.random(number) < confidences**3
    return [
        Scored(float(c), float(o), f"d{i % documents}")
        for i, (c, o) in enumerate(zip(confidences, outcomes, strict=True))
    ]


def test_calibration_takes_most_of_the_error_of_overconfident_scores():
    for number, share in ((60, 0.6), (400, 0.35)):
        before, after = [], []
        for seed in range(8):
            random = np.random.default_rng(seed)
            train, test = overconfident(random, number), overconfident(random, 4000)
            curve = fit(train, IDENTITY)
            before.append(reliability(test).ece)
            after.append(reliability([Scored(calibrated(i.confidence, curve), i.outcome) for i in test]).ece)
        assert np.mean(after) < share * np.mean(before), number


def test_ten_labels_do_no_harm_to_scores_that_are_right_already():
    harm = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        confidences = random.beta(6, 1.2, size=4010)
        items = [Scored(float(c), float(random.random() < c)) for c in confidences]
        curve = fit(items[:10], IDENTITY)
        before = reliability(items[10:]).brier
        after = reliability([Scored(calibrated(i.confidence, curve), i.outcome) for i in items[10:]]).brier
        harm.append(after - before)
    assert np.mean(harm) < 0.003
    assert max(harm) < 0.02


def test_ten_labels_already_help_scores_that_are_far_off():
    gain = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        items = [Scored(0.95, float(random.random() < 0.5)) for _ in range(1010)]
        curve = fit(items[:10], IDENTITY)
        gain.append(abs(calibrated(0.95, curve) - 0.5))
    assert np.mean(gain) < 0.30, "from a distance of 0.45"


def test_figures_after_calibration_are_cross_validated():
    """Outcomes that are noise: a curve measured on its own labels would look better than it is."""
    random = np.random.default_rng(1)
    noise = [
        Scored(float(c), float(o), f"d{i}")
        for i, (c, o) in enumerate(zip(random.random(150), random.random(150) < 0.5, strict=True))
    ]
    curve = fit(noise, IDENTITY)
    in_sample = reliability([Scored(calibrated(i.confidence, curve), i.outcome) for i in noise]).brier
    found = improvements({"x": noise})["x"]
    assert found.after.brier > in_sample
    assert found.after.brier < found.before.brier


def test_reliability_counts_every_label_once():
    items = [Scored(1.0, 1.0), Scored(0.95, 0.0), Scored(0.0, 0.0), Scored(0.55, 0.5)]
    found = reliability(items)
    assert [(b.low, b.count) for b in found.bins] == [(0.0, 1), (0.5, 1), (0.9, 2)]
    assert found.accuracy == 0.375
    assert found.ece == pytest.approx((0 + 0.05 + 2 * (0.975 - 0.5)) / 4)
    assert found.brier == pytest.approx((0 + 0.95**2 + 0 + 0.05**2) / 4)
    assert all(b.interval[0] <= b.accuracy <= b.interval[1] for b in found.bins)
    assert reliability([]) is None


def test_figures_come_back_from_json():
    found = improvements({"x": [Scored(0.9, 1.0, f"d{i}") for i in range(12)], "y": []})
    assert {name: Improvement.from_json(item.as_json()) for name, item in found.items()} == found
    assert found["y"] == Improvement(None, None)
