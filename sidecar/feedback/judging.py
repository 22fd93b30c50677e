"""Verdicts on cells: each finds its cell as it was seen, its corrections are read as the variable's type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crucible_assets.extractions.validation import violations
from crucible_assets.learning.feedback_file import Line, Refused
from crucible_assets.learning.labels import CellKey, Given, Judged
from crucible_assets.learning.load import verdict_row
from crucible_assets.learning.matching import KnownRow, Matcher
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.cell_pages import FoundCell, find_cells
from resources.database.repositories.feedback import KeptVerdict, add_feedback, latest_of
from resources.database.repositories.projects import load_project
from resources.project import Project
from resources.vocabulary import CellState, Verdict
from sidecar.feedback.schemas import Feedback, FeedbackAnswer, GivenVerdict
from sidecar.fields import checked_json
from sidecar.problems import Conflict, FieldProblem, NotFound, Unusable
from sidecar.results.present import cell_of, version_of


class CellChanged(Conflict):
    """A cell holds something else than the person saw; `cells` are those as they are now."""

    slug, title = "cell-changed", "The cell has changed"


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one verdict."""

    kept: KeptVerdict
    known: bool
    warnings: tuple[str, ...]

    @property
    def answer(self) -> FeedbackAnswer:
        """For the client."""
        return FeedbackAnswer(feedback=shown(self.kept), known=self.known, warnings=list(self.warnings))


def judge(
    session: TenantSession, project_id: str, items: Sequence[GivenVerdict], author: str, field: str
) -> list[Said]:
    """Keep verdicts, all or none. `field` names an item in errors, with its place for `{}`: 'body.items.{}'.

    Raises NotFound for a project or cell that is not there, CellChanged, and Unusable for what cannot be a verdict.
    """
    project = load_project(session, project_id)
    if project is None:
        raise NotFound(f"There is no project `{project_id}`.")
    keys: list[CellKey] = [(item.document_id, item.row_key, item.variable) for item in items]
    cells = find_cells(session, project_id, keys)
    _refuse_unknown(items, keys, cells)
    _refuse_twice(keys, field)
    _refuse_stale(items, [cells[key] for key in keys])
    given = _read(project, items, [cells[key] for key in keys], author, field)
    new = {_key(row) for row in add_feedback(session, project_id, [verdict_row(item) for item in given])}
    latest = latest_of(session, project_id, author, keys)
    said = [Said(latest[item.key], item.key not in new, _warnings(project, item)) for item in given]
    for one in said:
        if not one.known:
            kept = one.kept
            about = f"cell:{project_id}/{kept.document_id}/{kept.row_key}/{kept.variable}"
            audit(session, "feedback.given", about, feedback=str(kept.id), verdict=kept.verdict)
    return said


def shown(kept: KeptVerdict) -> Feedback:
    """A verdict as it is shown."""
    return Feedback(
        id=kept.id,
        project_id=kept.project_id,
        document_id=kept.document_id,
        document_name=kept.document_name,
        row_key=kept.row_key,
        variable=kept.variable,
        verdict=Verdict(kept.verdict),
        corrected_values=kept.corrected_value,
        note=kept.note,
        author=kept.author,
        judged_state=CellState(kept.judged_state),
        judged_value=kept.judged_value,
        created_at=kept.created_at,
    )


def _key(row: Any) -> CellKey:
    return (row.document_id, row.row_key, row.variable)


def _refuse_unknown(items: Sequence[GivenVerdict], keys: Sequence[CellKey], cells: dict[CellKey, FoundCell]) -> None:
    for item, key in zip(items, keys, strict=True):
        if key not in cells:
            where = f"document {item.document_id}" + (f", row {item.row_key}" if item.row_key else "")
            raise NotFound(f"This project has no cell `{item.variable}` of {where}.")


def _refuse_twice(keys: Sequence[CellKey], field: str) -> None:
    first: dict[CellKey, int] = {}
    errors = [
        FieldProblem(field=field.format(number), message=f"the same cell as item {first[key]}; say what counts")
        for number, key in enumerate(keys)
        if first.setdefault(key, number) != number
    ]
    if errors:
        raise Unusable("One request judges a cell once.", errors=errors)


def _refuse_stale(items: Sequence[GivenVerdict], cells: Sequence[FoundCell]) -> None:
    stale = [
        cell for item, cell in zip(items, cells, strict=True) if version_of(cell.state, cell.value) != item.version
    ]
    if stale:
        raise CellChanged(
            f"{len(stale)} of the cells hold something else than what was judged. Nothing was kept; look at `cells`, "
            "judge them anew and send their `version`.",
            cells=[cell_of(cell).model_dump(mode="json") for cell in stale],
        )


def _read(
    project: Project, items: Sequence[GivenVerdict], cells: Sequence[FoundCell], author: str, field: str
) -> list[Given]:
    """The verdicts with corrections read as `crucible feedback` reads them. Raises Unusable with all faults."""
    rows = {(cell.document_id, cell.row_key): cell for cell in cells}
    matcher = Matcher(
        [KnownRow(cell.document_id, cell.row_key, (cell.document_name,), cell.entity_name) for cell in rows.values()],
        {_key(cell): Judged(CellState(cell.state), cell.value) for cell in cells},
        {variable.name: variable for variable in project.variables},
        project.language,
        author,
    )
    lines: list[Line] = []
    refused: list[Refused] = []
    for number, (item, cell) in enumerate(zip(items, cells, strict=True)):
        try:
            checked_json(item.corrected_values)
        except ValueError as error:
            refused.append(Refused(number, cell.variable, f"corrected_values: {error}"))
        lines.append(_line(number, item, cell))
    given: list[Given] = []
    if not refused:
        given, refused = matcher.match(lines)
    if refused:
        errors = [FieldProblem(field=field.format(line.number), message=line.reason) for line in refused]
        raise Unusable("; ".join(error.message for error in errors[:5]), errors=errors)
    return given


def _line(number: int, item: GivenVerdict, cell: FoundCell) -> Line:
    key = f"{cell.document_id}/{cell.row_key}" if cell.row_key else str(cell.document_id)
    return Line(
        number=number,
        document=cell.document_name,
        variable=cell.variable,
        verdict=item.verdict,
        corrected=item.corrected_values,
        note=item.note,
        row=key,
    )


def _warnings(project: Project, given: Given) -> tuple[str, ...]:
    variable = next(variable for variable in project.variables if variable.name == given.key[2])
    broken = [words for value in given.corrected or () for words in violations(value, variable)]
    return tuple(dict.fromkeys(broken))
