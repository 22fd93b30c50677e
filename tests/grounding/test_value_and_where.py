"""Evidence without a quote, and from spans to pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.locate import Where, where
from crucible_assets.extractions.grounding.place import NOT_FOUND, Placement
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.value import find_value
from resources.vocabulary import EvidenceStatus, Segment, SegmentKind, VariableType
from tests.grounding.texts import LEASE


@pytest.mark.parametrize(
    ("value", "type_", "words"),
    [
        (1250.5, "NUMBER", "1,250.5"),
        (14200, "NUMBER", "14,200.00"),
        (2500000, "NUMBER", "2.5 million"),
        (4.5, "NUMBER", "4.5"),
        (32, "NUMBER", "thirty-two"),
        (5, "NUMBER", "5"),
        (250, "NUMBER", None),
        (200, "NUMBER", None),
        ("2019-03-03", "DATE", "3rd day of March, 2019"),
        ("2019-04-01", "DATE", "1 April 2019"),
        ("2019-03", "DATE", "March, 2019"),
        ("2019", "DATE", "2019"),
        ("2019-03-04", "DATE", None),
        ("harrow mills limited", "TEXT", "Harrow Mills Limited"),
        ("Freiburg", "LOCATION", "Freiburg"),
        ("Berlin", "LOCATION", None),
        ("Industrial-bakery", "CATEGORY", "industrial bakery"),
        (True, "BOOLEAN", None),
        ({"city": "Leeds", "rent": 14200}, "JSON", "Leeds"),
        ({"city": "Paris", "rent": 3, "x": "y z"}, "JSON", None),
    ],
)
def test_a_value_is_found_in_the_spelling_of_the_document(value: object, type_: str, words: str | None) -> None:
    placement = find_value(value, PreparedText(LEASE), VariableType(type_))
    assert (None if placement.start is None else LEASE[placement.start : placement.end]) == words


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("am 5. März 2019 in", "2019-03-05"),
        ("le 1er août 2020,", "2020-08-01"),
        ("el 3 de marzo de 2019", "2019-03-03"),
        ("on 03/05/2019 at", "2019-03-05"),
        ("on 05/03/2019 at", "2019-03-05"),
        ("on 5.3.19 at", "2019-03-05"),
        ("5-Mar-19", "2019-03-05"),
        ("2019年3月5日", "2019-03-05"),
        ("the twenty-first day of May 2010", "2010-05-21"),
        ("dated 20190305-2019-03-05", "2019-03-05"),
    ],
)
def test_a_date_is_found_in_figures_and_words_of_many_languages(text: str, iso: str) -> None:
    assert find_value(iso, PreparedText(text), VariableType.DATE).found


def test_a_value_is_looked_for_from_the_given_offset_on() -> None:
    document = PreparedText("12 a 12 b 12")
    assert find_value(12, document, VariableType.NUMBER, near=4).start == 5


def segment(start: int, end: int, page: int | None = None, label: str | None = None) -> Segment:
    box = None if page is None else (0.0, float(start), 10.0, float(end))
    return Segment(start, end, SegmentKind.PARAGRAPH, page=page, box=box, label=label)


def span(start: int, end: int) -> Placement:
    return Placement(EvidenceStatus.EXACT, start, end, 1.0)


def test_a_span_over_two_pages_has_the_boxes_of_both() -> None:
    segments = [segment(0, 10, 1), segment(11, 20, 1), segment(21, 30, 2), segment(31, 40, 2)]
    assert where(span(12, 25), segments) == (
        Where(1, ((0.0, 11.0, 10.0, 20.0),), None),
        Where(2, ((0.0, 21.0, 10.0, 30.0),), None),
    )
    assert where(span(0, 20), segments)[0].boxes == ((0.0, 0.0, 10.0, 10.0), (0.0, 11.0, 10.0, 20.0))


def test_without_pages_every_label_is_a_place() -> None:
    segments = [segment(0, 10, label="paragraph 1"), segment(11, 20, label="paragraph 2")]
    assert [place.label for place in where(span(5, 15), segments)] == ["paragraph 1", "paragraph 2"]
    assert [place.label for place in where(span(11, 12), segments)] == ["paragraph 2"]


def test_what_was_not_found_is_nowhere() -> None:
    assert where(NOT_FOUND, [segment(0, 10, 1)]) == ()
    assert where(span(10, 11), [segment(0, 10, 1), segment(11, 12, 1)]) == ()


@st.composite
def laid_out(draw: st.DrawFn) -> list[Segment]:
    """Segments of a document with pages or with labels, with separators of any length between them."""
    paged = draw(st.booleans())
    segments: list[Segment] = []
    at, page = 0, 1
    for number, (gap, length, turn) in enumerate(
        draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans()), min_size=1, max_size=12))
    ):
        page += turn and number > 0
        at += gap
        segments.append(
            segment(at, at + length, page if paged else None, None if paged else f"table 1, row {number}")
        )
        at += length
    return segments


@given(laid_out(), st.integers(0, 120), st.integers(1, 60))
def test_the_places_of_a_span_are_those_of_the_segments_that_it_overlaps(
    segments: list[Segment], start: int, length: int
) -> None:
    touched = [s for s in segments if s.start < start + length and start < s.end]
    places = where(span(start, start + length), segments)
    assert [place.page for place in places if place.page] == sorted({s.page for s in touched if s.page})
    assert [place.label for place in places if place.page is None] == [s.label for s in touched if s.page is None]
    assert [box for place in places for box in place.boxes] == [s.box for s in touched if s.box is not None]
    for place in places:
        on_page = [s.box for s in touched if s.page == place.page and s.box is not None]
        assert list(place.boxes) == on_page


@given(laid_out())
def test_a_quote_over_all_segments_is_on_all_their_pages(segments: list[Segment]) -> None:
    places = where(span(segments[0].start, segments[-1].end), segments)
    assert {place.page for place in places} == {s.page for s in segments}
    assert sum(len(place.boxes) for place in places) == sum(s.box is not None for s in segments)
