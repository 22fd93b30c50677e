"""`crucible feedback`, `crucible refine`: what people say about cells, and what follows from it."""

import getpass
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import dagster as dg
from rich.console import Console
from rich.table import Table

from cli.commands_run import read_gold
from cli.console import make_console
from cli.project_file import ProjectFile, read_project_file
from cli.runner import release_vanished, run_step, run_task
from cli.session import open_installation, open_instance
from crucible_assets.learning.analysis import CellSeen, analyse
from crucible_assets.learning.analysis import rows_of as analysis_rows
from crucible_assets.learning.feedback_file import Refused, read_feedback
from crucible_assets.learning.gold_labels import label_rows
from crucible_assets.learning.labels import CellKey, Side
from crucible_assets.learning.load import (
    Learnt,
    known_rows,
    load_calibration,
    load_learnt,
    seen_cells,
    verdict_row,
)
from crucible_assets.learning.matching import Matcher
from crucible_assets.learning.reliability import bin_rows
from crucible_assets.learning.scoring import figures_of
from crucible_assets.learning.scoring import rows_of as calibration_rows
from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Step, Wish, steps_of
from resources.database.engine import TenantSession
from resources.database.repositories.documents import list_documents
from resources.database.repositories.feedback import add_feedback, load_feedback
from resources.database.repositories.labels import replace_labels
from resources.database.repositories.projects import load_project
from resources.database.repositories.refinements import list_refinements
from resources.database.repositories.tasks import TaskActiveError, active_extraction
from resources.installation import Installation
from resources.models.providers.choose import check_spec, describe
from resources.project import Project
from resources.vocabulary import RefinementStatus, TaskKind

console = make_console()
_MOST_LISTED = 50  # lines that were not used


def give_feedback(path: Path, file: Path, author: str | None) -> int:
    """Take in a file of verdicts. Returns 0, or 1 when lines could not be used; they are listed."""
    study = read_project_file(path)
    try:
        said = read_feedback(file.read_bytes(), str(file))
    except OSError as error:
        raise click.UsageError(f"{file}: could not be read ({error.strerror}).") from error
    installation = open_installation()
    key = ProjectKey(installation.settings.tenant, study.project.id)
    with installation.database.transaction(key.tenant) as session:
        project = _stored(session, study)
        documents = {row.id: row for row in list_documents(session, project.id)}
        cells: dict[CellKey, CellSeen] = seen_cells(session, project, documents)
        matcher = Matcher(
            known_rows(session, project, documents.values()),
            {place: cell.judged for place, cell in cells.items()},
            {variable.name: variable for variable in project.variables},
            project.language,
            author or getpass.getuser(),
        )
        given, refused = matcher.match(said.lines)
        new = add_feedback(session, project.id, [verdict_row(item) for item in given])
        total = len(load_feedback(session, project.id))
    known = len(given) - len(new)
    parts = [f"{len(new)} verdicts kept" + (f", {known} known before" if known > 0 else "")]
    parts.append(f"{total} in all")
    if said.unjudged:
        parts.append(f"{said.unjudged} lines without a verdict")
    console.print("Feedback: " + "; ".join(parts) + ".")
    refused = sorted([*said.refused, *refused], key=lambda line: line.number)
    _say_refused(refused)
    with open_instance(installation) as instance:
        _calibrate(installation, instance, key, study.gold)
    _show_learnt(installation, key, console)
    return 1 if refused else 0


def _stored(session: TenantSession, study: ProjectFile) -> Project:
    """The project as it is stored, which is what the cells belong to."""
    project = load_project(session, study.project.id)
    if project is None:
        raise click.UsageError("Nothing was extracted yet: run `crucible run` first.")
    return project


def _say_refused(refused: Sequence[Refused]) -> None:
    if not refused:
        return
    console.print(f"{len(refused)} lines were not used:")
    for line in refused[:_MOST_LISTED]:
        console.print(f"  line {line.number} ({line.about}): {line.reason}")
    if len(refused) > _MOST_LISTED:
        console.print(f"  … and {len(refused) - _MOST_LISTED} more")


def store_gold(session: TenantSession, project_id: str, gold: Path) -> bool:
    """Put the labels of a gold file in the place of those stored; False when there is no such file."""
    if not gold.exists():
        return False
    replace_labels(session, project_id, label_rows(read_gold(gold)))
    return True


def calibrate_stored(path: Path, gold: Path | None) -> None:
    """Store the labels of a gold file, learn the curves anew, and show them: `crucible evaluate --calibrate`."""
    study = read_project_file(path)
    installation = open_installation()
    key = ProjectKey(installation.settings.tenant, study.project.id)
    with open_instance(installation) as instance:
        _calibrate(installation, instance, key, gold or study.gold)
    show_calibration(console, installation, key)


def _calibrate(installation: Installation, instance: dg.DagsterInstance, key: ProjectKey, gold: Path) -> None:
    """Learn the curves anew, as a run that Dagster shows."""
    with installation.database.transaction(key.tenant) as session:
        store_gold(session, key.project, gold)
    register(instance, key, [])
    run_step(instance, Step("calibrate", str(key)), {"crucible/tenant": key.tenant, "crucible/project": key.project})


def _show_learnt(installation: Installation, key: ProjectKey, out: Console) -> None:
    with installation.database.transaction(key.tenant) as session:
        project = load_project(session, key.project)
        assert project is not None, "it was there a moment ago"
        learnt = load_learnt(session, project)
    show_analysis(out, learnt)
    show_calibration(out, installation, key)
    for place, said in learnt.labels.disputed:
        out.print(f"Disputed: {learnt.documents[place[0]].name}, {place[2]}: {said}")
    if learnt.unknown:
        out.print(f"Labelled, but not in the dataset: {', '.join(learnt.unknown)}.")


def show_analysis(out: Console, learnt: Learnt) -> None:
    """What is wrong with which variable, and how the labels are split."""
    sides = Counter(learnt.side(key) for key in learnt.labels.by_cell)
    analyses = {
        variable.name: analyse(
            variable,
            [
                (label, learnt.cells[label.key])
                for label in learnt.labels.of(variable.name)
                if label.key in learnt.cells
            ],
        )
        for variable in learnt.project.variables
    }
    labelled = {name: found for name, found in analyses.items() if found.labelled}
    columns = ("variable", "labelled", "right", "wrong", "patterns", "categories")
    _table(out, "Labelled cells", columns, analysis_rows(labelled))
    out.print(
        f"Labels: {len(learnt.labels.by_cell)}, of them {sides[Side.TRAIN]} to learn wordings from and "
        f"{sides[Side.HELD_OUT]} held out to measure them on (by document)."
    )


def show_calibration(out: Console, installation: Installation, key: ProjectKey) -> None:
    """The curves that are in force with their reliability figures, and the bins of all variables together."""
    with installation.database.transaction(key.tenant) as session:
        made = load_calibration(session, key.project)
    if not made:
        out.print("Calibration: no labelled cell has a confidence, so confidences stay as they are.")
        return
    rows = calibration_rows(figures_of(made))
    _table(out, "Calibration (after: cross-validated)", tuple(rows[0]), rows)
    for item in made:
        if item.variable == "" and item.reliability.after is not None:
            bins = bin_rows(item.reliability.after)
            _table(out, f"Reliability after calibration: {item.claim}, {item.model}", tuple(bins[0]), bins)


def _table(out: Console, title: str, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    if not rows:
        return
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    out.print(table)


def refine_project(path: Path, variables: tuple[str, ...], models: tuple[str, ...]) -> int:
    """Word instructions anew where labels show errors, measure, and put in force what is not worse."""
    study = read_project_file(path)
    installation = open_installation()
    for spec in models or installation.settings.models:
        check_spec(spec)
    key = ProjectKey(installation.settings.tenant, study.project.id)
    with open_instance(installation) as instance:
        with installation.database.transaction(key.tenant) as session:
            said = release_vanished(session, instance, key.project)
            active = active_extraction(session, key.project)
            if active is not None:
                raise TaskActiveError(active.id)
            project = _stored(session, study)
            store_gold(session, key.project, study.gold)
        if said:
            console.print(said)
        if unknown := [name for name in variables if name not in {v.name for v in project.variables}]:
            raise click.UsageError(f"--variable {', '.join(unknown)}: no variable of this project.")
        used = models or installation.settings.models
        console.print("Model: " + ", then ".join(describe(spec) for spec in used) + ".")
        register(instance, key, [])
        wish = Wish(models=models, variables=variables)
        steps = steps_of(TaskKind.REFINE, key, [], [])
        task_id = run_task(installation, instance, key, TaskKind.REFINE, steps, wish, console)
    with installation.database.transaction(key.tenant) as session:
        learnt = load_learnt(session, project)
        made = [row for row in list_refinements(session, key.project) if row.task_id == task_id]
    show_analysis(console, learnt)
    for row in made:
        console.print(f"{row.variable}: {row.status}, {row.reason}.")
        if row.instructions:
            console.print(f"  {row.instructions}")
        for number, example in enumerate(row.counter_examples, 1):
            console.print(f"  counter-example {number}: {example['why']}")
    show_calibration(console, installation, key)
    active_now = [row.variable for row in made if row.status is RefinementStatus.ACTIVE]
    if active_now:
        console.print(f"Run `crucible run` to extract {', '.join(active_now)} with the new wording.")
    elif not made:
        console.print("Nothing to refine: no labelled cell that may be learnt from is wrong.")
    return 0
