"""How good answers are on labelled questions: citations, support, abstention, and whether the gold words are cited.

Citation precision and recall follow ALCE (Gao, Yen, Yu and Chen 2023, arXiv 2305.14627, §4). ALCE lets an entailment
model say whether a sentence follows from what it cites; here that is the verdict stored with the statement, in which
UNCHECKED counts as not supported.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from resources.statements import AnswerStatus, Citation, Statement, Support

MEASURES = ("score", "coverage", "citation precision", "citation recall")
"""Of one question; a question has no value of a measure that does not apply to it."""


class QuestionsError(ValueError):
    """A file of labelled questions that cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and what an answer to it must cite: `quotes`, each word for word in one of `documents` (names).

    One that is not `answerable` has neither.
    """

    question: str
    answerable: bool = True
    documents: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered to a labelled question."""

    labelled: LabelledQuestion
    status: AnswerStatus
    statements: tuple[Statement, ...] = ()

    @property
    def abstained(self) -> bool:
        """Whether nothing was answered, for whatever reason."""
        return self.status is not AnswerStatus.ANSWERED


@dataclass(frozen=True, slots=True)
class Document:
    """A document that questions are asked about; citations count in its `text`."""

    id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a whole set. Shares are 0 to 1, and None where nothing is there to take a share of.

    - `score`: the mean over all questions of what was right: `coverage` of an answerable one, and of another 1 when
      nothing was answered, else 0.
    - `coverage`: the mean over answerable questions of the share of their quotes that are cited (`coverage_of`).
    - `citation_precision`: the mean over answered questions of `citation_precision`, `citation_recall` likewise.
    - `abstention_precision`: of the questions that were not answered, the share that has no answer.
    - `abstention_recall`: of the questions without an answer, the share that was not answered.
    - `support`: of all statements, the share that has this support.
    """

    questions: int
    answered: int
    failed: int
    statements: int
    score: float | None
    coverage: float | None
    citation_precision: float | None
    citation_recall: float | None
    abstention_precision: float | None
    abstention_recall: float | None
    support: Mapping[Support, float]


def citation_recall(statements: Sequence[Statement]) -> float | None:
    """The share of statements that all that they cite together supports; None without statements.

    As in ALCE: a statement counts 1 when it follows from its citations taken together, else 0.
    """
    if not statements:
        return None
    return sum(one.support is Support.SUPPORTED for one in statements) / len(statements)


def citation_precision(statements: Sequence[Statement]) -> float | None:
    """The share of citations that bear their statement; None without citations.

    As in ALCE a citation counts only where its statement is supported by all of them together; of one that is partly
    supported those count that the check does not name as saying nothing of it. What was cited without having been
    shown is a citation too, and never counts.
    """
    right, total = 0, 0
    for one in statements:
        idle = sum("says nothing of it" in problem for problem in one.problems)
        unseen = sum("which was not shown" in problem for problem in one.problems)
        total += len(one.citations) + unseen
        if one.support is Support.SUPPORTED:
            right += len(one.citations)
        elif one.support is Support.PARTLY:
            right += max(0, len(one.citations) - idle)
    return right / total if total else None


def coverage_of(given: Given, documents: Mapping[str, Document]) -> float | None:
    """The share of a question's quotes that stand within a citation; None of one that has no answer.

    Citations count of statements that are not UNSUPPORTED. A quote counts wherever it stands in one of its documents.
    """
    if not given.labelled.answerable:
        return None
    cited = [
        citation
        for statement in given.statements
        if statement.support is not Support.UNSUPPORTED and not given.abstained
        for citation in statement.citations
    ]
    of_it = [documents[name] for name in given.labelled.documents if name in documents]
    found = sum(any(_cites(quote, one, cited) for one in of_it) for quote in given.labelled.quotes)
    return found / len(given.labelled.quotes)


def _cites(quote: str, document: Document, cited: Sequence[Citation]) -> bool:
    at = document.text.find(quote)
    while at >= 0:
        end = at + len(quote)
        if any(one.document_id == document.id and one.start <= at and end <= one.end for one in cited):
            return True
        at = document.text.find(quote, at + 1)
    return False


def measure(given: Given, documents: Mapping[str, Document]) -> dict[str, float]:
    """The `MEASURES` of one question, as far as they apply to it."""
    coverage = coverage_of(given, documents)
    score = coverage if coverage is not None else float(given.abstained)
    values = {
        "score": score,
        "coverage": coverage,
        "citation precision": citation_precision(given.statements),
        "citation recall": citation_recall(given.statements),
    }
    return {name: value for name, value in values.items() if value is not None}


def figures_of(all_given: Sequence[Given], documents: Mapping[str, Document]) -> Figures:
    """The figures of a set."""
    values = [measure(one, documents) for one in all_given]
    said = [statement for one in all_given for statement in one.statements]
    abstained = [one for one in all_given if one.abstained]
    unanswerable = [one for one in all_given if not one.labelled.answerable]
    return Figures(
        questions=len(all_given),
        answered=len(all_given) - len(abstained),
        failed=sum(one.status is AnswerStatus.FAILED for one in all_given),
        statements=len(said),
        score=_mean(values, "score"),
        coverage=_mean(values, "coverage"),
        citation_precision=_mean(values, "citation precision"),
        citation_recall=_mean(values, "citation recall"),
        abstention_precision=_share([not one.labelled.answerable for one in abstained]),
        abstention_recall=_share([one.abstained for one in unanswerable]),
        support={support: sum(one.support is support for one in said) / max(1, len(said)) for support in Support},
    )


def _mean(values: Sequence[Mapping[str, float]], name: str) -> float | None:
    present = [one[name] for one in values if name in one]
    return sum(present) / len(present) if present else None


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def read_questions(path: Path) -> tuple[LabelledQuestion, ...]:
    """The labelled questions in a file of JSON lines. Raises QuestionsError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{path}: could not be read as UTF-8 text: {error}") from error
    questions = tuple(_question(line, f"{path}, line {at}") for at, line in enumerate(lines, 1) if line.strip())
    if not questions:
        raise QuestionsError(f"{path}: it holds no question.")
    asked = [one.question for one in questions]
    if twice := next((one for one in asked if asked.count(one) > 1), None):
        raise QuestionsError(f"{path}: it asks twice: {twice!r}.")
    return questions


def _question(line: str, where: str) -> LabelledQuestion:
    try:
        data = json.loads(line)
        question = str(data["question"]).strip()
        answerable = bool(data.get("answerable", True))
        documents, quotes = (tuple(map(str, data.get(name, ()))) for name in ("documents", "quotes"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionsError(
            f'{where}: not of the form {{"question": …, "documents": […], "quotes": […]}}.'
        ) from error
    if not question or answerable != bool(documents and quotes and all(quotes)):
        raise QuestionsError(
            f'{where}: a question needs documents and quotes, or "answerable": false and neither of them.'
        )
    return LabelledQuestion(question, answerable, documents, quotes)
