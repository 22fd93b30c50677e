"""The records a dataset is made of: rows, variables and the cell where they meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation, Variable

JsonValue: TypeAlias = "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class RowRecord:
    """One unit of observation: a document, or an entity in it.

    `row_key` identifies the row in the project (the document's id, or 'document id/entity key'); the names are for
    people and for the stable order, and need not be unique. Of an entity: `position` is its place among those of its
    document, `status` and `quote` are the evidence that it is there. Where the unit is an entity, a row without one
    stands for a document that could not be searched.
    """

    row_key: str
    document_name: str
    entity: str | None = None
    position: int = field(default=0, compare=False)
    other_names: tuple[str, ...] = field(default=(), compare=False)
    status: EvidenceStatus | None = field(default=None, compare=False)
    quote: str | None = field(default=None, compare=False)

    @property
    def document_key(self) -> str:
        """What is the same for all rows of a document and for no others, where keys say which document it is."""
        if self.entity is None:
            return self.row_key
        return self.row_key.rpartition("/")[0] or self.document_name


@dataclass(frozen=True, slots=True)
class Quoted:
    """The evidence of one value: the words, how well they were found, and where.

    Offsets count characters of the document's text (end excluded); pages count from 1.
    """

    quote: str
    status: EvidenceStatus
    start: int | None = None
    end: int | None = None
    page: int | None = None
    place_label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord:
    """Row × variable: the stored result of one extraction.

    `value` is a scalar, a list of several values, or None; of a JSON variable it is the value itself. The evidence
    fields are those of the first value, `evidence_quote` all quotes joined; `evidence` has one entry per value, or is
    empty where values and quotes do not correspond.
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
    evidence: tuple[Quoted, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document where the unit is an entity: how many rows it has, and what its search could not settle.

    `expected` is how many rows the source itself speaks of, None where it says nothing about it.
    """

    name: str
    rows: int
    expected: int | None = None
    warnings: tuple[str, ...] = ()
    failure: str | None = None


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
