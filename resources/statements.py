"""What is said about sources: statements with the citations that bear them, in answers, summaries and themes.

A statement is one sentence. It is stored with its citations and with what a check of it found, and it is deleted when
a document that it cites is deleted.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Support(StrEnum):
    """Whether the cited words say what a statement says."""

    SUPPORTED = "SUPPORTED"
    PARTLY = "PARTLY"  # something in it is borne by the cited words, something is not
    UNSUPPORTED = "UNSUPPORTED"  # cites nothing that is there, or says what the cited words do not
    UNCHECKED = "UNCHECKED"  # cites something that is there; whether it says the same could not be decided


class CheckedBy(StrEnum):
    """How the support of a statement was decided."""

    COPY = "COPY"  # it is the cited words
    WORDS = "WORDS"  # by numbers, dates, names, negations and the other words
    MODEL = "MODEL"  # a model was asked whether the one follows from the other, and the words do not speak against it


class AnswerStatus(StrEnum):
    """Where an answer stands."""

    RUNNING = "RUNNING"
    ANSWERED = "ANSWERED"  # at least one statement is not unsupported
    ABSTAINED = "ABSTAINED"  # nothing is answered, and `Abstention` says why
    FAILED = "FAILED"  # a fault; the reason says which
    WITHDRAWN = "WITHDRAWN"  # it was ANSWERED; what it said rested on documents that were deleted or changed since


class Abstention(StrEnum):
    """Why a question is not answered."""

    NOTHING_FOUND = "NOTHING_FOUND"  # no passage came near
    NOT_ENOUGH = "NOT_ENOUGH"  # passages were found, and they do not answer the question
    UNSUPPORTED = "UNSUPPORTED"  # an answer was written, and nothing in it is borne by what it cites


@dataclass(frozen=True, slots=True)
class Citation:
    """Words that bear a statement: `text[start:end]` of a document.

    `label` is the number under which they were shown to a model, or None.
    """

    document_id: UUID
    start: int
    end: int
    label: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about the sources, in Markdown without citation marks.

    `problems` are the words of it that the check missed in the cited ones, or what else is wrong, one each.
    `question` is the place of the question that it answers, counted from 0.
    """

    text: str
    support: Support
    citations: tuple[Citation, ...] = ()
    checked_by: CheckedBy | None = None  # None: not checked
    problems: tuple[str, ...] = ()
    question: int | None = None
