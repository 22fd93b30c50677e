"""From a question to a stored answer: understood, searched, answered from sources, checked sentence by sentence.

What is yielded is stored already, and no sentence is yielded unchecked. However it goes, the answer's row is ended.
Calls that had finished are in the ledger: asked again, the same question over the same sources costs nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from uuid import UUID

from crucible_assets.answers.alive import alive
from crucible_assets.answers.calling import Caller
from crucible_assets.answers.events import Event, Finished
from crucible_assets.answers.evidence import runs_here
from crucible_assets.answers.failures import DELETED, STOPPED, UNKNOWN, reason_of
from crucible_assets.answers.load import Opened, Store
from crucible_assets.answers.steps import Answering
from resources.database.repositories.answers import Answer, ConversationGoneError, Ended
from resources.embedding.contract import Embedder
from resources.installation import Installation
from resources.models.providers.choose import parse_spec
from resources.observe.logs import get_logger
from resources.project_settings import AnswerCheck
from resources.statements import AnswerStatus

_log = get_logger("answers")


async def answer_question(
    installation: Installation,
    tenant: str,
    answer_id: UUID,
    *,
    embedder: Embedder,
    models: Sequence[str] = (),
    judge: bool | None = None,
    budget_usd: str | None = None,
) -> AsyncGenerator[Event, None]:
    """Answer a question that `begin_answer` stored; the last event is `Finished`, and there is exactly one of it.

    `models` stand for the project's and the installation's; where none of them is a language model, sentences of the
    sources are copied. `judge` says whether a model decides what words cannot; None: as the project says.
    `budget_usd` is that of the task that asks. An answer that is not RUNNING is told as it is. Closed or cancelled,
    the answer ends as FAILED. Raises ConversationGoneError when there is no such answer.
    """
    store = Store(installation, tenant, answer_id)
    opened = await asyncio.to_thread(store.open)
    if opened.answer.status is not AnswerStatus.RUNNING:
        yield Finished(opened.answer)
        return
    caller: Caller | None = None
    try:
        specs = language_models(models or opened.project.settings.models or installation.settings.models)
        if specs:
            caller = Caller(installation, tenant, opened.project, specs, opened.answer.task_id, budget_usd)
        judged = _judged(opened.project.settings.answer_check, specs) if judge is None else judge
        work = Answering(store, opened, embedder, specs, caller, judge=judged)
        with alive(installation, tenant, answer_id):
            async with aclosing(work.events()) as events:
                async for event in events:
                    yield event
            answer = await _ended(store, opened, work.ended())
    except (asyncio.CancelledError, GeneratorExit):
        await _ended(store, opened, _failed(STOPPED, caller))
        raise
    except ConversationGoneError:
        answer = await _ended(store, opened, _failed(STOPPED, caller))
    except Exception as error:
        _log.warning("answer_failed", answer=str(answer_id), error=type(error).__name__, said=str(error)[:500])
        answer = await _ended(store, opened, _failed(reason_of(error), caller))
    finally:
        if caller is not None:
            await caller.close()
    yield Finished(answer)


def language_models(specs: Sequence[str]) -> tuple[str, ...]:
    """The language models among some, in their order."""
    return tuple(spec for spec in specs if parse_spec(spec)[0] != "local")


def _judged(check: AnswerCheck | None, specs: Sequence[str]) -> bool:
    """Whether a model is asked. Where the project does not say, none that runs in this process: it is slow."""
    if check is not None:
        return check is AnswerCheck.MODEL
    return not any(map(runs_here, specs))


def _failed(reason: str, caller: Caller | None) -> Ended:
    if caller is None:
        return Ended(AnswerStatus.FAILED, reason=reason)
    return Ended(AnswerStatus.FAILED, None, reason, caller.model, 0, caller.calls, caller.cost)


async def _ended(store: Store, opened: Opened, ended: Ended) -> Answer:
    """Store the end, also when the caller is being cancelled; what cannot be stored, housekeeping ends."""

    def store_it() -> Answer:
        try:
            stored = store.end(ended)
        except Exception:
            _log.exception("answer_not_ended", answer=str(opened.answer.id))
            return replace(opened.answer, status=AnswerStatus.FAILED, reason=UNKNOWN)
        return stored or replace(opened.answer, status=AnswerStatus.FAILED, reason=DELETED)

    return await asyncio.shield(asyncio.to_thread(store_it))
