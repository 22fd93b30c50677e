import itertools
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.chunks.split import Chunk, SplitSettings, SplitSettingsError, split
from crucible_assets.chunks.tokens import content_hash, count_tokens
from resources.vocabulary import Segment, SegmentKind
from tests.chunks.texts import prose, report

SMALL = SplitSettings(
    min_tokens=20, max_tokens=30, overlap_min=4, overlap_max=8, whole_below_words=5, whole_max_tokens=40
)


def overlaps(text: str, chunks: tuple[Chunk, ...]) -> list[int]:
    return [count_tokens(text[later.start : earlier.end]) for earlier, later in itertools.pairwise(chunks)]


def assert_covers(text: str, chunks: tuple[Chunk, ...]) -> None:
    assert "".join(text[chunk.own_start : chunk.end] for chunk in chunks) == text
    for number, chunk in enumerate(chunks):
        assert chunk.index == number
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.start <= chunk.own_start < chunk.end
        assert chunk.tokens == count_tokens(chunk.text)
        assert chunk.content_hash == content_hash(chunk.text)


def test_a_document_of_5000_words_is_one_chunk() -> None:
    text = "word " * 5000
    (chunk,) = split(text)
    assert (chunk.start, chunk.end, chunk.own_start) == (0, len(text), 0)


def test_a_document_over_5000_words_is_split() -> None:
    assert len(split("word " * 5001)) > 1


def test_an_empty_document_has_no_chunks() -> None:
    assert split("") == ()


def test_a_blank_document_is_kept_whole() -> None:
    (chunk,) = split(" \n\n ")
    assert chunk.text == " \n\n "


def test_sizes_and_overlaps_keep_the_limits_of_the_specification() -> None:
    text, segments = report(sections=12, paragraphs=12)
    chunks = split(text, segments)
    assert len(chunks) > 5
    assert_covers(text, chunks)
    assert all(2000 <= chunk.tokens <= 3000 for chunk in chunks)
    assert all(200 <= tokens <= 300 for tokens in overlaps(text, chunks))


@pytest.mark.parametrize("sentences", range(350, 1000, 67))
def test_the_last_chunk_is_no_tiny_rest(sentences: int) -> None:
    text = prose(sentences)
    chunks = split(text)
    assert len(chunks) > 1
    assert all(2000 <= chunk.tokens <= 3000 for chunk in chunks)
    assert all(200 <= tokens <= 300 for tokens in overlaps(text, chunks))


def test_chunks_end_at_headings_where_there_is_one_in_reach() -> None:
    text, segments = report(sections=30, paragraphs=4)
    headings = {segment.start for segment in segments if segment.kind is SegmentKind.HEADING}
    chunks = split(text, segments)
    assert all(chunk.end in headings for chunk in chunks[:-1])


def test_the_most_important_heading_in_reach_wins() -> None:
    text, segments = report(sections=40, paragraphs=2)
    top = {segment.start for segment in segments if segment.level == 1}
    chunks = split(text, segments)
    assert all(chunk.end in top for chunk in chunks[:-1])


def test_no_chunk_ends_with_a_heading() -> None:
    text, segments = report(sections=3, paragraphs=40)
    after_heading = {later.start for earlier, later in itertools.pairwise(segments) if earlier.level}
    assert all(chunk.end not in after_heading for chunk in split(text, segments)[:-1])


def test_chunks_end_at_paragraphs_where_there_is_no_heading_in_reach() -> None:
    text, segments = report(sections=1, paragraphs=60)
    starts = {segment.start for segment in segments}
    assert all(chunk.end in starts for chunk in split(text, segments)[:-1])
    assert all(text[: chunk.end].endswith("\n\n") for chunk in split(text)[:-1])


def test_chunks_of_a_single_line_end_at_sentences() -> None:
    text = prose(900)
    assert all(chunk.text.endswith(". ") for chunk in split(text)[:-1])


def test_a_sentence_does_not_end_at_an_abbreviation_or_initial() -> None:
    text = "Dr. J. Smith of Acme Inc. Boston signed on p. 4 for Art. Five "
    settings_ = SplitSettings(
        min_tokens=40, max_tokens=60, overlap_min=0, overlap_max=0, whole_below_words=0, whole_max_tokens=0
    )
    ends = [chunk.text.rstrip()[-4:] for chunk in split((text + "and left. ") * 20, (), settings_)]
    assert set(ends) == {"eft."}


def test_rows_of_a_table_are_not_cut() -> None:
    rows = [f"{number}, Loan {number}, {number * 1000}.00 EUR" for number in range(2000)]
    text, segments = "", []
    for row in rows:
        segments.append(Segment(len(text), len(text) + len(row), SegmentKind.TABLE_ROW))
        text += row + "\n"
    starts = {segment.start for segment in segments}
    chunks = split(text, segments)
    assert len(chunks) > 2
    assert all(chunk.start in starts for chunk in chunks)


def test_the_heading_path_names_what_a_chunk_begins_in() -> None:
    text, segments = report(sections=30, paragraphs=4)
    for chunk in split(text, segments):
        above = [segment for segment in segments if segment.level and segment.start <= chunk.start]
        section = text[above[-1].start : above[-1].end]
        assert chunk.heading_path[-1] == section
        assert chunk.heading_path[0].startswith("Section ")


def test_text_without_spaces_is_cut_between_characters() -> None:
    text = "合同双方同意按照下列条款履行义务" * 1500
    chunks = split(text)
    assert_covers(text, chunks)
    assert all(2000 <= chunk.tokens <= 3000 for chunk in chunks)


def test_a_letter_stays_with_its_marks() -> None:
    text = "e\u0301" * 6000
    for chunk in split(text):
        assert not unicodedata.combining(chunk.text[0])


def test_twenty_megabytes_in_one_line_take_seconds() -> None:
    line = prose(200)
    text = (line * (20_000_000 // len(line) + 1))[:20_000_000]
    began = time.process_time()
    chunks = split(text, (Segment(0, len(text), SegmentKind.PARAGRAPH),))
    assert time.process_time() - began < 30
    assert "".join(text[chunk.own_start : chunk.end] for chunk in chunks) == text
    assert max(chunk.tokens for chunk in chunks) <= 3000


def test_the_same_text_gives_the_same_chunks() -> None:
    text, segments = report(sections=4, paragraphs=10)
    assert split(text, segments) == split(text, segments)


def test_the_settings_hash_changes_with_any_setting() -> None:
    assert SplitSettings().hash == SplitSettings().hash
    assert SplitSettings().hash != SplitSettings(overlap_max=299).hash


@pytest.mark.parametrize(
    "sizes",
    [
        {"min_tokens": 3001},
        {"min_tokens": 0, "overlap_max": 0, "overlap_min": 0},
        {"overlap_min": 301},
        {"overlap_max": 1001},
        {"overlap_min": -1},
        {"whole_below_words": -1},
    ],
)
def test_contradictory_settings_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(SplitSettingsError):
        SplitSettings(**sizes)


anything = st.text(max_size=2000) | st.lists(
    st.sampled_from(["word ", "Next. ", "\n\n", "\n", "日本語。", "e\u0301", "=", "   ", "\ud800", "ﷺ", "x" * 30]),
    max_size=400,
).map("".join)


@given(anything)
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_the_upper_limit_holds_for_any_text(text: str) -> None:
    chunks = split(text, (), SMALL)
    assert_covers(text, chunks)
    if len(chunks) > 1:
        assert all(chunk.tokens <= SMALL.max_tokens for chunk in chunks)


@given(st.integers(1, 60), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_and_the_upper_limit_holds_with_segments(sections: int, paragraphs: int, seed: int) -> None:
    text, segments = report(min(sections, 8), paragraphs, seed)
    chunks = split(text, segments, SMALL)
    assert_covers(text, chunks)
    assert all(chunk.tokens <= SMALL.max_tokens for chunk in chunks)
