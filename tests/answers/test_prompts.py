"""What models are asked: deterministic, with the words of others as data only, and read with care."""

import json
from dataclasses import replace

import pytest

from crucible_assets.answers.checking.judging import Judgement
from crucible_assets.answers.prompts import (
    ToJudge,
    answer_request,
    judge_request,
    read_judgements,
    source_block,
)
from crucible_assets.answers.reading import ReplyReader
from crucible_assets.prompts.fences import without_fenced
from tests.injection.attacks import IN_DOCUMENTS, NAMES

ATTACKS = pytest.mark.parametrize("attack", IN_DOCUMENTS, ids=lambda attack: f"{attack.number:03d}")


@ATTACKS
def test_words_of_documents_questions_and_conversations_are_data(attack):
    blocks = [source_block(1, "a.txt", attack.text), source_block(2, "b.txt", "Plain.")]
    request = answer_request(blocks, [attack.text, "Who?"])
    assert attack.canary not in without_fenced(request.document)
    assert attack.canary not in without_fenced(request.question)
    assert without_fenced(request.document).count("Source [") == 2
    judged = judge_request([ToJudge(1, attack.text, (attack.text,))])
    assert attack.canary not in without_fenced(judged.document)
    assert attack.canary not in judged.question


@pytest.mark.parametrize("attack", NAMES, ids=lambda attack: f"{attack.number:03d}")
def test_the_name_of_a_document_is_one_line_of_json(attack):
    head, *rest = source_block(3, attack.text, "Plain.").split("\n")
    assert json.loads(head.removeprefix("Source [3], document: ")) == attack.text[:200]
    assert len(rest) == 3
    assert len(head.splitlines()) == 1


def test_the_same_question_over_the_same_sources_is_the_same_request():
    def made(text: str = "Words.", question: str = "Who?"):
        return answer_request([source_block(1, "a.txt", text)], [question])

    assert made() == made()
    assert made() != made(text="Other words.")
    assert made() != made(question="When?")
    assert replace(answer_request(["x"], ["Who?"], again=True), sample=0) == answer_request(["x"], ["Who?"])


@pytest.mark.parametrize(
    ("reply", "verdicts"),
    [
        ('{"verdicts": [{"number": 1, "verdict": "PARTLY"}]}', {1: Judgement.PARTLY}),
        ('{"verdicts": [{"number": 1, "verdict": "FOLLOWS"}, {"number": 1, "verdict": "FOLLOWS"}]}', {1: "FOLLOWS"}),
        ('{"verdicts": [{"number": 1, "verdict": "FOLLOWS"}, {"number": 1, "verdict": "PARTLY"}]}', {}),
        ('{"verdicts": [{"number": 3, "verdict": "FOLLOWS"}]}', {}),
        ('{"verdicts": [{"number": "1", "verdict": "FOLLOWS"}]}', {}),
        ('{"verdicts": [{"number": true, "verdict": "FOLLOWS"}]}', {}),
        ('{"verdicts": [{"number": 1, "verdict": ["FOLLOWS"]}, 7]}', {}),
        ('{"verdicts": null}', {}),
        ("FOLLOWS", {}),
    ],
)
def test_verdicts_that_are_unclear_are_none(reply, verdicts):
    assert read_judgements(reply, [1, 2]) == verdicts


def heard(text: str, questions: int, size: int) -> tuple[list[tuple[str, tuple[int, ...], int | None, bool]], bool]:
    reader = ReplyReader(questions)
    found = [one for at in range(0, len(text), size) for one in reader.feed(text[at : at + size])] + reader.end()
    return [(one.said.text, one.said.labels, one.question, one.beside) for one in found], reader.refused


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    ("text", "questions", "expected", "refused"),
    [
        ("It was paid. [1]\nIt was late. [2][3]", 1,
         [("It was paid.", (1,), 0, False), ("It was late.", (2, 3), 0, False)], False),
        ("NO ANSWER: Only the sum is told. [1]", 1, [("Only the sum is told.", (1,), 0, True)], True),
        ("**NO ANSWER**", 1, [], True),
        ("No answer: nothing.", 1, [("nothing.", (), 0, True)], True),
        ("No answer came from the office. [1]", 1, [("No answer came from the office.", (1,), 0, False)], False),
        (
            "Question 1\nIt was paid. [1]\n**Question 2:**\nNO ANSWER: none.\nQuestion 3\nIt was late. [2]",
            3,
            [("It was paid.", (1,), 0, False), ("none.", (), 1, True), ("It was late.", (2,), 2, False)],
            True,
        ),
        ("It was paid. [1]", 2, [("It was paid.", (1,), None, False)], False),
    ],
    ids=["plain", "refused", "bare", "lower case", "a sentence that begins like it", "three questions", "unsaid"],
)  # fmt: skip
def test_a_reply_is_read_alike_however_it_is_cut(text, questions, expected, refused, size):
    assert heard(text, questions, size) == (expected, refused)


def test_tags_that_a_model_copies_are_no_words_of_its_answer():
    found, _ = heard("<source-0123456789abcdef> It was paid. [1]\n</source-0123456789abcdef>\n", 1, 5)
    assert [text for text, *_ in found] == ["It was paid."]
