"""`crucible run`, `evaluate`, `export`: the main job of a researcher."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import dagster as dg

from cli.console import make_console
from cli.project_file import ProjectFile, read_project_file
from cli.runner import release_vanished, run_task
from cli.session import open_installation, open_instance
from cli.tables import money, show_dataset, show_evaluation, show_failed, show_states
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.errors import GoldError
from crucible_assets.datasets.evaluate import evaluate
from crucible_assets.datasets.gold import GoldDocument, parse_gold
from crucible_assets.datasets.load import load_dataset
from crucible_assets.documents.intake import Intake, take_folder
from crucible_assets.exports.formats import ExportFormat
from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Wish, steps_of
from resources.database.repositories.calls import spending
from resources.database.repositories.datasets import latest_version, list_exports
from resources.database.repositories.documents import list_documents
from resources.database.repositories.projects import load_project, refuse_other_study, save_project
from resources.database.repositories.tasks import TaskActiveError, active_extraction
from resources.installation import Installation
from resources.models.providers.choose import check_spec, describe
from resources.project import Project
from resources.settings import load_settings
from resources.vocabulary import CallMode, DocumentOrigin, TaskKind

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


def writable(folder: Path) -> Path:
    """The folder, made if need be. Raises click.UsageError before any work is done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise click.UsageError(f"--out {folder}: files cannot be written there ({error.strerror}).") from error


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
    calls: CallMode | None = None,
    budget_usd: str | None = None,
) -> int:
    """Ingest, extract, export and show. Returns the exit code: 0 done, 1 finished with failed cells."""
    file = read_project_file(path)
    for spec in models or load_settings().models:
        check_spec(spec)
    target = writable(out or Path.cwd() / "exports" / file.project.id)
    labels = read_gold(file.gold) if file.gold.exists() else None
    installation = open_installation()
    with open_instance(installation) as instance:
        key, batch_keys = prepare(installation, instance, file)
        used = tuple(models) or installation.settings.models
        console.print("Model: " + ", then ".join(describe(spec) for spec in used) + ".")
        kind = TaskKind.FULL if sample is None else TaskKind.SAMPLE
        wish = Wish(
            sample=sample, models=tuple(models), formats=formats, force=force, calls=calls, budget_usd=budget_usd
        )
        steps = steps_of(kind, key, batch_keys, instance.get_dynamic_partitions("batches"))
        task_id = run_task(installation, instance, key, kind, steps, wish, console)
    data = current_dataset(installation, file.project, whole_corpus=sample is None)
    show_dataset(console, data)
    complete = show_states(console, data.cells, len(data.rows) * len(file.project.variables))
    failed = show_failed(console, data)
    if labels is not None:
        labels = with_present_names(installation, file.project, labels)
        score = evaluate(data.spec, data.rows, data.cells, labels)
        show_evaluation(console, score, ", ".join(describe(spec) for spec in used))
    with installation.database.transaction(key.tenant) as session:
        now, total = spending(session, key.project, task_id), spending(session, key.project)
    console.print(
        f"New calls in this run: {now.calls}, {now.input_tokens + now.output_tokens:,} tokens, {money(now)}; "
        f"project in all: {total.calls} calls, {money(total)}."
    )
    if now.failed_attempts:
        console.print(f"Tries that failed and were made again or given up: {now.failed_attempts}.")
    answered = Counter(cell.model for cell in data.cells if cell.model)
    if len(used) > 1 or len(answered) > 1:
        console.print(
            "Answered by: " + ", ".join(f"{model} {number} cells" for model, number in answered.most_common())
        )
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


def read_gold(path: Path) -> tuple[GoldDocument, ...]:
    """The labels in a gold file. Raises GoldError."""
    try:
        return parse_gold(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: could not be read as UTF-8 text: {error}") from error


def with_present_names(
    installation: Installation, project: Project, labels: tuple[GoldDocument, ...]
) -> tuple[GoldDocument, ...]:
    """Labels under the names that documents bear now: the same bytes under two names are one document."""
    with installation.database.transaction(installation.settings.tenant) as session:
        rows = list_documents(session, project.id)
    present = {row.name for row in rows}
    now = {other: row.name for row in rows for other in row.other_names if other not in present}
    renamed: dict[str, GoldDocument] = {}
    for label in labels:
        name = now.get(label.document, label.document)
        renamed.setdefault(name, replace(label, document=name))
    return tuple(renamed.values())


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
    named = ", ".join(describe(m) if m.startswith("local") else m for m in models)
    found = evaluate(
        data.spec, data.rows, data.cells, with_present_names(installation, file.project, read_gold(labels))
    )
    show_evaluation(console, found, named)
    if not found.documents:
        raise click.UsageError(f"{labels} labels no document of this dataset; `doc` must be its file name.")
    return 0


def export_project(path: Path, out: Path | None, formats: tuple[str, ...], options: ExportOptions) -> int:
    """Assemble the dataset again from the stored cells and write its files."""
    file = read_project_file(path)
    installation = open_installation()
    key = ProjectKey(installation.settings.tenant, file.project.id)
    target = writable(out or Path.cwd() / "exports" / file.project.id)
    chosen = {name: getattr(options, name) for name in ExportOptions.__dataclass_fields__}
    with open_instance(installation) as instance:
        with installation.database.transaction(key.tenant) as session:
            release_vanished(session, instance, key.project)
            if load_project(session, key.project) is None:
                raise click.UsageError("Nothing was extracted yet: run `crucible run` first.")
        register(instance, key, [])
        steps = steps_of(TaskKind.EXPORT, key, [], [])
        wish = Wish(formats=formats, export_options=chosen)
        run_task(installation, instance, key, TaskKind.EXPORT, steps, wish, console)
    for name in deliver(installation, key, target, formats):
        console.print(str(target / name))
    return 0
