"""`crucible evaluate-answers`: how well questions about a project's documents are answered."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.commands_run import prepare
from cli.console import make_console
from cli.project_file import read_project_file
from cli.runner import run_task
from cli.session import open_installation, open_instance
from crucible_assets.answers.engine import answer_question
from crucible_assets.answers.measures import (
    Document,
    Figures,
    Given,
    LabelledQuestion,
    QuestionsError,
    figures_of,
    measure,
    read_questions,
)
from jobs.steps import Wish, steps_of
from resources.database.repositories.answers import begin_answer, find_answer
from resources.database.repositories.conversations import add_conversation, delete_conversation
from resources.database.repositories.documents import list_documents, load_texts
from resources.database.repositories.statements import Owner, statements_of
from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.models.providers.choose import check_spec, describe
from resources.search.measures import Comparison, compare
from resources.statements import AnswerStatus
from resources.vocabulary import TaskKind

WORSE = 1
"""Exit code: worse than before, and hardly by chance."""
SIGNIFICANT = 0.05

_FORM = "answer evaluation 1"
_MAIN = "score"
_ASKED_BY = "evaluation"  # whose conversations these are; no login is called so

console = make_console()
PerQuestion = Mapping[str, Mapping[str, float]]
"""Question → measure → value."""


def evaluate_answers(
    path: Path,
    *,
    questions: Path | None = None,
    models: Sequence[str] = (),
    out: Path | None = None,
    against: Path | None = None,
) -> int:
    """Ask all labelled questions of a project and print how good the answers are.

    Gives 1 when the answers are significantly worse than those of `against`.
    """
    file = read_project_file(path)
    for spec in models:
        check_spec(spec)
    place = questions or path.parent / "questions.jsonl"
    try:
        labelled = read_questions(place)
    except QuestionsError as error:
        raise click.UsageError(str(error)) from None
    digest = hashlib.sha256(repr(labelled).encode()).hexdigest()
    before = _read_before(against, labelled, digest) if against else None
    installation = open_installation()
    with open_instance(installation) as instance:
        key, batch_keys = prepare(installation, instance, file)
        steps = steps_of(TaskKind.INGEST, key, batch_keys, instance.get_dynamic_partitions("batches"))
        run_task(installation, instance, key, TaskKind.INGEST, steps, Wish(models=tuple(models)), console)
    documents = _documents(installation, file.project.id)
    missing = sorted({name for one in labelled for name in one.documents} - documents.keys())
    if missing:
        raise click.UsageError(f"{place}: the project has no document {', '.join(missing)}.")
    settings = installation.settings
    embedder = embedder_from_settings(settings.embedding, settings.model_cache)
    given: list[Given] = []
    with console.status("asking …") as status:
        for number, one in enumerate(labelled, 1):
            status.update(f"asking question {number} of {len(labelled)} …")
            given.append(_ask(installation, file.project.id, one, embedder, models))
    figures = figures_of(given, documents)
    per_question = {one.labelled.question: measure(one, documents) for one in given}
    used = ", ".join(describe(spec) for spec in models or file.project.settings.models or settings.models)
    _show(file.project.id, used, figures)
    worse = _show_before(before, per_question, against) if before and against else False
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        said = {
            "form": _FORM, "digest": digest, "project": file.project.id, "models": used,
            "embedding": embedder.fingerprint, "figures": _plain(figures), "per_question": per_question,
        }  # fmt: skip
        out.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return WORSE if worse else 0


def _documents(installation: Installation, project: str) -> dict[str, Document]:
    with installation.database.transaction(installation.settings.tenant, read_only=True) as session:
        rows = list_documents(session, project)
        texts = load_texts(session, [row.id for row in rows])
    return {
        name: Document(row.id, texts[row.id].text)
        for row in rows
        if row.id in texts
        for name in (row.name, *row.other_names)
    }


def _ask(
    installation: Installation, project: str, labelled: LabelledQuestion, embedder: Embedder, models: Sequence[str]
) -> Given:
    """Ask one question in a conversation of its own, which is deleted again."""
    tenant = installation.settings.tenant
    with installation.database.transaction(tenant) as session:
        conversation = add_conversation(session, project, _ASKED_BY, labelled.question[:200]).id
        answer_id = begin_answer(session, conversation, labelled.question).id

    async def finish() -> None:
        events = answer_question(installation, tenant, answer_id, embedder=embedder, models=models)
        async with aclosing(events):
            async for _ in events:
                pass

    try:
        asyncio.run(finish())
        with installation.database.transaction(tenant, read_only=True) as session:
            answer = find_answer(session, answer_id)
            said = statements_of(session, Owner.ANSWER, [answer_id])[answer_id]
    finally:
        with installation.database.transaction(tenant) as session:
            delete_conversation(session, conversation, _ASKED_BY)
    if answer is None or answer.status is AnswerStatus.FAILED:
        why = "it was deleted" if answer is None else answer.reason
        console.print(f"Not answered, and counted so: {labelled.question} ({why})")
        return Given(labelled, AnswerStatus.FAILED)
    return Given(labelled, answer.status, tuple(one.statement for one in said))


def _plain(figures: Figures) -> dict[str, Any]:
    return {
        "questions": figures.questions,
        "answered": figures.answered,
        "failed": figures.failed,
        "statements": figures.statements,
        "score": figures.score,
        "coverage": figures.coverage,
        "citation precision": figures.citation_precision,
        "citation recall": figures.citation_recall,
        "abstention precision": figures.abstention_precision,
        "abstention recall": figures.abstention_recall,
        **{support.value.lower(): share for support, share in figures.support.items()},
    }


def _show(project: str, models: str, figures: Figures) -> None:
    table = Table(title=f"{project}, answered by {models}")
    table.add_column("measure")
    table.add_column("value", justify="right")
    for name, value in _plain(figures).items():
        table.add_row(name, "–" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}")
    console.print(table)


def _show_before(before: PerQuestion, now: PerQuestion, against: Path) -> bool:
    """Whether the answers became worse, and not by chance."""
    found = compare([values[_MAIN] for values in now.values()], [before[question][_MAIN] for question in now])
    console.print(f"against {against.name}: {_in_words(found)}")
    worse = found.difference < 0 and found.p < SIGNIFICANT
    if worse:
        console.print("Answers became worse.", style="bold red")
    return worse


def _in_words(found: Comparison) -> str:
    how = f"all {found.assignments:,}" if found.exact else f"{found.assignments:,} random"
    return (
        f"{_MAIN} {found.difference:+.4f}, better in {found.better} and worse in {found.worse} of {found.queries} "
        f"questions, p = {found.p:.2g} (two-sided randomisation test, {how} swaps)"
    )


def _read_before(path: Path, labelled: Sequence[LabelledQuestion], digest: str) -> PerQuestion:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form, same = data["form"], data["digest"]
        per_question = {
            one.question: {_MAIN: float(data["per_question"][one.question][_MAIN])} for one in labelled
        } if same == digest else {}  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.UsageError(f"--against {path}: these are no figures that --out wrote ({error!r}).") from None
    if form != _FORM or not per_question:
        raise click.UsageError(f"--against {path}: the figures are of other questions; measure the earlier version.")
    return per_question
