"""`crucible run`, `evaluate`, `export`: the main job of a researcher."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import dagster as dg

from cli.project_file import ProjectFile, read_project_file
from cli.runner import release_vanished, run_task
from cli.session import open_installation, open_instance
from cli.tables import make_console, show_dataset, show_evaluation, show_failed, show_states
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.evaluate import Evaluation, evaluate
from crucible_assets.datasets.gold import parse_gold
from crucible_assets.datasets.load import load_dataset
from crucible_assets.documents.intake import Intake, take_folder
from crucible_assets.exports.formats import ExportFormat
from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Wish, steps_of
from resources.database.repositories.calls import spending
from resources.database.repositories.datasets import latest_version, list_exports
from resources.database.repositories.projects import refuse_other_study, save_project
from resources.database.repositories.tasks import TaskActiveError, active_extraction
from resources.installation import Installation
from resources.models.providers.choose import check_spec, describe
from resources.project import Project
from resources.settings import load_settings
from resources.vocabulary import DocumentOrigin, TaskKind

console = make_console()


def prepare(
    installation: Installation, instance: dg.DagsterInstance, file: ProjectFile
) -> tuple[ProjectKey, list[str]]:
    """Store the project, take in its documents, and make Dagster know its batches. Returns key and batch keys."""
    key = ProjectKey(installation.settings.tenant, file.project.id)
    with installation.database.transaction(key.tenant) as session:
        said = release_vanished(session, instance, key.project)
        active = active_extraction(session, key.project)
        if active is not None:  # before anything of the study is changed under a run in progress
            raise TaskActiveError(active.id)
        refuse_other_study(session, file.project)
        save_project(session, file.project)
    if said:
        console.print(said)
    intake = take_folder(
        installation.database,
        installation.files,
        key.tenant,
        key.project,
        str(file.project.source),
        DocumentOrigin.FOLDER,
    )
    _say_intake(intake)
    return key, register(instance, key, intake.batches)


def _say_intake(intake: Intake) -> None:
    parts = [f"{intake.files} files, {intake.new} of them new, in {len(intake.batches)} batches"]
    if intake.left_out:
        parts.append(f"{intake.left_out} documents are no longer in the folder and are left out (kept in storage)")
    console.print("Documents: " + "; ".join(parts) + ".")
    for refused in intake.refused:
        console.print(f"  not taken in: {refused.name}: {refused.reason}")


def formats_of(text: str | None) -> tuple[str, ...]:
    """Export formats from a comma-separated list. Raises click.BadParameter."""
    if not text:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    known = [item.value for item in ExportFormat]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: choose from {', '.join(known)}.", param_hint="--format")
    return names


def run_project(
    path: Path,
    *,
    sample: int | None,
    out: Path | None,
    models: Sequence[str],
    formats: tuple[str, ...],
    force: bool,
) -> int:
    """Ingest, extract, export and show. Returns the exit code: 0 done, 1 finished with failed cells."""
    file = read_project_file(path)
    for spec in models or load_settings().models:
        check_spec(spec)
    installation = open_installation()
    with open_instance(installation) as instance:
        key, batch_keys = prepare(installation, instance, file)
        used = tuple(models) or installation.settings.models
        console.print("Model: " + ", then ".join(describe(spec) for spec in used) + ".")
        kind = TaskKind.FULL if sample is None else TaskKind.SAMPLE
        wish = Wish(sample=sample, models=tuple(models), formats=formats, force=force)
        steps = steps_of(kind, key, batch_keys, instance.get_dynamic_partitions("batches"))
        task_id = run_task(installation, instance, key, kind, steps, wish, console)
    data = current_dataset(installation, file.project, whole_corpus=sample is None)
    show_dataset(console, data)
    complete = show_states(console, data.cells, len(data.rows) * len(file.project.variables))
    failed = show_failed(console, data)
    if file.gold.exists():
        score = score_against(file.gold, data)
        show_evaluation(console, score, ", ".join(describe(spec) for spec in used))
    with installation.database.transaction(key.tenant) as session:
        now, total = spending(session, key.project, task_id), spending(session, key.project)
    price = f" ({total.unpriced} calls of models without a known price are not in it)" if total.unpriced else ""
    console.print(
        f"New calls in this run: {now.calls}, {now.input_tokens + now.output_tokens:,} tokens, "
        f"{now.cost_usd:.4f} USD; project in all: {total.calls} calls, {total.cost_usd:.4f} USD{price}."
    )
    target = out or Path.cwd() / "exports" / file.project.id
    written = deliver(installation, key, target, formats)
    console.print(f"Files in {target}:")
    for name in written:
        console.print(f"  {name}")
    return 1 if failed or not complete else 0


def current_dataset(installation: Installation, project: Project, *, whole_corpus: bool) -> Dataset:
    """The dataset as it is stored now."""
    with installation.database.transaction(installation.settings.tenant) as session:
        data, _ = load_dataset(session, project, whole_corpus=whole_corpus)
    return data


def score_against(gold: Path, data: Dataset) -> Evaluation:
    """Measure a dataset against a gold file. Raises GoldError."""
    return evaluate(data.spec, data.rows, data.cells, parse_gold(gold.read_text(encoding="utf-8"), str(gold)))


def deliver(installation: Installation, key: ProjectKey, target: Path, formats: Iterable[str]) -> list[str]:
    """Copy the newest exports from the blob store into a folder; returns the files' names."""
    wanted = set(formats) or {item.value for item in ExportFormat}
    target.mkdir(parents=True, exist_ok=True)
    with installation.database.transaction(key.tenant) as session:
        version = latest_version(session, key.project)
        rows = [row for row in list_exports(session, key.project) if row.dataset_version == version]
    written: dict[str, str] = {}
    for row in rows:  # newest first: the latest options of a format win
        if row.format in wanted and row.name not in written:
            with tempfile.NamedTemporaryFile(dir=target, delete=False) as partial:
                partial.write(installation.files.get(row.blob))
            Path(partial.name).chmod(0o644)
            shutil.move(partial.name, target / row.name)
            written[row.name] = row.blob
    return sorted(written)


def evaluate_project(path: Path, gold: Path | None) -> int:
    """Score the stored dataset per variable; nothing is extracted."""
    file = read_project_file(path)
    labels = gold or file.gold
    if not labels.exists():
        raise click.UsageError(f"{labels}: there is no gold file; name one with --gold.")
    installation = open_installation()
    data = current_dataset(installation, file.project, whole_corpus=False)
    if not data.rows:
        raise click.UsageError("Nothing was extracted yet: run `crucible run` first.")
    models = sorted({cell.model for cell in data.cells if cell.model})
    show_evaluation(
        console, score_against(labels, data), ", ".join(describe(m) if m.startswith("local") else m for m in models)
    )
    return 0


def export_project(path: Path, out: Path | None, formats: tuple[str, ...], options: ExportOptions) -> int:
    """Assemble the dataset again from the stored cells and write its files."""
    file = read_project_file(path)
    installation = open_installation()
    key = ProjectKey(installation.settings.tenant, file.project.id)
    chosen = {name: getattr(options, name) for name in ExportOptions.__dataclass_fields__}
    with open_instance(installation) as instance:
        register(instance, key, [])
        steps = steps_of(TaskKind.EXPORT, key, [], [])
        wish = Wish(formats=formats, export_options=chosen)
        run_task(installation, instance, key, TaskKind.EXPORT, steps, wish, console)
    target = out or Path.cwd() / "exports" / file.project.id
    for name in deliver(installation, key, target, formats):
        console.print(str(target / name))
    return 0
