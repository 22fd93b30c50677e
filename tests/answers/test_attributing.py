"""Where a sentence without a citation was taken from."""

from uuid import UUID

import pytest

from crucible_assets.answers.attributing import attributed
from crucible_assets.answers.checking.check import check_words
from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.text.sentences import Said
from resources.statements import Support

SHOWN = {
    1: Shown(1, UUID(int=1), 0, "The library got a new roof in 2021. It was closed until May.", "en"),
    2: Shown(2, UUID(int=2), 40, "The grant for Elm Street came to 7,500 EUR. It was paid on 3 April 2024.", "en"),
}


@pytest.mark.parametrize(
    "text, labels",
    [
        ("The grant for Elm Street was 7,500 euros.", (2,)),
        ("The library received a new roof in 2021.", (1,)),
        ("The grant for Elm Street was 8,500 euros.", ()),  # another number
        ("The grant for Oak Street was 7,500 euros.", ()),  # another name
        ("The mayor opened the swimming pool.", ()),
        ("Yes.", ()),
    ],
)
def test_a_source_that_holds_most_of_it_and_all_its_facts(text, labels):
    assert attributed(Said(text, ()), SHOWN).labels == labels


def test_what_cites_is_left_as_it_is():
    said = Said("The grant for Elm Street was 7,500 euros.", (1,))
    assert attributed(said, SHOWN) is said


def test_it_is_checked_like_a_citation_of_the_models_own():
    found = check_words(attributed(Said("The grant for Elm Street was 7,500 euros.", ()), SHOWN), SHOWN)
    assert (found.support, found.citations[0].document_id) == (Support.UNCHECKED, UUID(int=2))
    copied = check_words(attributed(Said("It was paid on 3 April 2024.", ()), SHOWN), SHOWN)
    assert (copied.support, copied.citations[0].start) == (Support.SUPPORTED, 84)
