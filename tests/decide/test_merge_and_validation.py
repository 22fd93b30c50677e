"""Merging the answers of chunks, and the rules on values."""

from typing import Any

import pytest

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.merge import merge_chunks
from crucible_assets.extractions.validation import violations
from resources.vocabulary import IfMultipleValues, ValidationRules, Variable, VariableType

ABSENT = Answer(False, (), 0.9)


def variable(policy: IfMultipleValues) -> Variable:
    return Variable("x", VariableType.TEXT, "", if_multiple_values=policy)


def found(*items: Item) -> Answer:
    return Answer(True, items)


def values(answer: Answer) -> list[Any]:
    return [item.value for item in answer.items]


def test_found_beats_absent_in_the_order_of_the_chunks() -> None:
    answers = [ABSENT, found(Item("a", "qa", 0.5)), ABSENT, found(Item("b", "qb", 0.9))]
    assert values(merge_chunks(answers, variable(IfMultipleValues.FIRST))) == ["a", "b"]
    assert values(merge_chunks(answers, variable(IfMultipleValues.MOST_CONFIDENT))) == ["b", "a"]


def test_a_value_with_a_quote_goes_before_one_without() -> None:
    answers = [found(Item("a", None, 0.9)), found(Item("b", "qb", 0.5))]
    for policy in (IfMultipleValues.FIRST, IfMultipleValues.MOST_CONFIDENT):
        assert values(merge_chunks(answers, variable(policy))) == ["b", "a"]


def test_absent_everywhere_is_as_sure_as_the_least_sure_chunk() -> None:
    merged = merge_chunks([ABSENT, Answer(False, (), 0.4), Answer(False)], variable(IfMultipleValues.FIRST))
    assert merged == Answer(False, (), 0.4)
    assert not merge_chunks([found(Item("n/a"))], variable(IfMultipleValues.FIRST)).found


def test_lists_are_joined_without_repeats_and_with_the_better_evidence() -> None:
    answers = [
        found(Item("Acme", None, 0.9), Item("Beta", "qb", 0.5)),
        found(Item("ACME", "by ACME", 0.4), Item("C")),
    ]
    merged = merge_chunks(answers, variable(IfMultipleValues.ALL))
    assert merged.items == (Item("ACME", "by ACME", 0.4), Item("Beta", "qb", 0.5), Item("C"))


def test_values_are_looked_for_in_their_own_chunk() -> None:
    merged = merge_chunks([found(Item("a")), found(Item("b"))], variable(IfMultipleValues.FIRST), starts=[0, 500])
    assert [item.near for item in merged.items] == [0, 500]


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(ValueError, match="x"):
        merge_chunks([], variable(IfMultipleValues.FIRST))


@pytest.mark.parametrize(
    ("type_", "rules", "value", "words"),
    [
        ("NUMBER", {"minimum": 1, "maximum": 5}, 3, None),
        ("NUMBER", {"minimum": 1}, 0.5, "below the minimum 1"),
        ("NUMBER", {"maximum": 5}, 6, "above the maximum 5"),
        ("DATE", {"earliest": "2019-06-01"}, "2019", None),
        ("DATE", {"earliest": "2019-06-01"}, "2019-05", "before"),
        ("DATE", {"latest": "2019-06"}, "2019-06-30", None),
        ("DATE", {"latest": "2019-06"}, "2019-07-01", "after"),
        ("TEXT", {"pattern": r"[A-Z]{2}\d+"}, "AB12", None),
        ("TEXT", {"pattern": r"[A-Z]{2}\d+"}, "xAB12", "does not match"),
        ("TEXT", {"pattern": r"("}, "a", "no regular expression"),
        ("TEXT", {"allowed_values": ("a", "b")}, "b", None),
        ("TEXT", {"allowed_values": ("a", "b")}, "c", "not one of the allowed values"),
        ("BOOLEAN", {"allowed_values": ("true",)}, True, None),
        ("BOOLEAN", {"minimum": 5}, True, None),
        ("NUMBER", {"required": True}, None, None),
    ],
)
def test_a_value_keeps_the_rules_or_the_violation_is_said(
    type_: str, rules: dict[str, Any], value: Any, words: str | None
) -> None:
    said = violations(value, Variable("x", VariableType(type_), "", validation=ValidationRules(**rules)))
    assert len(said) == (words is not None)
    assert words is None or words in said[0]
