"""What a person does to a task (`pause`, `resume`, `cancel`), what it cost, and where a value comes from."""

from collections.abc import Callable
from uuid import UUID

import click
from rich.table import Table

from cli.console import make_console
from cli.session import open_installation
from resources.database.engine import TenantSession
from resources.database.repositories.costs import (
    Cost,
    cost_by_arm,
    cost_by_document,
    cost_by_task,
    cost_by_variable,
    cost_of_project,
)
from resources.database.repositories.documents import list_documents
from resources.database.repositories.lineage import Trace, TracedCall, trace_cell
from resources.database.repositories.projects import load_project
from resources.database.repositories.tasks import (
    active_extraction,
    cancel_task,
    get_task,
    pause_task,
    resume_task,
)

console = make_console()
_SHOWN = 400  # characters of a reply


def change_task(named: str, what: str) -> int:
    """Pause, resume or cancel the task with this id, or the unfinished one of the project with this id."""
    change: dict[str, Callable[[TenantSession, UUID], bool]] = {
        "pause": pause_task,
        "resume": resume_task,
        "cancel": cancel_task,
    }
    installation = open_installation()
    with installation.database.transaction(installation.settings.tenant) as session:
        task_id = _task_id(session, named)
        if not change[what](session, task_id):
            task = get_task(session, task_id)
            stands = "does not exist" if task is None else f"is {task.status.value}"
            raise click.UsageError(f"Task {task_id} {stands}: there is nothing to {what}.")
    done = {
        "pause": "is paused: calls in flight finish, what is finished is kept. Go on with: crucible resume",
        "resume": "goes on as soon as the daemon of `crucible up` sees it.",
        "cancel": "is cancelled: calls in flight finish, what is finished is kept.",
    }
    console.print(f"Task {task_id} {done[what]}", soft_wrap=True)
    return 0


def _task_id(session: TenantSession, named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        task = active_extraction(session, named)
    if task is None:
        raise click.UsageError(f"{named} is no task id, and no project of this name has an unfinished task.")
    return task.id


def show_costs(project: str, by: str) -> int:
    """Print what a project's calls took, by variable, document, task or arm."""
    installation = open_installation()
    with installation.database.transaction(installation.settings.tenant) as session:
        if load_project(session, project) is None:
            raise click.UsageError(f"There is no project {project}; `crucible status` lists them.")
        names = {row.id: row.name for row in list_documents(session, project)}
        total = cost_of_project(session, project)
        found: dict[str, Cost]
        match by:
            case "document":
                documents = cost_by_document(session, project)
                found = {names.get(key, "of an earlier version"): cost for key, cost in documents.items()}
            case "task":
                found = {str(key): cost for key, cost in cost_by_task(session, project).items()}
            case "arm":
                found = cost_by_arm(session, project)
            case _:
                found = cost_by_variable(session, project)
    table = Table(by)
    for heading in ("calls", "in batches", "tokens in", "cached", "tokens out", "USD"):
        table.add_column(heading, justify="right")
    for name, cost in sorted(found.items(), key=lambda item: (-item[1].usd, item[0])):
        table.add_row(name, *_figures(cost))
    table.add_section()
    table.add_row("all calls", *_figures(total))
    console.print(table)
    if total.unpriced:
        console.print(f"{total.unpriced:,.0f} calls are of models without a known price, and in no sum.")
    return 0


def _figures(cost: Cost) -> tuple[str, ...]:
    tokens = (cost.calls, cost.batch_calls, cost.input_tokens, cost.cached_tokens, cost.output_tokens)
    return (*(f"{figure:,.0f}" for figure in tokens), f"{cost.usd:.4f}")


def show_trace(project: str, document: str, variable: str, row: str) -> int:
    """Print where one cell comes from."""
    installation = open_installation()
    with installation.database.transaction(installation.settings.tenant) as session:
        trace = trace_cell(session, project, document, variable, row.rpartition("/")[2])
    if trace is None:
        raise click.UsageError(
            f"Project {project} has no cell {variable} of {document}" + (f", row {row}." if row else ".")
        )
    for line in _lines(trace):
        console.print(line, soft_wrap=True, highlight=False)
    return 0


def _lines(trace: Trace) -> list[str]:
    sure = "" if trace.confidence is None else f", confidence {trace.confidence:.2f}"
    if trace.uncalibrated is not None:
        sure += f" (before calibration {trace.uncalibrated:.2f})"
    lines = [f"{trace.variable} of {trace.document}: {trace.value!r}", f"state {trace.state}{sure}"]
    lines += [f"  because {reason}" for reason in trace.reasons]
    for piece in trace.evidence:
        where = ", ".join(p["label"] or f"page {p['page']}" for p in piece["places"]) or "no place"
        lines.append(f"evidence {piece['status']} at {piece['start']}-{piece['end']}, {where}: {piece['quote']!r}")
    lines.append(f"prompt version {trace.prompt_version}")
    lines += [_call_line(call) for call in trace.calls]
    for old in trace.before:
        lines.append(
            f"before {old['superseded_at']:%Y-%m-%d %H:%M}: {old['state']} {old['value']!r} ({old['model']})"
        )
    return lines


def _call_line(call: TracedCall) -> str:
    asked = "" if call.span is None else f" about {call.span[0]}-{call.span[1]}"
    parts = f", chunk {', '.join(str(at + 1) for at in call.chunks)}" if call.chunks else ""
    cost = "no price known" if call.cost_usd is None else f"{call.cost_usd:.6f} USD"
    how = " in a provider batch" if call.batch_id else ""
    return (
        f"call {call.key[:12]} {call.purpose} to {call.model}{how}{asked}{parts}: {call.input_tokens} tokens in "
        f"({call.cached_tokens} cached), {call.output_tokens} out, {cost}: {call.reply[:_SHOWN]}"
    )
