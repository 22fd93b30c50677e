"""The `crucible` command.

Exit codes: 0 done, 1 finished with failed cells (listed) or with worse search or answers than before, 2 bad
input (what to mend), 130 interrupted (resumable), 70 an error of ours (traceback).
"""

import gc
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before any library that brings OpenMP
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
PROJECT = click.Path(path_type=Path, dir_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crucible", prog_name="crucible")
def cli() -> None:
    """From a folder of documents to a dataset in which every value shows its evidence."""


@cli.command()
@click.argument("project", type=PROJECT)
@click.option("--sample", type=click.IntRange(min=1), help="Extract only this many documents.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the exported files.")
@click.option("--model", "models", help="provider:model, or several in fallback order, separated by commas.")
@click.option("--format", "formats", help="csv-wide,csv-long,xlsx,parquet,json,codebook (default: all).")
@click.option("--force", is_flag=True, help="Make everything again; finished calls are still not paid for twice.")
@click.option("--batch/--live", default=None, help="Ask in provider batches, at half the price, or one by one.")
@click.option("--budget", type=click.FloatRange(min=0, min_open=True), help="Most that this run may cost, in USD.")
def run(
    project: Path,
    sample: int | None,
    out: Path | None,
    models: str | None,
    formats: str | None,
    force: bool,
    batch: bool | None,
    budget: float | None,
) -> None:
    """Ingest, extract and export the documents of a project file."""
    from cli.commands_run import formats_of, run_project
    from resources.vocabulary import CallMode

    chosen = tuple(part.strip() for part in (models or "").split(",") if part.strip())
    calls = None if batch is None else CallMode.BATCH if batch else CallMode.LIVE
    spend = None if budget is None else str(budget)
    _finish(
        lambda: run_project(
            project,
            sample=sample,
            out=out,
            models=chosen,
            formats=formats_of(formats),
            force=force,
            calls=calls,
            budget_usd=spend,
        )
    )


@cli.command()
@click.argument("project", type=PROJECT)
@click.option("--gold", type=click.Path(path_type=Path, dir_okay=False), help="Gold labels; default gold.jsonl.")
@click.option("--calibrate", is_flag=True, help="Keep the labels and calibrate confidences on them.")
def evaluate(project: Path, gold: Path | None, calibrate: bool) -> None:
    """Score the extracted dataset per variable against gold labels."""
    from cli.commands_feedback import calibrate_stored
    from cli.commands_run import evaluate_project

    def command() -> int:
        code = evaluate_project(project, gold)
        if calibrate and code == 0:
            calibrate_stored(project, gold)
        return code

    _finish(command)


@cli.command("evaluate-search")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--project", help="The project in which the corpus is kept; named after the folder when not given.")
@click.option("--queries", type=FILE, help="Queries from elsewhere, in another language say; default queries.jsonl.")
@click.option("--qrels", type=FILE, help="Judgements from elsewhere; default qrels.tsv or qrels/test.tsv.")
@click.option("--linear", is_flag=True, help="Gain of a judgement r in nDCG: r, as trec_eval has it, not 2^r - 1.")
@click.option("--against", type=FILE, help="Figures of an earlier run; exit code 1 when the fused ones are worse.")
@click.option("--out", type=PROJECT, help="Where the figures of every query are written, as JSON.")
def evaluate_search(folder: Path, **options: Any) -> None:
    """Measure search on a judged set in BEIR's form: each leg alone, and fused."""
    from cli.commands_search import evaluate_search as measure

    _finish(lambda: measure(folder, **options))


@cli.command("evaluate-answers")
@click.argument("project", type=PROJECT)
@click.option("--questions", type=FILE, help="Labelled questions; default questions.jsonl beside the project file.")
@click.option("--model", "models", help="provider:model, or several in fallback order, separated by commas.")
@click.option("--against", type=FILE, help="Figures of an earlier run; exit code 1 when the answers are worse.")
@click.option("--out", type=PROJECT, help="Where the figures of every question are written, as JSON.")
def evaluate_answers(project: Path, models: str | None, **options: Any) -> None:
    """Measure answers on labelled questions: citations, support, abstention."""
    from cli.commands_answers import evaluate_answers as measure

    chosen = tuple(part.strip() for part in (models or "").split(",") if part.strip())
    _finish(lambda: measure(project, models=chosen, **options))


@cli.command()
@click.argument("project", type=PROJECT)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--author", help="Whose verdicts these are, where the file does not say; your login name else.")
def feedback(project: Path, file: Path, author: str | None) -> None:
    """Take in verdicts on cells: CSV, JSON lines, or a filled export."""
    from cli.commands_feedback import give_feedback

    _finish(lambda: give_feedback(project, file, author))


@cli.command()
@click.argument("project", type=PROJECT)
@click.option("--variable", "variables", multiple=True, help="Only this variable; may be given several times.")
@click.option("--model", "models", help="provider:model, or several in fallback order, separated by commas.")
def refine(project: Path, variables: tuple[str, ...], models: str | None) -> None:
    """Word instructions anew from feedback and gold; used if not worse."""
    from cli.commands_feedback import refine_project

    chosen = tuple(part.strip() for part in (models or "").split(",") if part.strip())
    _finish(lambda: refine_project(project, variables, chosen))


@cli.command()
@click.argument("project", type=PROJECT)
@click.option("--model", "models", help="provider:model, or several, separated by commas.")
@click.option("--documents", type=click.IntRange(min=1), default=20, show_default=True, help="How many to measure.")
def estimate(project: Path, models: str | None, documents: int) -> None:
    """Say what a full run would cost; nothing is asked of a model."""
    from cli.commands_estimate import show_estimate

    chosen = tuple(part.strip() for part in (models or "").split(",") if part.strip())
    _finish(lambda: show_estimate(project, chosen, documents))


@cli.command()
@click.argument("project", type=PROJECT)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the files.")
@click.option("--format", "formats", help="csv-wide,csv-long,xlsx,parquet,json,codebook (default: all).")
@click.option("--confidence/--no-confidence", default=True, show_default=True, help="_confidence_<variable> columns.")
@click.option("--evidence/--no-evidence", default=True, show_default=True, help="_evidence_<variable> columns.")
@click.option("--state/--no-state", default=True, show_default=True, help="_state_<variable> columns.")
@click.option("--prompt-version/--no-prompt-version", default=False, help="_prompt_version_<variable> columns.")
@click.option("--locations/--no-locations", default=False, help="_page_<variable> columns.")
@click.option("--multiple", type=click.Choice(["columns", "joined"]), default="columns", show_default=True)
@click.option("--bom", is_flag=True, help="Byte order mark in CSV, for spreadsheet programs that need it.")
@click.option("--verdicts", is_flag=True, help="Empty columns for verdicts, to be filled for `crucible feedback`.")
def export(
    project: Path,
    out: Path | None,
    formats: str | None,
    confidence: bool,
    evidence: bool,
    state: bool,
    prompt_version: bool,
    locations: bool,
    multiple: str,
    bom: bool,
    verdicts: bool,
) -> None:
    """Write the files of a dataset again, with other formats or columns."""
    from cli.commands_run import export_project, formats_of
    from crucible_assets.datasets.columns import ExportOptions

    options = ExportOptions(
        confidence=confidence, evidence=evidence, state=state, prompt_version=prompt_version,
        multiple=multiple, locations=locations, bom=bom, verdicts=verdicts,
    )  # fmt: skip
    _finish(lambda: export_project(project, out, formats_of(formats), options))


@cli.command()
@click.argument("project", required=False)
def status(project: str | None) -> None:
    """Show projects (or one, by its id) with documents, cells, cost and tasks."""
    from cli.commands_look import show_status

    _finish(lambda: show_status(project))


@cli.command()
@click.argument("task")
def pause(task: str) -> None:
    """Stop a task (its id, or its project's) for now; calls in flight finish."""
    from cli.commands_task import change_task

    _finish(lambda: change_task(task, "pause"))


@cli.command()
@click.argument("task")
def resume(task: str) -> None:
    """Let a paused task go on; the daemon of `crucible up` carries it."""
    from cli.commands_task import change_task

    _finish(lambda: change_task(task, "resume"))


@cli.command()
@click.argument("task")
def cancel(task: str) -> None:
    """End a task (its id, or its project's) for good; what is finished is kept."""
    from cli.commands_task import change_task

    _finish(lambda: change_task(task, "cancel"))


@cli.command()
@click.argument("project")
@click.option(
    "--by", type=click.Choice(["variable", "document", "task", "arm"]), default="variable", show_default=True
)
def costs(project: str, by: str) -> None:
    """Show what a project's calls took: calls, tokens, cached ones, USD."""
    from cli.commands_task import show_costs

    _finish(lambda: show_costs(project, by))


@cli.command()
@click.argument("project")
@click.argument("document")
@click.argument("variable")
@click.option("--row", default="", help="The row's key, where rows are entities: `_row` of the files.")
def trace(project: str, document: str, variable: str, row: str) -> None:
    """Show where a value comes from: evidence, prompt version, calls."""
    from cli.commands_task import show_trace

    _finish(lambda: show_trace(project, document, variable, row))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Of Dagster's UI.")
@click.option("--api-port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Of the API.")
@click.option("--external", is_flag=True, help="On servers that the environment names: CRUCIBLE_DATABASE_URL.")
def up(host: str, port: int, api_port: int, external: bool) -> None:
    """Start the database, the API, Dagster's webserver and its daemon."""
    from cli.commands_up import up as start

    _finish(lambda: start(host, port, api_port, external=external))


@cli.command()
def env() -> None:
    """Print the environment for running Dagster's own commands: eval "$(crucible env)"."""
    from cli.commands_up import print_env

    _finish(print_env)


@cli.group()
def user() -> None:
    """Users of the sidecar: who may log in."""


@user.command("add")
@click.argument("email")
@click.option("--tenant", help="Whose user; CRUCIBLE_TENANT, or `default`, when not given.")
@click.option(
    "--role", type=click.Choice(["admin", "researcher", "viewer", "service"]), default="researcher", show_default=True
)
@click.option("--name", help="What they are called; the email when not given.")
def add_user(email: str, tenant: str | None, role: str, name: str | None) -> None:
    """Make a user; the password is asked for, or read from standard input."""
    from cli.commands_user import add

    _finish(lambda: add(email, tenant, role, name))


@user.command("list")
@click.option("--tenant", help="Whose users; CRUCIBLE_TENANT, or `default`, when not given.")
def list_users(tenant: str | None) -> None:
    """Show the users of a tenant."""
    from cli.commands_user import show

    _finish(lambda: show(tenant))


@cli.command("operator-token")
def operator_token() -> None:
    """Print the token that bootstraps tenants: POST /v1/auth/bootstrap."""
    from cli.commands_user import print_operator_token

    _finish(print_operator_token)


@cli.command()
@click.option("--rebuild-index", is_flag=True, help="Make and rebuild the search indexes first; searches go on.")
def doctor(rebuild_index: bool) -> None:
    """Look at everything the product stands on and say what to mend."""
    from cli.commands_look import run_doctor

    _finish(lambda: run_doctor(rebuild_index=rebuild_index))


def _finish(command: Callable[[], int]) -> None:
    """Run a command and turn its errors into words and exit codes."""
    warnings.simplefilter("ignore")  # libraries' notices to developers; tests see them
    from cli.errors import InterruptedTaskError, StepFailedError
    from crucible_assets.datasets.errors import DatasetError
    from crucible_assets.documents.intake import SourceError
    from crucible_assets.learning.errors import LearningError
    from resources.database.repositories.tasks import TaskActiveError
    from resources.database.server import DatabaseUnavailableError
    from resources.models.errors import ModelError
    from resources.project import ProjectError
    from resources.settings import SettingsError

    try:
        code = command()
    except (KeyboardInterrupt, InterruptedTaskError) as error:
        why = f" ({error})" if str(error) not in ("", "interrupted") else ""
        click.echo(f"Interrupted{why}. What is finished is kept; run the same command again to go on.", err=True)
        code = 130
    except (
        ProjectError, SourceError, DatasetError, LearningError, SettingsError, ModelError, TaskActiveError,
    ) as error:  # fmt: skip
        click.echo(f"Error: {error}", err=True)
        code = 2
    except StepFailedError as error:
        click.echo(f"Error: {error}", err=True)
        click.echo(f"The log of Dagster run {error.run_id} says more: crucible up.", err=True)
        code = 2
    except DatabaseUnavailableError as error:
        click.echo(f"Error: {error}", err=True)
        code = 2
    except click.ClickException:
        raise
    except Exception as error:
        traceback.print_exc()
        click.echo(f"This should not have happened: {type(error).__name__}: {error}. Please report it.", err=True)
        code = UNEXPECTED
    sys.exit(code)


def main() -> None:
    """Entry point of the console script."""
    gc.set_threshold(50_000, 20, 50)  # by default a fifth of the start goes into looking through what was imported
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. Run the same command again to go on.", err=True)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
