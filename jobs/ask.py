"""The job of an ASK task: its question is answered from cited evidence, in a conversation of whoever asked."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.answers.alive import alive
from crucible_assets.answers.engine import answer_question
from crucible_assets.answers.events import Event, Finished, Stated
from crucible_assets.answers.failures import STOPPED
from crucible_assets.answers.rendering import AnswerText, SourceText, StatementText, to_markdown
from crucible_assets.partitions import ProjectKey, projects
from jobs.wish import Wish
from resources.database.engine import TenantSession
from resources.database.repositories.answers import (
    Answer,
    Ended,
    StoredSource,
    answer_of_task,
    begin_answer,
    end_answer,
    sources_of,
)
from resources.database.repositories.conversations import add_conversation
from resources.database.repositories.statements import Owner, StoredStatement, statements_of
from resources.database.repositories.task_lists import task_record
from resources.database.repositories.tasks import get_task
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.observe.runs import observed_step
from resources.statements import Abstention, AnswerStatus, Statement

_TITLE = 200  # characters of the question
_DONE = (AnswerStatus.ANSWERED, AnswerStatus.ABSTAINED, AnswerStatus.WITHDRAWN)
_NO_ANSWER = {
    Abstention.NOTHING_FOUND: "Nothing was found that comes near to the question.",
    Abstention.NOT_ENOUGH: "What was found does not answer the question.",
    Abstention.UNSUPPORTED: "An answer was written, and nothing in it is borne by what it cites.",
}


class NothingAskedError(RuntimeError):
    """The task holds no question."""


@dg.op(description="Answer the question of a task: every sentence is checked against the words that it cites.")
def answer_task(context: dg.OpExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Answer once: a run that is tried again after the answer was given tells that answer."""
    key = ProjectKey.parse(context.partition_key)
    task_id = UUID(context.run.tags["crucible/task"])
    with observed_step(context.run.tags, context.run.run_id, "answer_task"):
        with installation.database.transaction(key.tenant) as session:
            wish, answer = begin(session, task_id)
        if answer.status is AnswerStatus.RUNNING:
            answer = asyncio.run(_answered(context, installation, key.tenant, answer, wish))
        with installation.database.transaction(key.tenant, read_only=True) as session:
            said = statements_of(session, Owner.ANSWER, [answer.id])[answer.id]
            sources = sources_of(session, [answer.id])[answer.id]
    context.add_output_metadata(metadata_of(answer, said, sources))
    if answer.status is AnswerStatus.FAILED:
        raise dg.Failure(answer.reason or "It was not answered.", allow_retries=False)


def begin(session: TenantSession, task_id: UUID) -> tuple[Wish, Answer]:
    """What the task asks, and its answer: one that was given already, else a new one that is RUNNING.

    An answer that a run left behind is ended: what it had paid for is in the ledger, and costs the new one nothing.
    """
    task, record = get_task(session, task_id), task_record(session, task_id)
    if task is None or record is None:
        raise NothingAskedError(f"There is no task {task_id}.")
    wish = Wish.from_json(task.parameters)
    if not wish.question:
        raise NothingAskedError(f"Task {task_id} holds no question.")
    before = answer_of_task(session, task_id)
    if before is not None and before.status in _DONE:
        return wish, before
    if before is not None:
        end_answer(session, before.id, Ended(AnswerStatus.FAILED, reason=STOPPED))
        conversation = before.conversation_id
    else:
        asker = wish.asked_by or record.created_by or "task"
        title = " ".join(wish.question.split())[:_TITLE]
        conversation = add_conversation(session, task.project_id, asker, title).id
    return wish, begin_answer(session, conversation, wish.question, wish.filters, task_id)


async def _answered(
    context: dg.OpExecutionContext, installation: Installation, tenant: str, answer: Answer, wish: Wish
) -> Answer:
    settings = installation.settings
    with alive(installation, tenant, answer.id):
        embedder = await asyncio.to_thread(embedder_from_settings, settings.embedding, settings.model_cache)
    last: Event | None = None
    async for event in answer_question(
        installation, tenant, answer.id, embedder=embedder, models=wish.models, budget_usd=wish.budget_usd
    ):
        last = event
        if isinstance(event, Stated):
            context.log.info(f"{event.number}. {event.statement.support}: {len(event.statement.citations)} citations")
        elif not isinstance(event, Finished):
            context.log.info(event.name)
    assert isinstance(last, Finished)
    return last.answer


def metadata_of(answer: Answer, said: Sequence[StoredStatement], sources: Sequence[StoredSource]) -> dict[str, Any]:
    """What Dagster shows of an answer."""
    supports = Counter(one.statement.support.value for one in said)
    text = AnswerText(
        answer.question,
        answer.status,
        _NO_ANSWER[answer.abstention] if answer.abstention else None,
        tuple(_text(one.statement) for one in said),
        tuple(SourceText(one.source.label, one.document_name) for one in sources),
    )
    return {
        "status": answer.status.value,
        **({"abstention": answer.abstention.value} if answer.abstention else {}),
        **{f"statements {support}": count for support, count in sorted(supports.items())},
        "passages found": answer.passages,
        "calls": answer.calls,
        "cost": "unknown" if answer.cost_usd is None else f"{answer.cost_usd:.6f} USD",
        "model": answer.model or "none: sentences were copied",
        "answer": dg.MetadataValue.md(to_markdown(text)),
    }


def _text(said: Statement) -> StatementText:
    labels = dict.fromkeys(one.label for one in said.citations if one.label is not None)
    return StatementText(said.text, said.support, tuple(labels))


@dg.job(
    partitions_def=projects,
    tags={"dagster/max_retries": "2", "dagster/retry_strategy": "ALL_STEPS"},
    description="A question about a project, answered from cited evidence.",
)
def ask() -> None:
    """The task sensor starts it for ASK tasks."""
    answer_task()
