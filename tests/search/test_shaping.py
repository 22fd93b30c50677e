"""Neighbouring passages become one section, with nothing repeated and nothing invented."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from resources.search.candidates import gather
from resources.search.duplicates import without_duplicates
from resources.search.shaping import Section, merge_adjacent
from tests.search.made import Hit, hit

DOCUMENT = " ".join(f"sentence{number} about thing{number}." for number in range(400))


def words(text: str) -> int:
    return len(text.split())


def cut(start: int, end: int, score: float, index: int, document: int = 1, **ranks: int) -> Hit:
    return hit(DOCUMENT[start:end], score, document=document, index=index, start=start, **ranks)


def sections_of(hits: list[Hit], most: int = 10_000) -> list[Section[Hit]]:
    return merge_adjacent(without_duplicates(gather({"q": hits})).passages, words, most)


def test_neighbours_become_one_section_with_the_best_score_and_ranks() -> None:
    (section,) = sections_of(
        [
            cut(100, 200, 0.3, 1, lexical_rank=3, dense_rank=9),
            cut(0, 100, 0.5, 0, lexical_rank=8),
            cut(200, 260, 0.4, 2, dense_rank=2),
        ]
    )
    assert (section.start, section.end, section.text) == (0, 260, DOCUMENT[:260])
    assert (section.score, section.lexical_rank, section.dense_rank) == (0.5, 3, 2)
    assert [one.candidate.passage.index for one in section.passages] == [0, 1, 2]
    assert section.segments == {(UUID(int=1), 0), (UUID(int=1), 1), (UUID(int=1), 2)}


def test_text_that_both_have_is_not_repeated() -> None:
    (section,) = sections_of([cut(0, 120, 0.5, 0), cut(90, 200, 0.4, 1)])
    assert section.text == DOCUMENT[:200]


def test_gaps_other_documents_and_skipped_passages_stay_apart() -> None:
    assert len(sections_of([cut(0, 100, 0.5, 0), cut(101, 200, 0.4, 1)])) == 2
    assert len(sections_of([cut(0, 100, 0.5, 0), cut(100, 200, 0.4, 1, document=2)])) == 2
    assert len(sections_of([cut(0, 100, 0.5, 0), cut(100, 200, 0.4, 2)])) == 2


def test_an_overlap_that_says_something_else_is_not_put_together() -> None:
    other = hit("x" * 110, 0.4, index=1, start=90)
    assert len(sections_of([cut(0, 120, 0.5, 0), other])) == 2


def test_positions_that_are_not_those_of_the_text_are_not_trusted() -> None:
    wrong = Hit(UUID(int=1), 1, 100, 300, DOCUMENT[100:200], 0.4, 0)
    assert len(sections_of([cut(0, 100, 0.5, 0), wrong])) == 2


def test_a_section_grows_from_its_best_passage_to_its_better_neighbour_and_no_further_than_allowed() -> None:
    hits = [cut(at * 100, at * 100 + 100, score, at) for at, score in enumerate((0.1, 0.3, 0.9, 0.4, 0.2))]
    most = max(words(DOCUMENT[200:400]), words(DOCUMENT[100:300])) + 1
    sections = sections_of(hits, most)
    assert [(one.start, one.end) for one in sections] == [(200, 400), (0, 200), (400, 500)]


def test_a_passage_that_is_too_long_stays_alone() -> None:
    assert [words(one.text) > 3 for one in sections_of([cut(0, 100, 0.5, 0), cut(100, 200, 0.4, 1)], 3)] == [
        True,
        True,
    ]


def test_a_duplicate_elsewhere_keeps_its_question() -> None:
    hits = {"a": [cut(0, 100, 0.5, 0)], "b": [cut(0, 100, 0.4, 0, document=2), cut(100, 200, 0.3, 1)]}
    (section,) = merge_adjacent(without_duplicates(gather(hits)).passages, words, 1000)
    assert section.questions == {"a", "b"}
    assert section.passages[0].duplicates[0].candidate.passage.document_id == UUID(int=2)


def test_variants_carry_their_group_into_the_section() -> None:
    first = DOCUMENT[:600] + " within 10 days"
    second = DOCUMENT[:600] + " within 20 days"
    sections = sections_of([hit(first, document=1), hit(second, document=2)])
    assert [one.groups for one in sections] == [{1}, {1}]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=12),
    st.lists(st.integers(0, 40), min_size=12, max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(1, 60),
)
def test_sections_hold_every_passage_once_and_are_the_text_of_the_document(
    lengths: list[int], overlaps: list[int], missing: set[int], most: int
) -> None:
    hits, end = [], 0
    for index, (length, overlap) in enumerate(zip(lengths, overlaps, strict=False)):
        start = max(0, end - overlap)
        end = end + length
        if index not in missing:
            hits.append(cut(start, end, (index * 7 % 5) / 10, index))
    found = without_duplicates(gather({"q": hits})).passages
    sections = merge_adjacent(found, words, most)
    assert all(one.text == DOCUMENT[one.start : one.end] for one in sections)
    held = sorted(one.candidate.passage.index for section in sections for one in section.passages)
    assert held == sorted(one.candidate.passage.index for one in found)
    assert all(words(one.text) <= most or len(one.passages) == 1 for one in sections)
    assert [one.score for one in sections] == sorted((one.score for one in sections), reverse=True)
