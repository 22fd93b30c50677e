"""What must never stand in a log does not, even where somebody logged it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.observe.redaction import HIDDEN, clean, clean_text, redact

SECRETS = [
    "Authorization: Bearer abcDEF123456.xyz",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl",
    "crc_live_ab12cd34_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_1a2b3c",
    "crop_" + "0f" * 32,
    "sk-proj-api03hunter2hunter2",
    "postgresql://crucible:hunter2hunter2@db.example.org/crucible",
    "password=hunter2hunter2&x=1",
    '{"refresh_token": "v1.hunter2hunter2"}',
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hunter2hunter2",
    "(psycopg.errors.UniqueViolation) duplicate key\nDETAIL:  Key (email)=(hunter2hunter2) already exists.",
    "[SQL: INSERT INTO document_texts]\n[parameters: {'text': 'hunter2hunter2 was \n the suspect'}]\n"
    "(Background on this error at: https://sqlalche.me/e/21/gkpj)",
    "1 validation error\n  Input should be a string [type=string_type, input_value='hunter2hunter2', input_type=str]",
]
GIVEN_AWAY = ["abcDEF123456", "c2lnbmF0dXJl", "0123456789abcdef", "0f0f0f", "api03", "hunter2hunter2"]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_and_texts_inside_messages_are_taken_out(text):
    cleaned = clean_text(f"before {text} after")
    assert HIDDEN in cleaned
    assert cleaned.startswith("before")
    assert not [word for word in GIVEN_AWAY if word in cleaned]


@given(st.text(max_size=40), st.sampled_from(SECRETS), st.text(max_size=40))
def test_whatever_stands_around_them(before, secret, after):
    cleaned = clean_text(f"{before} {secret} {after}")
    assert not [word for word in GIVEN_AWAY if word in cleaned and word not in before + after]


@pytest.mark.parametrize(
    "name", ["password", "Authorization", "access_token", "api_key", "x-api-key", "client_secret", "ticket", "text",
             "body", "prompt", "quote"]
)  # fmt: skip
def test_fields_of_these_names_are_never_written(name):
    assert clean(name, "harmless") == HIDDEN
    assert clean("payload", {"inner": [{name: {"deeper": "harmless"}}]}) == {"inner": [{name: HIDDEN}]}


def test_what_is_counted_and_named_stays_as_it_is():
    event = {
        "event": "model_call", "input_tokens": 12, "call": "ab" * 32, "cost_usd": "0.000012", "task_id": "t-1",
        "model": "gpt-4.1-mini", "route": "/v1/auth/token", "ms": 1.5, "ok": True, "nothing": None,
    }  # fmt: skip
    assert redact(None, "info", dict(event)) == event


def test_a_text_is_cut_and_bytes_are_left_out():
    assert len(clean("said", "word " * 10_000)) < 2_100
    assert clean("data", b"bytes") == HIDDEN


@given(st.recursive(st.none() | st.text() | st.binary() | st.floats() | st.integers(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12))  # fmt: skip
def test_anything_can_be_cleaned_and_written(value):
    json.dumps(clean("field", value))
