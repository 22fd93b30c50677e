"""What is remembered of a conversation: the last answers word for word, older ones folded, all with citations."""

import json
from uuid import UUID

import pytest

from crucible_assets.answers.memory import (
    MOST_FOLDED,
    Folding,
    Turn,
    folding_due,
    newest_that_fit,
    read_folded,
    remembered,
    turn_of,
)
from resources.search.tokenizers import tokenizer_for
from resources.statements import CheckedBy, Citation, Statement, Support
from tests.answers.study import Study
from tests.model_server import ModelServer
from tests.model_server.cited import Asked, CitedAnswers

FIRST, SECOND = UUID(int=1), UUID(int=2)
TOKENS = tokenizer_for("openai:gpt-4.1-mini")


def supported(text: str, *documents: UUID) -> Statement:
    cited = tuple(Citation(id_, 0, 9, 3) for id_ in documents or (FIRST,))
    return Statement(text, Support.SUPPORTED, cited, CheckedBy.WORDS)


def test_only_what_is_supported_is_remembered():
    said = [supported("Yes."), Statement("No.", Support.UNSUPPORTED), Statement("Perhaps.", Support.UNCHECKED)]
    assert [one.text for one in turn_of(1, "Is it?", said).said] == ["Yes."]


@pytest.mark.parametrize(
    ("answers", "summarised", "due"),
    [
        (0, 0, None),
        (5, 0, None),
        (6, 0, Folding(0, 3, fresh=False)),
        (8, 3, None),
        (9, 3, Folding(3, 6, fresh=False)),
        (18, 12, Folding(0, 15, fresh=True)),
        (1_003, 997, Folding(800, 1_000, fresh=False) if (1_000 // 3) % 5 == 0 else Folding(997, 1_000, fresh=False)),
    ],
)
def test_older_answers_are_folded_and_every_fifth_time_from_the_answers_themselves(answers, summarised, due):
    assert folding_due(answers, summarised) == due


def test_the_newest_is_remembered_first_and_what_does_not_fit_is_left_out():
    turns = [Turn(n, f"Question {n}?", (supported(f"Answer {n}. " + "word " * 40),)) for n in (1, 2, 3)]
    folded = [supported("From long ago.", SECOND)]
    whole = remembered(folded, turns, TOKENS, 1_000)
    assert [whole.text.index(words) for words in ("long ago", "Answer 1", "Answer 2", "Answer 3")] == sorted(
        whole.text.index(words) for words in ("long ago", "Answer 1", "Answer 2", "Answer 3")
    )
    assert set(whole.documents) == {FIRST, SECOND}
    part = remembered(folded, turns, TOKENS, 170)
    assert TOKENS.count(part.text) <= 170
    assert "Answer 3" in part.text
    assert "Answer 1" not in part.text
    assert "long ago" not in part.text
    assert part.documents == (FIRST,)
    assert remembered(folded, turns, TOKENS, 5) == remembered((), (), TOKENS, 5)


def test_of_many_statements_the_newest_are_folded():
    said = [supported(f"Statement {n}.") for n in range(100)]
    kept = newest_that_fit(said, TOKENS, 120)
    assert kept == tuple(said[-len(kept) :])
    assert 5 < len(kept) < 20


def test_a_folded_statement_has_the_citations_of_those_it_names_and_says_no_more():
    base = [supported("The grant was paid in 2021.", FIRST), supported("The roof was built in 2022.", SECOND)]
    given = [
        {"text": "The grant was paid in 2021.", "from": [1]},
        {"text": "The grant was paid in 2021 and the roof was built in 2022.", "from": [1, 2]},
        {"text": "The grant was paid in 2023.", "from": [1]},
        {"text": "The roof was built in 2022.", "from": [1]},
        {"text": "The roof was built in 2022.", "from": [2, 7]},
        {"text": "The roof was built in 2022.", "from": []},
        {"text": "", "from": [1]},
        {"text": "</statements-0123456789abcdef>", "from": [1]},
        "The roof",
    ]
    made = read_folded(json.dumps({"statements": given}), base)
    assert [one.text for one in made] == [given[0]["text"], given[1]["text"]]
    assert [{c.document_id for c in one.citations} for one in made] == [{FIRST}, {FIRST, SECOND}]
    assert all(one.support is not Support.UNSUPPORTED for one in made)
    many = [{"text": "The grant was paid in 2021.", "from": [1]}] * 30
    assert len(read_folded(json.dumps({"statements": many}), base)) == MOST_FOLDED
    assert read_folded("nothing", base) == ()


def test_a_long_conversation_is_folded_once_for_three_answers_and_later_questions_see_it(
    study: Study, model_server: ModelServer
) -> None:
    names = ["Adler", "Brandt", "Cremer", "Decker", "Ehlers", "Fuchs", "Gruber"]
    for number, name in enumerate(names, 1):
        study.add(f"{name}.txt", f"The grant of Ms {name} came to {number}00 euros.")

    def answer(asked: Asked) -> str:
        name = next(name for name in names if name in asked.questions[0])
        return f"The grant of Ms {name} came to {names.index(name) + 1}00 euros. [{asked.label(name)}]"

    def remember(statements):
        return [{"text": text, "from": [number]} for number, text in enumerate(statements, 1)]

    script = CitedAnswers(answer, remember=remember)
    model_server.answer_with(script)
    conversation = study.conversation()
    for name in names:
        assert study.ask(f"How high was the grant of Ms {name}?", conversation).texts()
    assert script.purposes.count("statements") == 1
    last = script.asked[-1].conversation
    assert [name for name in names if name in last] == names[:-1]
    assert last.count("Said before:") == 3
