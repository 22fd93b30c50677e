"""Made-up data for the tests of datasets and exports."""

from typing import Any

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, RowRecord
from resources.vocabulary import (
    CellState,
    EvidenceStatus,
    IfMultipleValues,
    UnitOfObservation,
    ValidationRules,
    Variable,
    VariableType,
)

ALL = IfMultipleValues.ALL


def variable(name: str, type_: VariableType, **fields: Any) -> Variable:
    return Variable(name, type_, f"What is the {name}?", **fields)


def spec_of(*variables: Variable, unit: UnitOfObservation = UnitOfObservation.DOCUMENT) -> DatasetSpec:
    return DatasetSpec("Loan agreements", "A study of loans.", "law", "en", unit, variables)


def row(key: str, name: str | None = None, entity: str | None = None) -> RowRecord:
    return RowRecord(key, name or f"{key}.pdf", entity)


def cell(key: str, name: str, value: Any = None, **fields: Any) -> CellRecord:
    state = CellState.ABSENT if value is None else CellState.VALUE
    fields = {"document_name": f"{key}.pdf", "state": state, "prompt_version": 1, "model": "reader"} | fields
    return CellRecord(row_key=key, variable=name, value=value, **fields)


LOANS = spec_of(
    variable("lender", VariableType.TEXT, validation=ValidationRules(required=True)),
    variable("amount", VariableType.NUMBER, unit="EUR", validation=ValidationRules(minimum=0, maximum=1e6)),
    variable("signed", VariableType.DATE, validation=ValidationRules(earliest="2020-05-05", latest="2021-12-31")),
    variable("secured", VariableType.BOOLEAN),
    variable("kind", VariableType.CATEGORY, classification_rules={"term": "one sum", "revolving": "a line"}),
    variable("parties", VariableType.TEXT, if_multiple_values=ALL),
    variable("terms", VariableType.JSON),
)
LOAN_ROWS = (row("b"), row("a"), row("c"))
LOAN_CELLS = (
    cell("a", "lender", "Bank A", confidence=0.9, evidence_quote="Bank A lends", evidence_start=3, page=1),
    cell("b", "lender", '=HYPERLINK("http://x")', confidence=0.4, state=CellState.UNCERTAIN),
    cell("c", "lender"),
    cell("a", "amount", -1000.5, evidence_status=EvidenceStatus.EXACT),
    cell("b", "amount", 250),
    cell("c", "amount", state=CellState.FAILED, reasons=("no call", "budget")),
    cell("a", "signed", "2020-05-06"),
    cell("b", "signed", "2021-01-31"),
    cell("c", "signed"),
    cell("a", "secured", True),
    cell("b", "secured", False),
    cell("c", "secured", state=CellState.NOT_APPLICABLE),
    cell("a", "kind", "term"),
    cell("b", "kind", "term"),
    cell("c", "kind"),
    cell("a", "parties", ["Bank A", "+49 GmbH"]),
    cell("b", "parties", ['Bürgschaft, "Nord"\r\nKG']),
    cell("c", "parties", []),
    cell("a", "terms", {"years": 3, "rate": "-2 %"}),
    cell("b", "terms", [1, [2]]),
    cell("c", "terms"),
)
