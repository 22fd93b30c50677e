"""Merging the answers of chunks, and the rules on values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.coercion.absent import says_absent
from crucible_assets.extractions.merge import merge_chunks
from crucible_assets.extractions.validation import violations
from resources.vocabulary import ChunkMerge, IfMultipleValues, ValidationRules, Variable, VariableType

ABSENT = Answer(False, (), 0.9)


def variable(policy: IfMultipleValues, merge: ChunkMerge | None = None, type_: str = "TEXT", **keys: Any) -> Variable:
    return Variable("x", VariableType(type_), "", if_multiple_values=policy, merge_chunks=merge, **keys)


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


def test_the_value_that_most_chunks_give_goes_first_in_whatever_spelling() -> None:
    answers = [
        found(Item("7 May 2020", "q1", 0.9)),
        ABSENT,
        found(Item("2020-05-08", None, 0.2)),
        found(Item("May 8, 2020", "q2", 0.3)),
    ]
    asked = variable(IfMultipleValues.FIRST, ChunkMerge.AGREEMENT, "DATE")
    assert values(merge_chunks(answers, asked)) == ["May 8, 2020", "2020-05-08", "7 May 2020"]


def test_a_chunk_that_repeats_itself_counts_once_and_ties_go_to_the_better_evidence() -> None:
    asked = variable(IfMultipleValues.FIRST, ChunkMerge.AGREEMENT)
    repeated = [found(Item("a", "q", 0.4), Item("A", "q", 0.4)), found(Item("b", "q", 0.8))]
    assert values(merge_chunks(repeated, asked)) == ["b", "a", "A"]
    tied = [found(Item("a", None, 0.9)), found(Item("b", "q", 0.5)), found(Item("c", "q", 0.5))]
    assert values(merge_chunks(tied, asked)) == ["b", "c", "a"]


def test_the_stated_merge_goes_before_the_policy_for_several_values() -> None:
    answers = [found(Item("a", "q", 0.4)), found(Item("b", "q", 0.9))]
    best = variable(IfMultipleValues.FIRST, ChunkMerge.BEST_EVIDENCE)
    first = variable(IfMultipleValues.MOST_CONFIDENT, ChunkMerge.FIRST)
    assert values(merge_chunks(answers, best)) == ["b", "a"]
    assert values(merge_chunks(answers, first)) == ["a", "b"]


@pytest.mark.parametrize(
    ("type_", "spellings", "kept"),
    [
        ("NUMBER", ["1,000", 1000, "1000.0", "one thousand", "1,001"], ["1,000", "1,001"]),
        ("DATE", ["3 March 2021", "2021-03-03", "2021-03", "3. März 2021"], ["3 March 2021", "2021-03"]),
        ("TEXT", ["Acme, Ltd.", "ACME Ltd", "Acme\u00a0Ltd", "Acme Inc"], ["Acme, Ltd.", "Acme Inc"]),
        ("CATEGORY", ["full time", "Full-time", "Part-time"], ["full time", "Part-time"]),
    ],
)
def test_equal_values_in_other_spellings_are_kept_once(type_: str, spellings: list[Any], kept: list[Any]) -> None:
    rules = {"classification_rules": {"Full-time": "", "Part-time": ""}} if type_ == "CATEGORY" else {}
    asked = variable(IfMultipleValues.ALL, None, type_, **rules)
    answers = [found(Item(spelling, "q", 0.5)) for spelling in spellings]
    assert values(merge_chunks(answers, asked, language="en")) == kept


def test_what_may_be_two_numbers_is_not_taken_for_one() -> None:
    answers = [found(Item("1.234", "q")), found(Item(1.234, "q"))]
    asked = variable(IfMultipleValues.ALL, None, "NUMBER")
    assert len(merge_chunks(answers, asked).items) == 2
    assert len(merge_chunks(answers, asked, language="en").items) == 1


def test_a_list_is_merged_as_stated() -> None:
    answers = [
        found(Item("x", None, 0.9)),
        found(Item("a", "q", 0.3), Item("b", "q", 0.5)),
        found(Item("c", "q", 0.9), Item("B", "q", 0.4)),
    ]

    def merged(merge: ChunkMerge) -> list[Any]:
        return values(merge_chunks(answers, variable(IfMultipleValues.ALL, merge)))

    assert merged(ChunkMerge.ALL) == ["x", "a", "b", "c"]
    assert merged(ChunkMerge.FIRST) == ["a", "b"]
    assert merged(ChunkMerge.BEST_EVIDENCE) == ["c", "b", "a", "x"]
    assert merged(ChunkMerge.AGREEMENT) == ["b", "c", "a", "x"]


ITEMS = st.builds(
    Item,
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.sampled_from(["a", "A", "1", "2020"]),
    st.none() | st.just("q"),
    st.none() | st.floats(0, 1),
)


@given(
    st.lists(
        st.lists(ITEMS, max_size=3).map(lambda items: Answer(bool(items), tuple(items))), min_size=1, max_size=4
    ),
    st.sampled_from(list(VariableType)),
    st.sampled_from(list(IfMultipleValues)),
    st.none() | st.sampled_from(list(ChunkMerge)),
)
def test_merging_makes_nothing_up(
    answers: list[Answer], type_: VariableType, policy: IfMultipleValues, merge: ChunkMerge | None
) -> None:
    asked = variable(policy, merge, type_.value)
    merged = merge_chunks(answers, asked)
    given_items = [item for answer in answers for item in answer.items]
    assert all(item in given_items for item in merged.items)
    assert merged.found == bool(merged.items)
    if merged.found and not asked.multiple:
        assert len(merged.items) == sum(
            not says_absent(str(i.value)) or not isinstance(i.value, str) for i in given_items
        )


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
        ("NUMBER", {"allowed_values": ("1", "2.5")}, 1.0, None),
        ("NUMBER", {"allowed_values": ("1", "2.5")}, 2.4, "not one of the allowed values"),
        ("DATE", {"allowed_values": ("2020-05-01",)}, "2020", None),
        ("DATE", {"allowed_values": ("2020-05",)}, "2020-05-31", None),
        ("DATE", {"allowed_values": ("2020-05", "2021")}, "2020-06", "not one of the allowed values"),
        ("DATE", {"earliest": "2019-06-15", "latest": "2019-06-20"}, "2019-06", None),
        ("DATE", {"earliest": "2019-06-15", "latest": "2019-06-20"}, "2019-07", "after"),
        ("DATE", {"earliest": "2019-06-15"}, "9999", None),
        ("JSON", {"pattern": r'\{"a": 1\}'}, {"a": 1}, None),
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
