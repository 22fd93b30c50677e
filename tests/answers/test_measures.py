"""The figures of answers, worked out by hand."""

import json
from uuid import UUID

import pytest

from crucible_assets.answers.measures import (
    Document,
    Given,
    LabelledQuestion,
    QuestionsError,
    citation_precision,
    citation_recall,
    coverage_of,
    figures_of,
    measure,
    read_questions,
)
from resources.statements import AnswerStatus, CheckedBy, Citation, Statement, Support

ONE, TWO = UUID(int=1), UUID(int=2)
DOCUMENTS = {
    "a.txt": Document(ONE, "The grant was 9,500 EUR. It was refused. It was refused."),
    "b.txt": Document(TWO, "Maeve Tierney signed. Rain fell."),
}
GRANT, REFUSED, AGAIN, SIGNED = (
    Citation(ONE, 0, 24, 1), Citation(ONE, 25, 40, 1), Citation(ONE, 41, 56, 1), Citation(TWO, 0, 21, 2),
)  # fmt: skip
S, P, U, N = Support.SUPPORTED, Support.PARTLY, Support.UNSUPPORTED, Support.UNCHECKED


def said(support: Support, *citations: Citation, problems: tuple[str, ...] = ()) -> Statement:
    return Statement("x", support, citations, None if support is N else CheckedBy.WORDS, problems)


def given(*statements: Statement, quotes=("The grant was 9,500 EUR.",), documents=("a.txt",), status=None) -> Given:
    labelled = LabelledQuestion("?", bool(quotes), documents if quotes else (), quotes)
    return Given(labelled, status or (AnswerStatus.ANSWERED if statements else AnswerStatus.ABSTAINED), statements)


def test_recall_is_the_share_of_supported_statements():
    assert citation_recall([said(S, GRANT), said(P, GRANT), said(U), said(N, GRANT)]) == 1 / 4
    assert citation_recall([]) is None


def test_precision_counts_citations_of_what_is_supported():
    idle = said(P, GRANT, SIGNED, problems=("[2] says nothing of it",))
    unseen = said(P, GRANT, problems=("cites [7], which was not shown",))
    assert citation_precision([said(S, GRANT, SIGNED)]) == 1.0
    assert citation_precision([idle]) == 1 / 2
    assert citation_precision([unseen]) == 1 / 2
    assert citation_precision([said(S, GRANT), said(U, REFUSED), said(N, SIGNED, GRANT)]) == 1 / 4
    assert citation_precision([said(U, problems=("cites nothing",))]) is None


@pytest.mark.parametrize(
    "answer, expected",
    [
        (given(said(S, GRANT)), 1.0),
        (given(said(N, GRANT)), 1.0),
        (given(said(U, GRANT)), 0.0),
        (given(said(S, REFUSED)), 0.0),
        (given(said(S, Citation(ONE, 1, 24, 1))), 0.0),
        (given(said(S, Citation(TWO, 0, 24, 1))), 0.0),
        (given(said(S, AGAIN), quotes=("It was refused.",)), 1.0),
        (given(said(S, GRANT), quotes=("The grant was 9,500 EUR.", "Maeve Tierney signed.")), 0.5),
        (
            given(
                said(S, GRANT, SIGNED),
                quotes=("The grant was 9,500 EUR.", "Maeve Tierney signed."),
                documents=("a.txt", "b.txt"),
            ),
            1.0,
        ),
        (given(), 0.0),
        (given(said(S, GRANT), status=AnswerStatus.FAILED), 0.0),
        (given(said(S, GRANT), quotes=()), None),
    ],
)
def test_coverage_is_the_share_of_quotes_within_a_citation(answer, expected):
    assert coverage_of(answer, DOCUMENTS) == expected


def test_the_score_is_coverage_or_a_right_abstention():
    assert measure(given(said(S, GRANT)), DOCUMENTS)["score"] == 1.0
    assert measure(given(quotes=()), DOCUMENTS) == {"score": 1.0}
    assert measure(given(said(S, GRANT), quotes=()), DOCUMENTS)["score"] == 0.0
    assert "coverage" not in measure(given(said(S, GRANT), quotes=()), DOCUMENTS)


def test_the_figures_of_a_set():
    figures = figures_of(
        [
            given(said(S, GRANT), said(U, REFUSED)),  # answered
            given(),  # wrongly not answered
            given(quotes=()),  # rightly not answered
            given(said(N, SIGNED), quotes=()),  # wrongly answered
            given(status=AnswerStatus.FAILED),  # a fault
        ],
        DOCUMENTS,
    )
    assert (figures.questions, figures.answered, figures.failed, figures.statements) == (5, 2, 1, 3)
    assert figures.score == pytest.approx(2 / 5)
    assert figures.coverage == pytest.approx(1 / 3)
    assert figures.citation_precision == pytest.approx((1 / 2 + 0) / 2)
    assert figures.citation_recall == pytest.approx((1 / 2 + 0) / 2)
    assert figures.abstention_precision == pytest.approx(1 / 3)
    assert figures.abstention_recall == pytest.approx(1 / 2)
    assert figures.support == {S: 1 / 3, P: 0.0, U: 1 / 3, N: 1 / 3}


def test_a_set_without_any_answer_has_no_shares_of_answers():
    figures = figures_of([given(quotes=())], DOCUMENTS)
    assert (figures.score, figures.coverage, figures.citation_recall) == (1.0, None, None)
    assert figures.abstention_recall == 1.0


def test_questions_are_read(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(
        json.dumps({"question": " When? ", "documents": ["a.txt"], "quotes": ["now"]})
        + "\n\n"
        + json.dumps({"question": "Who?", "answerable": False}),
        encoding="utf-8",
    )
    assert read_questions(path) == (
        LabelledQuestion("When?", True, ("a.txt",), ("now",)),
        LabelledQuestion("Who?", False),
    )


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "no question"),
        ("{", "line 1"),
        ("[]", "line 1"),
        ('{"documents": []}', "line 1"),
        ('{"question": "Who?"}', "needs documents and quotes"),
        ('{"question": "Who?", "documents": ["a"], "quotes": [""]}', "needs documents and quotes"),
        ('{"question": "Who?", "answerable": false, "documents": ["a"], "quotes": ["x"]}', "neither"),
        ('{"question": "Who?", "answerable": false}\n{"question": "Who?", "answerable": false}', "twice"),
    ],
    ids=["empty", "no JSON", "a list", "no question", "no quotes", "empty quote", "both", "twice"],
)
def test_questions_that_cannot_be_read_say_where_and_why(tmp_path, text, why):
    path = tmp_path / "questions.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionsError, match=why):
        read_questions(path)
