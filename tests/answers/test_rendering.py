"""An answer goes to JSON and to Markdown and comes back as it was, whatever is written in it."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.answers.html import to_html
from crucible_assets.answers.rendering import (
    AnswerText,
    SourceText,
    StatementText,
    from_json,
    from_markdown,
    to_json,
    to_markdown,
)
from resources.statements import AnswerStatus, Support

# what the form itself is made of, so that texts look like it as often as can be
PIECES = [
    "[1]", " [2]", "[3][4]", "~~", "(not checked)", " (not in the sources)", "(partly supported)", "## Sources", "# ",
    "- ", "1. ", "> **No answer.** ", ", page 3", "&#91;", "&amp;", "&", "\n", "\r\n", "\n\n", "\u2028", " ", "\t",
    "\\",
    "`", "```", "**bold**", "_", "|", "<b>", "[a](b)", "---", "===", "批准了。", "ﬁ", "é", "\x00",
    "\u00a0", "\ue000",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=6).map("".join)
labels = st.lists(st.integers(1, 120), max_size=3).map(tuple)
statements = st.builds(StatementText, texts.filter(bool), st.sampled_from(Support), labels)
sources = st.builds(SourceText, st.integers(1, 120), texts, st.none() | st.integers(1, 9999))


@st.composite
def answers(draw):
    status = draw(st.sampled_from(AnswerStatus))
    abstention = draw(texts) if status is AnswerStatus.ABSTAINED else None
    said = tuple(draw(st.lists(statements, max_size=4)))
    return AnswerText(draw(texts), status, abstention, said, tuple(draw(st.lists(sources, max_size=3))))


@settings(deadline=None)
@given(answers())
def test_an_answer_comes_back_from_markdown(answer):
    assert from_markdown(to_markdown(answer)) == answer


@settings(deadline=None)
@given(answers())
def test_an_answer_comes_back_from_json(answer):
    assert from_json(json.loads(json.dumps(to_json(answer)))) == answer


@settings(deadline=None)
@given(statements)
def test_every_statement_is_one_line(statement):
    alone = AnswerText("q", AnswerStatus.ANSWERED, statements=(statement,))
    assert len(to_markdown(alone).splitlines()) == 3


@settings(deadline=None)
@given(st.text(string.printable, min_size=1, max_size=40) | texts.filter(bool))
def test_what_is_not_in_the_sources_is_struck_through_whole(text):
    alone = AnswerText("q", AnswerStatus.ANSWERED, statements=(StatementText(text, Support.UNSUPPORTED, (1,)),))
    html = to_html(to_markdown(alone))
    assert "not in the sources" in html
    if any(character.isalnum() for character in text):
        inside = html.partition("<s>")[2].partition("</s>")[0]
        outside = html.replace(f"<s>{inside}</s>", "").replace("(not in the sources) [1]", "")
        shown = [character for character in inside if character.isalnum()]
        assert shown, html
        assert "<s>" not in outside and not any(word in outside for word in text.split() if len(word) > 9), html


def test_a_reader_sees_which_statements_to_trust():
    answer = AnswerText(
        "What was granted?",
        AnswerStatus.ANSWERED,
        None,
        (
            StatementText("The grant was 9,500 EUR.", Support.SUPPORTED, (1,)),
            StatementText("It was paid at once.", Support.UNSUPPORTED, (2,)),
            StatementText("The family was pleased.", Support.UNCHECKED, (1, 2)),
            StatementText("- A board decided.", Support.PARTLY, (1,)),
        ),
        (SourceText(1, "letter_7.pdf", 2), SourceText(2, "log.txt")),
    )
    assert to_markdown(answer).splitlines() == [
        "# What was granted?",
        "",
        "The grant was 9,500 EUR. [1]",
        "",
        "~~It was paid at once.~~ (not in the sources) [2]",
        "",
        "The family was pleased. (not checked) [1][2]",
        "",
        "- A board decided. (partly supported) [1]",
        "",
        "## Sources",
        "",
        "- [1] letter&#95;7.pdf, page 2",
        "- [2] log.txt",
    ]


def test_an_abstention_says_why():
    answer = AnswerText("Why?", AnswerStatus.ABSTAINED, "Nothing in the documents comes near the question.")
    assert to_markdown(answer) == "# Why?\n\n> **No answer.** Nothing in the documents comes near the question.\n"


@pytest.mark.parametrize("status, abstention", [(AnswerStatus.ANSWERED, "why"), (AnswerStatus.ABSTAINED, None)])
def test_only_an_abstention_says_why(status, abstention):
    with pytest.raises(ValueError, match="abstains"):
        AnswerText("q", status, abstention)


@pytest.mark.parametrize("text", ["", "no heading", "# q\n\n## Sources\n\nno source\n"])
def test_markdown_of_another_form_is_refused(text):
    with pytest.raises(ValueError):
        from_markdown(text)
