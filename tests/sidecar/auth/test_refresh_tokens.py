"""Refresh tokens without a server: what proves one, and what is done about its number."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.secrets import Secrets
from sidecar.security.refresh import GRACE, Refresh, RefreshToken, decide, read_refresh
from sidecar.security.scopes import Scope

SECRETS = Secrets({"new": b"n" * 32, "old": b"o" * 32})
KEY = b"k" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = RefreshToken("acme", uuid4(), 7, frozenset({Scope.READ})).written(SECRETS, KEY)


def token(**changes):
    return RefreshToken(**{"tenant": "acme", "session_id": uuid4(), "counter": 7, "scopes": None} | changes)


@given(
    tenant=st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
    session_id=st.uuids(),
    counter=st.integers(0, 2**32 - 1),
    scopes=st.none() | st.frozensets(st.sampled_from(Scope), min_size=1),
)
def test_what_is_written_is_read_and_proven(tenant, session_id, counter, scopes):
    written = RefreshToken(tenant, session_id, counter, scopes)
    found = read_refresh(written.written(SECRETS, KEY))
    assert found is not None and found.token == written and found.proven(SECRETS, KEY)


@given(at=st.integers(0, len(TEXT) - 1), letter=st.sampled_from("abcXYZ019-_"))
def test_one_changed_letter_proves_nothing(at, letter):
    changed = TEXT[:at] + letter + TEXT[at + 1 :]
    found = read_refresh(changed)
    assert changed == TEXT or found is None or not found.proven(SECRETS, KEY)


def test_it_is_good_under_a_secret_that_signs_no_longer():
    before = Secrets({"old": b"o" * 32})
    found = read_refresh(token().written(before, KEY))
    assert found is not None and found.proven(SECRETS, KEY)
    assert not found.proven(Secrets({"new": b"n" * 32}), KEY)


def test_the_key_of_another_session_proves_nothing():
    found = read_refresh(token().written(SECRETS, KEY))
    assert found is not None and not found.proven(SECRETS, b"x" * 32)


@pytest.mark.parametrize(
    ("sent", "seconds", "expected"),
    [
        (5, 3600, Refresh.ROTATE),
        (4, 9.9, Refresh.REPEAT),
        (4, GRACE.total_seconds(), Refresh.REPEAT),
        (4, 10.1, Refresh.REUSED),
        (3, 1, Refresh.REUSED),
        (6, 1, Refresh.REUSED),
    ],
)
def test_what_is_done_follows_from_number_and_time(sent, seconds, expected):
    after = NOW + timedelta(seconds=seconds)
    assert (
        decide(sent=sent, newest=5, rotated_at=NOW, expires_at=NOW + timedelta(days=7), ended_at=None, now=after)
        is expected
    )


@given(sent=st.integers(0, 9), newest=st.integers(0, 9))
def test_what_is_over_gives_nothing(sent, newest):
    for expires_at, ended_at in ((NOW, None), (NOW + timedelta(days=1), NOW)):
        what = decide(sent=sent, newest=newest, rotated_at=NOW, expires_at=expires_at, ended_at=ended_at, now=NOW)
        assert what is Refresh.OVER
