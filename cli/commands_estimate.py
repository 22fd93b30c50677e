"""`crucible estimate`: what a full run would cost, from the real prompts."""

from decimal import Decimal
from pathlib import Path

from rich.table import Table

from cli.commands_run import prepare
from cli.console import make_console
from cli.project_file import read_project_file
from cli.runner import run_task
from cli.session import open_installation, open_instance
from crucible_assets.extractions.estimate import Estimate, estimate
from crucible_assets.prompts.asset import make_prompts
from jobs.steps import Wish, steps_of
from resources.models.providers.choose import describe
from resources.vocabulary import TaskKind

console = make_console()


def show_estimate(path: Path, models: tuple[str, ...], documents: int) -> int:
    """What a full run would cost, from the real prompts of some documents."""
    file = read_project_file(path)
    installation = open_installation()
    with open_instance(installation) as instance:
        key, batch_keys = prepare(installation, instance, file)
        steps = steps_of(TaskKind.INGEST, key, batch_keys, instance.get_dynamic_partitions("batches"))
        run_task(installation, instance, key, TaskKind.INGEST, steps, Wish(), console)
    with installation.database.transaction(key.tenant) as session:
        make_prompts(session, file.project)
    specs = models or installation.settings.models
    for spec in specs:
        result = estimate(installation, key, file.project, spec, documents)
        _say_estimate(spec, result)
    return 0


def _say_estimate(spec: str, result: Estimate) -> None:
    left = result.documents - result.finished
    console.print(
        f"Estimate for {describe(spec)}: {left} of {result.documents} documents are to be asked "
        f"({result.counted} counted, the rest by their length). Basis: {result.basis}.",
        soft_wrap=True,
    )
    table = Table("")
    for heading in ("calls", "tokens in", "cached", "tokens out", "cost"):
        table.add_column(heading, justify="right")
    for way in result.ways:
        figures = (way.count.calls, way.count.input, way.count.cached, way.count.output)
        table.add_row(way.name, *(f"{figure:,.0f}" for figure in figures), _money(way.cost_usd))
    console.print(table)
    if result.ways[0].cost_usd is None:
        console.print("No price is known for this model, so there is no cost.")


def _money(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:.4f} USD"
