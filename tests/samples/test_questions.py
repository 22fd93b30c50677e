"""The labelled questions of the sample study: every quote stands, word for word, in a document that is named."""

import json
from functools import cache
from pathlib import Path

import pytest

from crucible_assets.documents.parse import parse_bytes

STUDY = Path(__file__).resolve().parents[2] / "samples" / "heat_pump_grants"
QUESTIONS = [json.loads(line) for line in (STUDY / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
ANSWERABLE = [one for one in QUESTIONS if one.get("answerable", True)]


@cache
def text_of(name: str) -> str:
    path = STUDY / "documents" / name
    return parse_bytes(path.read_bytes(), name).text


@pytest.mark.parametrize("labelled", ANSWERABLE, ids=range(len(ANSWERABLE)))
def test_every_quote_stands_in_a_document_that_is_named(labelled):
    assert labelled["quotes"] and labelled["documents"]
    for quote in labelled["quotes"]:
        assert any(quote in text_of(name) for name in labelled["documents"]), quote
    for name in labelled["documents"]:
        assert any(quote in text_of(name) for quote in labelled["quotes"]), name


def test_a_third_of_the_questions_has_no_answer_and_some_are_german():
    unanswerable = [one for one in QUESTIONS if not one.get("answerable", True)]
    assert len(ANSWERABLE) == 20 and len(unanswerable) == 10
    assert all(set(one) == {"question", "answerable"} for one in unanswerable)
    assert sum(one["question"].startswith(("Wie", "Steht", "Wer ")) for one in QUESTIONS) == 3
    assert sum(len(one["documents"]) > 1 for one in ANSWERABLE) >= 2
