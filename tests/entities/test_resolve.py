"""Groups of mentions: blocking, unions with a guard, decisions recorded, the same whatever the order."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.entities.mention import Mention
from crucible_assets.extractions.entities.names import name_of
from crucible_assets.extractions.entities.resolve import Judgement, compare_mentions, decide
from resources.vocabulary import ResolutionMethod
from tests.entities.making import mention


def groups(mentions: list[Mention], judged: bool | None = None) -> list[list[str]]:
    compared = compare_mentions(mentions)
    answers = {pair: Judgement(judged, "asked") for pair in compared.open} if judged is not None else {}
    found, _ = decide(compared, answers)
    return [[compared.mentions[index].name for index in group] for group in found]


def named(*names: str) -> list[Mention]:
    return [mention(name, at * 100) for at, name in enumerate(names)]


def test_one_entity_under_several_spellings():
    mentions = named("Acme GmbH", "Foo Ltd", "ACME GMBH", "Acme", "Foo Limited")
    assert groups(mentions) == [["Acme GmbH", "ACME GMBH", "Acme"], ["Foo Ltd", "Foo Limited"]]


def test_rows_of_one_table_with_equal_names_stay_apart():
    rows = [mention("Widget", at * 50, item=(0, at)) for at in range(3)]
    assert groups(rows) == [["Widget"], ["Widget"], ["Widget"]]


def test_one_row_that_two_chunks_show_is_one_entity():
    rows = [mention("Widget", 50, item=(0, 1), stretch=0), mention("Widget, blue", 50, item=(0, 1), stretch=40)]
    assert groups(rows) == [["Widget", "Widget, blue"]]


def test_two_entities_of_one_row_are_not_made_one_by_the_row():
    rows = [
        mention(name, at, item=(0, 1), stretch=s) for s in (0, 40) for name, at in (("Ann Lee", 50), ("Bo Dahl", 60))
    ]
    assert sorted(map(sorted, groups(rows))) == [["Ann Lee", "Ann Lee"], ["Bo Dahl", "Bo Dahl"]]


def test_a_word_on_a_row_in_prose_joins_one_row_only():
    rows = [*(mention("Widget", at * 50, item=(0, at)) for at in range(2)), mention("Widget", 500)]
    assert sorted(map(len, groups(rows))) == [1, 2]


def test_initials_that_fit_two_people_decide_nothing():
    assert groups(named("J. Smith", "John Smith", "Jane Smith")) == [["J. Smith"], ["John Smith"], ["Jane Smith"]]
    assert groups(named("J. Smith", "John Smith")) == [["J. Smith", "John Smith"]]


def test_a_contradiction_anywhere_in_a_group_keeps_it_apart_even_against_a_model():
    together = groups(named("Acme", "Acme GmbH", "Acme AG"))
    assert ["Acme GmbH", "Acme AG"] not in together and len(together) == 2
    assert not any(
        {"Acme GmbH", "Acme AG"} <= set(group) for group in groups(named("Acme GmbH", "Acme", "Acme AG"), True)
    )


def test_what_only_a_model_can_decide_is_left_apart_until_it_does():
    mentions = named("Acme", "Acme Holdings")
    assert groups(mentions) == [["Acme"], ["Acme Holdings"]]
    assert groups(mentions, judged=True) == [["Acme", "Acme Holdings"]]
    compared = compare_mentions(mentions)
    _, decisions = decide(compared, {pair: Judgement(True, "one firm", "key") for pair in compared.open})
    (decision,) = decisions
    assert (decision.method, decision.same, decision.reason, decision.call_key) == (
        ResolutionMethod.MODEL, True, "one firm", "key",
    )  # fmt: skip


def test_every_join_is_recorded():
    mentions = named("Acme GmbH", "Acme", "ACME", "Foo Ltd", "Foo Limited", "Bar")
    compared = compare_mentions(mentions)
    found, decisions = decide(compared, {})
    joined = sum(len(group) - 1 for group in found)
    assert sum(decision.same for decision in decisions) >= joined > 0
    assert len({(d.left, d.right) for d in decisions}) == len(decisions)
    assert all(d.left < d.right and d.reason for d in decisions)


NAMES = [
    *("Acme", "Acme GmbH", "Acme AG", "ACME Inc.", "J. Smith", "John Smith", "Jane Smith", "Smith, John", "WHO"),
    *("Patient 3", "Patient 8", "patient 3", "World Health Organization", "HP-1001", "HP-1002", "Order HP-1001"),
]
MENTIONS = st.lists(
    st.builds(
        mention,
        st.sampled_from(NAMES),
        st.integers(0, 40).map(lambda n: n * 50) | st.none(),
        st.none() | st.tuples(st.just(0), st.integers(0, 4)),
        st.integers(0, 2),
    ),
    max_size=12,
)


@given(MENTIONS)
def test_no_group_holds_two_identifiers_two_rows_or_two_legal_forms(mentions):
    compared = compare_mentions(mentions)
    for judged in (False, True):
        found, _ = decide(compared, {pair: Judgement(judged, "asked") for pair in compared.open})
        for group in found:
            members = [compared.mentions[index] for index in group]
            for one, other in combinations(members, 2):
                left, right = name_of(one.name), name_of(other.name)
                assert one.item is None or other.item is None or one.item == other.item
                if one.item is None or one.item != other.item:
                    assert not left.strong or not right.strong or left.strong & right.strong
                    assert {one.name, other.name} != {"Acme GmbH", "Acme AG"}


@given(MENTIONS, st.randoms(use_true_random=False))
def test_the_order_of_finding_changes_nothing(mentions, random):
    shuffled = list(mentions)
    random.shuffle(shuffled)
    assert groups(shuffled) == groups(mentions)
    assert decide(compare_mentions(shuffled), {})[1] == decide(compare_mentions(mentions), {})[1]


@given(MENTIONS)
def test_every_mention_is_in_exactly_one_group(mentions):
    compared = compare_mentions(mentions)
    found, _ = decide(compared, {})
    assert sorted(index for group in found for index in group) == list(range(len(mentions)))


@given(MENTIONS.filter(lambda mentions: all(m.item is None for m in mentions)))
def test_finding_everything_twice_gives_the_same_groups(mentions):
    again = [replace(one, stretch=one.stretch + 100) for one in mentions]
    once = sorted(sorted(set(group)) for group in groups(mentions))
    twice = sorted(sorted(set(group)) for group in groups([*mentions, *again]))
    assert twice == once
