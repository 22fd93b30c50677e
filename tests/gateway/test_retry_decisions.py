"""When a failed call is tried again, and what a failure means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.models import errors
from resources.models.decisions.failures import Health, Next, health, next_step, the_error_to_tell
from resources.models.decisions.retry import DEADLINE_SECONDS, RETRIES, Patience, after_failure

draws = st.floats(0, 1, exclude_max=True)
told = st.none() | st.floats(0, 1_000)


@settings(deadline=None)
@given(st.lists(st.tuples(told, draws, st.floats(0, 200)), max_size=30))
def test_never_more_than_five_retries_nor_a_wait_beyond_the_deadline(
    failures: list[tuple[float | None, float, float]],
) -> None:
    now = 0.0
    state = Patience(deadline=DEADLINE_SECONDS)
    for retries, (retry_after, draw, took) in enumerate(failures, 1):
        now += took
        state, wait = after_failure(state, retry_after, now, draw)
        if wait is None:
            return
        now += wait
        assert retries <= RETRIES == 5
        assert now <= DEADLINE_SECONDS
        assert wait >= (retry_after or 0.0)


@given(draws)
def test_backoff_doubles_with_full_jitter(draw: float) -> None:
    state, waits = Patience(deadline=1e9), []
    for _ in range(RETRIES):
        state, wait = after_failure(state, None, 0.0, draw)
        waits.append(wait)
    assert waits == [draw * most for most in (1, 2, 4, 8, 16)]
    assert after_failure(state, None, 0.0, draw)[1] is None


@given(st.floats(0, 500), draws)
def test_retry_after_is_kept_and_spread_over_a_second(retry_after: float, draw: float) -> None:
    _, wait = after_failure(Patience(deadline=1e9), retry_after, 0.0, draw)
    assert wait is not None
    assert retry_after <= wait <= retry_after + 1


R, P = errors.RetryableError, errors.PermanentError


@pytest.mark.parametrize(
    ("error", "step", "state"),
    [
        (errors.RateLimitedError("x"), Next.RETRY, Health.UNKNOWN),
        (errors.ServerFaultError("x"), Next.RETRY, Health.ILL),
        (errors.ConnectionLostError("x"), Next.RETRY, Health.ILL),
        (errors.BreakerOpenError("x"), Next.NEXT_MODEL, Health.UNKNOWN),
        (errors.ParameterLearntError("x"), Next.AT_ONCE, Health.WELL),
        (errors.RequestRefusedError("x"), Next.NEXT_MODEL, Health.WELL),
        (errors.ContextOverflowError("x"), Next.NEXT_MODEL, Health.WELL),
        (errors.ContentRefusedError("x"), Next.STOP, Health.WELL),
        (errors.CredentialError("x"), Next.NEXT_MODEL_FOR_ALL, Health.UNKNOWN),
        (errors.QuotaExhaustedError("x"), Next.NEXT_MODEL_FOR_ALL, Health.UNKNOWN),
        (errors.ModelMissingError("x"), Next.NEXT_MODEL_FOR_ALL, Health.UNKNOWN),
        (errors.UnpricedModelError("x"), Next.NEXT_MODEL_FOR_ALL, Health.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_every_kind_of_failure_has_its_consequence(error: errors.ModelError, step: Next, state: Health) -> None:
    assert next_step(error) is step
    assert health(error) is state


def test_every_error_there_is_has_a_row_above() -> None:
    def below(kind: type[errors.ModelError]) -> set[type[errors.ModelError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    named = {arguments[0].__class__ for arguments in _rows()}
    assert below(errors.ModelError) - {errors.ModelError, R, P} == named


def _rows() -> list[tuple[errors.ModelError, Next, Health]]:
    (mark,) = test_every_kind_of_failure_has_its_consequence.pytestmark  # type: ignore[attr-defined]
    rows: list[tuple[errors.ModelError, Next, Health]] = mark.args[1]
    return rows


def test_an_overflow_is_told_before_all_and_a_missing_key_only_when_there_is_nothing_else() -> None:
    overflow, fault, key = errors.ContextOverflowError("a"), errors.ServerFaultError("b"), errors.CredentialError("c")
    assert the_error_to_tell([overflow, fault, key]) is overflow
    assert the_error_to_tell([key, fault]) is fault
    assert the_error_to_tell([fault, key]) is fault
    assert the_error_to_tell([key]) is key
