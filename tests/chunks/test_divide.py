from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.chunks.boundaries import Boundaries
from crucible_assets.chunks.divide import Limits, divide, plan
from crucible_assets.chunks.tokens import count_tokens
from tests.chunks.texts import prose

CHUNKS = Limits(2000, 3000, 200, 300)


@given(st.integers(3800, 10_000_000))
def test_a_plan_keeps_the_limits_whenever_they_can_be_kept(remaining: int) -> None:
    window = plan(remaining, CHUNKS)
    assert 2000 <= window.low <= window.target <= window.high <= 3000


@given(st.integers(3800, 60_000), st.data())
def test_every_choice_inside_the_plans_leaves_a_rest_that_can_be_divided(remaining: int, data: st.DataObject) -> None:
    while remaining > CHUNKS.max_tokens:
        window = plan(remaining, CHUNKS)
        size = data.draw(st.sampled_from([window.low, window.target, window.high]))
        assert 2000 <= size <= 3000
        remaining = round(remaining - size + data.draw(st.sampled_from([200, 300])))
    assert remaining >= CHUNKS.min_tokens


def test_what_cannot_keep_the_limits_is_shared_equally() -> None:
    window = plan(3400, CHUNKS)
    assert window.low < window.target == (3400 + 250) / 2 < window.high


def test_pieces_without_overlap_join_to_the_stretch() -> None:
    text = prose(80)
    pieces = divide(text, 50, 4000, Limits(60, 90), count_tokens, Boundaries(text, ()))
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text[50:4000]
    assert all(piece.tokens <= 90 for piece in pieces)
