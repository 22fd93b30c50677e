"""Keys of rows stay with their entity whatever else is found."""

from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.entities.keys import row_keys

NAMES = st.lists(st.text(max_size=30), max_size=8)


def test_a_key_can_be_read_and_tells_equal_names_apart():
    first, second, third = row_keys(["Acme GmbH", "Widget", "ACME  gmbh"])
    assert first.startswith("acme-gmbh-") and second.startswith("widget-")
    assert third == f"{first}-2"


def test_names_in_other_scripts_have_keys_of_their_own():
    keys = row_keys(["東京大学", "京都大学", "!!!", "???"])
    assert len(set(keys)) == 4 and all(key.isascii() for key in keys)


@given(NAMES)
def test_keys_are_distinct_never_empty_and_the_same_every_time(names):
    keys = row_keys(names)
    assert len(set(keys)) == len(names) and all(keys)
    assert row_keys(names) == keys


@given(NAMES, st.integers(0, 8), st.text(min_size=1, max_size=30))
def test_another_entity_in_the_middle_changes_no_key_of_other_names(names, place, newcomer):
    before = row_keys(names)
    after = row_keys([*names[:place], newcomer, *names[place:]])
    kept = [key for number, key in enumerate(after) if number != min(place, len(names))]
    alike = {key.rsplit("-", 1)[0] for key in row_keys([newcomer])}
    changed = [old for old, new in zip(before, kept, strict=True) if old != new]
    assert all(any(old.startswith(stem) for stem in alike) for old in changed)
