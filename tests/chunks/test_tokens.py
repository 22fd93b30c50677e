import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.chunks.ruler import TokenRuler
from crucible_assets.chunks.tokens import content_hash, count_tokens, settings_hash
from tests.chunks.texts import prose


@dataclasses.dataclass(frozen=True)
class Sizes:
    low: int = 1
    high: int = 2


def test_counts_are_those_of_the_o200k_vocabulary() -> None:
    assert count_tokens("") == 0
    assert count_tokens("Hello, world!") == 4  # 'Hello' ',' ' world' '!'


def test_text_that_utf8_cannot_hold_is_counted_too() -> None:
    assert count_tokens("a\ud800b") > 0
    assert content_hash("a\ud800b") != content_hash("a\ud801b")


def test_millions_of_characters_are_counted() -> None:
    assert count_tokens("a" * 3_000_000) == pytest.approx(375_000, rel=0.01)


def test_the_settings_hash_covers_fields_type_and_names() -> None:
    assert settings_hash("x", settings=Sizes()) == settings_hash("x", settings=Sizes())
    assert settings_hash("x", settings=Sizes()) != settings_hash("y", settings=Sizes())
    assert settings_hash("x", settings=Sizes()) != settings_hash("x", settings=Sizes(high=3))


def test_only_dataclasses_have_a_settings_hash() -> None:
    with pytest.raises(TypeError, match="dataclass"):
        settings_hash(settings={"low": 1})


def test_the_ruler_agrees_with_counting() -> None:
    text = prose(300)
    ruler = TokenRuler(text, 100, len(text) - 100, count_tokens)
    for offset in range(100, len(text) - 100, 997):
        assert ruler.tokens_before(offset) == pytest.approx(count_tokens(text[100:offset]), rel=0.01, abs=3)


@given(st.text(max_size=3000), st.floats(-5, 2000))
@settings(max_examples=60, deadline=None)
def test_the_ruler_finds_the_last_offset_within_a_number_of_tokens(text: str, tokens: float) -> None:
    ruler = TokenRuler(text, 0, len(text), count_tokens)
    offset = ruler.offset_at(tokens)
    assert 0 <= offset <= len(text)
    assert offset == 0 or ruler.tokens_before(offset) <= tokens
    if tokens >= ruler.total:
        assert offset == len(text)
