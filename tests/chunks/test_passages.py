import itertools

import pytest
from hypothesis import given, settings

from crucible_assets.chunks.passages import Passage, PassageSettings, PassageSettingsError, cut_passages
from crucible_assets.chunks.split import SplitSettings, split
from crucible_assets.chunks.tokens import content_hash, count_tokens
from tests.chunks.test_split import anything
from tests.chunks.texts import prose, report

PREFIX = 5  # what the counter below adds to every text, as an embedder's prefix and special tokens do
WINDOW = 512


def count(text: str) -> int:
    return PREFIX + count_tokens(text)


def visible(text: str) -> str:
    return "".join(text.split())


def assert_holds_each_visible_character_once(text: str, passages: tuple[Passage, ...]) -> None:
    assert visible("".join(passage.text for passage in passages)) == visible(text)
    assert all(earlier.end <= later.start for earlier, later in itertools.pairwise(passages))
    for number, passage in enumerate(passages):
        assert passage.index == number
        assert passage.text == text[passage.start : passage.end]
        assert passage.tokens == count(passage.text)
        assert passage.content_hash == content_hash(passage.text)


def test_passages_fit_the_window_and_hold_each_character_once() -> None:
    text, segments = report(sections=10, paragraphs=8)
    chunks = split(text, segments)
    passages = cut_passages(text, segments, chunks, count, WINDOW)
    assert len(chunks) > 2
    assert_holds_each_visible_character_once(text, passages)
    assert all(passage.tokens <= 400 for passage in passages)
    assert sum(passage.tokens >= 250 for passage in passages) > 0.9 * len(passages)


def test_a_passage_belongs_to_the_chunk_that_has_it_first() -> None:
    text, segments = report(sections=10, paragraphs=8)
    chunks = split(text, segments)
    for passage in cut_passages(text, segments, chunks, count, WINDOW):
        chunk = chunks[passage.chunk_index]
        assert chunk.own_start <= passage.start
        assert passage.end <= chunk.end


def test_passages_end_at_sentences_of_running_text() -> None:
    text = prose(200)
    passages = cut_passages(text, (), split(text), count, WINDOW)
    assert len(passages) > 5
    assert all(passage.text.rstrip().endswith(".") for passage in passages)


def test_a_short_document_is_one_passage() -> None:
    text = "The loan is due on 3 May 2024."
    (passage,) = cut_passages(text, (), split(text), count, WINDOW)
    assert passage.text == text


def test_white_space_alone_gives_no_passage() -> None:
    assert cut_passages(" \n ", (), split(" \n "), count, WINDOW) == ()


def test_passages_know_their_headings() -> None:
    text, segments = report(sections=6, paragraphs=3)
    passages = cut_passages(text, segments, split(text, segments), count, WINDOW)
    assert {passage.heading_path[0] for passage in passages} == {f"Section {number}" for number in range(1, 7)}


def test_a_smaller_window_makes_smaller_passages() -> None:
    text = prose(100)
    passages = cut_passages(text, (), split(text), count, 64)
    assert_holds_each_visible_character_once(text, passages)
    assert all(passage.tokens <= 64 for passage in passages)


def test_a_window_without_room_for_text_is_refused() -> None:
    with pytest.raises(PassageSettingsError, match="no room"):
        cut_passages("words", (), split("words"), count, PREFIX)


def test_contradictory_sizes_are_refused() -> None:
    with pytest.raises(PassageSettingsError):
        PassageSettings(min_tokens=401)


def test_the_hash_tells_embedders_and_sizes_apart() -> None:
    hashes = {
        PassageSettings().hash("a@384"),
        PassageSettings().hash("b@384"),
        PassageSettings(max_tokens=399).hash("a@384"),
    }
    assert len(hashes) == 3


@given(anything)
@settings(max_examples=100, deadline=None)
def test_any_text_fits_and_nothing_visible_is_lost(text: str) -> None:
    small = SplitSettings(40, 60, 4, 8, whole_below_words=5, whole_max_tokens=80)
    passages = cut_passages(text, (), split(text, (), small), count, 32, PassageSettings(16, 30))
    assert_holds_each_visible_character_once(text, passages)
    assert all(passage.tokens <= 30 for passage in passages)
