"""What a model's judgement makes of a statement: it can lift only what no rule decided."""

from dataclasses import replace
from enum import StrEnum

from resources.statements import CheckedBy, Statement, Support


class Judgement(StrEnum):
    """What a model says of a statement and the words that it cites."""

    FOLLOWS = "FOLLOWS"
    PARTLY = "PARTLY"
    DOES_NOT_FOLLOW = "DOES_NOT_FOLLOW"


def judgeable(statement: Statement) -> bool:
    """Whether a model is to be asked: the words speak neither for the statement nor against it."""
    return statement.support is Support.UNCHECKED and bool(statement.citations)


def with_judgement(statement: Statement, judgement: Judgement) -> Statement:
    """The statement after a model has judged it. A judgement lifts only what was unchecked, and never a copy.

    A statement that also cites what was not shown is partly supported at the most.
    """
    match statement.support, judgement:
        case Support.UNCHECKED, Judgement.FOLLOWS:
            support = Support.PARTLY if statement.problems else Support.SUPPORTED
        case Support.UNCHECKED | Support.SUPPORTED, Judgement.PARTLY:
            support = Support.PARTLY
        case Support.UNCHECKED | Support.SUPPORTED | Support.PARTLY, Judgement.DOES_NOT_FOLLOW:
            support = Support.UNSUPPORTED
        case _:
            return statement
    if statement.checked_by is CheckedBy.COPY:
        return statement
    return replace(statement, support=support, checked_by=CheckedBy.MODEL)
