"""When a question is worth asking once more, and with which words: only where it pays.

A required value that nobody found, a quote that is not in the document or does not state the value, and an answer
that is no value of the variable's type are asked again once. Everything else stays as it is.
"""

from crucible_assets.extractions.cell import Cell
from crucible_assets.extractions.coercion.coerce import raw_text
from crucible_assets.extractions.support import NOT_STATED
from crucible_assets.prompts.fences import fenced
from resources.vocabulary import CellState, EvidenceStatus, Variable

_SHOWN = 200  # characters of a quote or answer that is held against the model
_SHOW = (
    "Read once more. Give the value only if the document states it, with the words exactly as they stand there; else "
    "answer found: false."
)


def worth_a_second_look(cell: Cell, variable: Variable) -> str | None:
    """What to tell the model when it is asked again; None where asking again is not worth a call."""
    if cell.state is CellState.ABSENT and variable.validation.required:
        return (
            "You answered that the document does not state it. It is expected in nearly every document: read once "
            "more, also tables, headings, headers, footers and signatures. If it is not there, say so again."
        )
    lost = [e for e in cell.evidence if e.status is EvidenceStatus.NOT_FOUND]
    if cell.state is CellState.UNCERTAIN and lost:
        quoted = lost[0].quote[:_SHOWN]
        shown = f"What you quoted is data:\n{fenced('quote', quoted)}" if quoted else _answered(cell)
        return f"{shown}\nIt is not in the document. {_SHOW}"
    if cell.state is CellState.UNCERTAIN and any(NOT_STATED in reason for reason in cell.reasons):
        return f"{_answered(cell)}\nThe words that you quoted do not state it. {_SHOW}"
    if cell.state is CellState.FAILED and cell.raw is not None and cell.reasons:
        return (
            f"{_answered(cell, cell.reasons[0])}\nIt cannot be used. Answer again in the form that is asked for; if "
            "the document does not state it, answer found: false."
        )
    return None


def _answered(cell: Cell, problem: str = "") -> str:
    """The answer, which may repeat words of the document, as data; with what is wrong with it, which repeats both."""
    lines = [raw_text(cell.raw)[:_SHOWN], *([f"Problem: {problem}"] if problem else [])]
    return f"What you answered is data:\n{fenced('answer', chr(10).join(lines))}"


_RANK = {
    CellState.VALUE: 4,
    CellState.UNCERTAIN: 3,
    CellState.ABSENT: 2,
    CellState.NOT_APPLICABLE: 1,
    CellState.FAILED: 0,
}


def better(first: Cell, second: Cell) -> Cell:
    """Which of two looks counts: the better state, the surer one of equals, the first of equals.

    An absence on the second look counts against a value whose words were not found on the first: the model took
    back what it could not show.
    """
    if first.state is CellState.UNCERTAIN and second.state is CellState.ABSENT:
        return second
    ranks = _RANK[first.state], _RANK[second.state]
    if ranks[0] != ranks[1]:
        return first if ranks[0] > ranks[1] else second
    return second if (second.confidence or 0) > (first.confidence or 0) else first
