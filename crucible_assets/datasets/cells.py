"""The records a dataset is made of: rows, variables and the cell where they meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation, Variable

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class RowRecord:
    """One unit of observation: a document, or an entity in it.

    `row_key` identifies the row in the project (document id or entity key); the names are for people and for
    the stable order, and need not be unique.
    """

    row_key: str
    document_name: str
    entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord:
    """Row × variable: the stored result of one extraction.

    `value` is a scalar, a list of several values, or None; of a JSON variable it is the value itself.
    Evidence offsets count characters of the document's text (end excluded); pages count from 1.
    """

    row_key: str
    document_name: str
    variable: str
    state: CellState
    prompt_version: int
    model: str
    entity: str | None = None
    value: JsonValue = None
    raw: str | None = None
    confidence: float | None = None
    evidence_quote: str | None = None
    evidence_status: EvidenceStatus = EvidenceStatus.NONE
    evidence_start: int | None = None
    evidence_end: int | None = None
    page: int | None = None
    place_label: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What a dataset is about: the study and its variables, in column order."""

    project_name: str
    description: str
    domain: str
    language: str | None
    unit_of_observation: UnitOfObservation
    variables: tuple[Variable, ...]

    def variable(self, name: str) -> Variable:
        """Give the variable of that name; KeyError when the dataset has none."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise KeyError(name)
