"""What says the same is shown once, what says something else is never merged, nothing is lost."""

import random
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from resources.search.candidates import gather
from resources.search.differences import Difference, differences, words_of
from resources.search.duplicates import Deduplicated, Likeness, text_hash, without_duplicates
from resources.search.likeness import bands, jaccard, word_shingles
from tests.search.languages import AMOUNTS, NEGATIONS, NUMBER_WORDS, NUMERALS, SPACELESS, TEXTS
from tests.search.made import Hit, hit

GUARDED = {Difference.NUMBERS, Difference.NEGATION}

languages = st.sampled_from(sorted(TEXTS))


def pieces_of(language: str) -> list[str]:
    text = TEXTS[language]
    return [text[at : at + 2] for at in range(0, len(text), 2)] if language in SPACELESS else text.split()


def written(language: str, pieces: list[str]) -> str:
    return "".join(pieces) if language in SPACELESS else " ".join(pieces)


def of(*texts: str) -> Deduplicated[Hit]:
    hits = [hit(text, 1 - place / 100, document=place + 1) for place, text in enumerate(texts)]
    return without_duplicates(gather({"q": hits}))


def shown(result: Deduplicated[Hit]) -> list[str]:
    return [one.candidate.passage.text for one in result.passages]


@st.composite
def inserted(draw: st.DrawFn) -> tuple[str, str]:
    """A text with something that decides at one place, and the same text with another such thing, or none, there."""
    language = draw(languages)
    pieces = pieces_of(language)
    place = draw(st.integers(0, len(pieces)))
    kind = draw(st.sampled_from([NEGATIONS[language], NUMBER_WORDS[language], AMOUNTS]))
    first = draw(st.sampled_from(kind))
    second = draw(st.sampled_from([None, *kind]))
    assume(first != second)
    made = [written(language, [*pieces[:place], *([one] if one else []), *pieces[place:]]) for one in (first, second)]
    return made[0], made[1]


@st.composite
def moved(draw: st.DrawFn) -> tuple[str, str]:
    """A text in which something that decides stands at another place, or two such things are exchanged."""
    language = draw(languages)
    pieces = pieces_of(language)
    one, other = sorted(draw(st.lists(st.integers(0, len(pieces)), min_size=2, max_size=2, unique=True)))
    decisive = draw(st.sampled_from([*NEGATIONS[language], *NUMBER_WORDS[language], *AMOUNTS]))
    exchanged = draw(st.sampled_from([None, *NEGATIONS[language], *AMOUNTS]))
    assume(decisive != exchanged)

    def with_both(first: str | None, second: str | None) -> str:
        parts = [*pieces[:one], first, *pieces[one:other], second, *pieces[other:]]
        return written(language, [part for part in parts if part])

    return with_both(decisive, exchanged), with_both(exchanged, decisive)


@st.composite
def changed_digit(draw: st.DrawFn) -> tuple[str, str]:
    """A text with a number, and the same with another number."""
    language = draw(languages)
    pieces = pieces_of(language)
    place = draw(st.integers(0, len(pieces)))
    numbers = st.one_of(
        st.integers(0, 10**9).map(str),
        st.decimals(0, 10**6, places=2).map(str),
        st.dates().map(str),
        st.dates().map(lambda day: day.strftime("%d.%m.%Y")),
    )
    first, second = draw(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]))
    made = [written(language, [*pieces[:place], f" {one} ", *pieces[place:]]) for one in (first, second)]
    return made[0], made[1]


def slipped(text: str, seed: int, share: float = 0.02) -> str:
    """The text as character recognition reads it."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnoprstuvwxyz"
    return "".join(
        chance.choice(letters) if one.islower() and one.isascii() and chance.random() < share else one for one in text
    )


@settings(max_examples=600, deadline=None)
@given(st.one_of(inserted(), moved(), changed_digit()))
def test_a_changed_number_or_negation_is_never_merged(texts: tuple[str, str]) -> None:
    assume(texts[0] != texts[1])
    result = of(*texts)
    assert shown(result) == list(texts)
    assert not any(one.duplicates for one in result.passages)
    if jaccard(*(word_shingles(words_of(text).words) for text in texts)) >= 0.9:
        assert [one.group for one in result.passages] == [1, 1]
        assert result.groups[1]


@settings(max_examples=200, deadline=None)
@given(st.one_of(inserted(), changed_digit()), st.integers(0, 10**6))
def test_nor_is_it_in_a_text_full_of_slips(texts: tuple[str, str], seed: int) -> None:
    assume(texts[0] != texts[1])
    assert len(of(texts[0], slipped(texts[1], seed)).passages) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(TEXTS)), st.integers(0, 3), st.integers(0, 9)), max_size=12))
def test_every_passage_is_shown_or_listed_and_the_order_given_does_not_matter(
    chosen: list[tuple[str, int, int]],
) -> None:
    hits = [
        hit(TEXTS[language] + f" {number}" * (number > 0), score / 10, document=place + 1)
        for place, (language, number, score) in enumerate(chosen)
    ]
    result = without_duplicates(gather({"q": hits}))
    listed = [one.candidate.passage for one in result.passages]
    listed += [other.candidate.passage for one in result.passages for other in one.duplicates]
    assert sorted(listed, key=lambda one: one.document_id) == hits
    assert without_duplicates(gather({"q": hits[::-1]})) == result


def test_the_same_text_is_one_passage_whatever_its_spaces_case_and_characters() -> None:
    result = of("The  Ｒeport\nis final.", "the report is FINAL.", "the\u00a0report is final.")
    (one,) = result.passages
    assert [(other.likeness, other.similarity) for other in one.duplicates] == [(Likeness.EXACT, 1.0)] * 2
    assert text_hash("A  b") == text_hash("a B") != text_hash("ab")


@pytest.mark.parametrize(
    ("one", "other"), [("10² m", "102 m"), ("1½ l", "11/2 l"), ("5 mW", "5 MW"), ("5 Mg", "5 mg")]
)
def test_forms_that_would_fold_to_the_same_but_mean_other_numbers_are_two_passages(one: str, other: str) -> None:
    result = of(one, other)
    assert len(result.passages) == 2


def test_a_near_duplicate_is_listed_with_the_best_passage_and_hands_over_its_questions_and_ranks() -> None:
    text = TEXTS["en"]
    first = hit(text, 0.9, document=1, lexical_rank=4)
    second = hit(text.replace("binding", "valid"), 0.5, document=2, lexical_rank=2, dense_rank=7)
    result = without_duplicates(gather({"a": [first], "b": [second]}))
    (one,) = result.passages
    assert one.candidate.passage is first
    assert (one.candidate.score, one.candidate.lexical_rank, one.candidate.dense_rank) == (0.9, 2, 7)
    assert one.candidate.questions == {"a", "b"}
    (other,) = one.duplicates
    assert (other.candidate.passage, other.likeness) == (second, Likeness.NEAR)
    assert 0.8 <= other.similarity < 1


def test_slips_of_character_recognition_make_no_second_passage() -> None:
    text = TEXTS["en"]
    noisy = text.replace("defect", "defoct").replace("damage", "darnage").replace("expert", "ex pert")
    noisy = noisy.replace("together", "togethcr").replace("report", "rcport").replace("proceedings", "proceediugs")
    noisy = noisy.replace("district", "distriet").replace("access", "acccss")
    (one,) = of(text, noisy).passages
    assert [other.likeness for other in one.duplicates] == [Likeness.NOISY]


def test_words_that_are_replaced_in_many_places_are_no_slips() -> None:
    text = TEXTS["en"]
    other = text.replace("defect", "cracks").replace("damage", "harm").replace("expert", "builder")
    other = other.replace("together", "before").replace("report", "letter").replace("district", "county")
    result = of(text, other)
    assert len(result.passages) == 2
    assert result.groups == {}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (("binding", "not binding"), Difference.NEGATION),
        (("binding", "5 times binding"), Difference.NUMBERS),
        (("The tenant", "The Tenant Miller"), None),
        (("the owner", "Mr Owner Smith"), None),
        (("binding", "nonbinding"), Difference.NEGATION),
    ],
)
def test_groups_say_what_their_members_differ_in(change: tuple[str, str], difference: Difference | None) -> None:
    result = of(TEXTS["en"], TEXTS["en"].replace(*change))
    assert result.groups == ({} if difference is None else {1: frozenset({difference})})


def test_form_letters_to_different_people_are_variants() -> None:
    letter = "Dear Mr {}, " + TEXTS["en"]
    result = of(letter.format("Miller"), letter.format("Smith"))
    assert result.groups == {1: frozenset({Difference.NAMES})}


def test_who_owes_whom_is_not_merged() -> None:
    text = TEXTS["en"] + " tenants pay 5 and owners pay 7"
    result = of(
        text, text.replace("tenants pay", "x pay").replace("owners pay", "tenants pay").replace("x pay", "owners pay")
    )
    assert Difference.ORDER in result.groups[1]


def test_variants_of_variants_are_one_group() -> None:
    result = of(*(f"{TEXTS['en']} within {days} days" for days in (10, 20, 30)), TEXTS["fr"])
    assert [one.group for one in result.passages] == [1, 1, 1, None]


def test_an_untouched_sentence_has_no_difference() -> None:
    words = words_of(TEXTS["de"])
    assert differences(words, words) == frozenset()


def test_nearly_equal_texts_are_found_among_many() -> None:
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("abcdefghij", k=8)) for _ in range(3000)]
    texts = [chance.choices(vocabulary, k=200) for _ in range(200)]
    pairs = 0
    for words in texts:
        near = list(words)
        for place in chance.sample(range(200), 5):
            near[place] = chance.choice(vocabulary)
        first, second = word_shingles(words), word_shingles(near)
        pairs += bool({*enumerate(bands(first))} & {*enumerate(bands(second))})
    assert pairs >= 195  # likeness about 0.86, found with probability 0.99
    assert not {*enumerate(bands(word_shingles(texts[0])))} & {*enumerate(bands(word_shingles(texts[1])))}


@pytest.mark.parametrize("texts", [("", ""), ("...", "!!!"), ("a", "b"), ("\ud800", "\ud801"), ("5", "6")])
def test_texts_of_next_to_nothing(texts: tuple[str, str]) -> None:
    assert len(of(*texts).passages) == (1 if texts[0] == texts[1] else 2)


def test_ties_go_by_document() -> None:
    hits = [hit("same text here", 0.5, document=number) for number in (3, 1, 2)]
    (one,) = without_duplicates(gather({"q": hits})).passages
    assert one.candidate.passage.document_id == UUID(int=1)


@pytest.mark.parametrize("language", sorted(NUMERALS))
def test_numbers_in_words_are_numbers(language: str) -> None:
    words = words_of(NUMERALS[language])
    plain = [word for word, decides in zip(words.words, words.decides, strict=True) if decides not in GUARDED]
    assert plain == []


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_plain_texts_are_not_taken_for_numbers_or_negations(language: str) -> None:
    words = words_of(TEXTS[language])
    assert sum(decides in GUARDED for decides in words.decides) <= 0.1 * len(words.words)
