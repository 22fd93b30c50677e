"""From what was asked for to a stored task; everything that can be refused is refused here."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from jobs.wish import Wish
from resources.database.engine import TenantSession
from resources.database.repositories.task_lists import Offer, failed_documents, known_documents, project_offer
from resources.database.repositories.tasks import TaskActiveError, create_task
from resources.models.errors import ModelMissingError
from resources.models.providers.choose import check_spec
from resources.vocabulary import TaskKind
from sidecar.problems import Conflict, NotFound, Unusable
from sidecar.search.service import check_filters
from sidecar.tasks.schemas import (
    AskedFor,
    AskForExport,
    AskForFull,
    AskForSample,
    AskForSummaries,
    AskForThemes,
    AskQuestion,
    AskToIngest,
    AskToRefine,
    AskToReprocess,
    Extraction,
    Options,
)

_SHOWN = 5  # unknown ids that a refusal names
_WITHOUT_VARIABLES = {TaskKind.INGEST, TaskKind.ASK, TaskKind.SUMMARISE, TaskKind.EXTRACT_THEMES}


def ask(
    session: TenantSession,
    asked: AskedFor,
    *,
    by: str,
    installed: tuple[str, ...],
    carried: dict[str, Any],
    asked_by: str | None = None,
) -> UUID:
    """Store a task; the task sensor plans and starts it. `carried` is what is known of the request.

    `asked_by` is the person to whom the answer of a question belongs: theirs are also the tasks of their keys.

    Raises NotFound, Unusable, and Conflict when the project has an unfinished extraction.
    """
    offer = project_offer(session, asked.project_id)
    if offer is None:
        raise NotFound(f"There is no project `{asked.project_id}`.")
    _check_project(offer, asked)
    _check_models(asked, installed)
    _check_documents(session, asked)
    if isinstance(asked, AskQuestion):
        _check_question(asked)
    wish = replace(wish_of(asked), asked_by=asked_by)
    parameters = {**wish.as_json(), **{name: value for name, value in carried.items() if value}}
    try:
        return create_task(session, asked.project_id, asked.kind, parameters, [], created_by=by)
    except TaskActiveError as error:
        raise Conflict(
            f"Task {error.task_id} of project `{asked.project_id}` is not finished; wait for it, or cancel it.",
            active_task_id=error.task_id,
        ) from error


def wish_of(asked: AskedFor) -> Wish:
    """What was asked for, as it is kept with the task."""
    match asked:
        case AskToIngest():
            return Wish(force=asked.force)
        case AskToRefine():
            return Wish(models=tuple(asked.models), variables=tuple(asked.variables))
        case AskForExport():
            return Wish(formats=tuple(asked.formats), export_options=_options(asked.options))
        case AskQuestion():
            return Wish(
                models=tuple(asked.models),
                budget_usd=asked.budget_usd,
                question=asked.question,
                filters=asked.filters.model_dump(mode="json"),
            )
        case AskForSummaries():
            return Wish(models=tuple(asked.models), budget_usd=asked.budget_usd, force=asked.force)
        case AskForThemes():
            return Wish(models=tuple(asked.models), themes=asked.number)
        case AskForSample(documents=[]):
            return replace(_extraction(asked), sample=asked.number)
        case AskForSample():
            return replace(_extraction(asked), documents=tuple(dict.fromkeys(asked.documents)))
        case AskForFull() | AskToReprocess():
            return replace(_extraction(asked), calls=asked.calls)


def _extraction(asked: Extraction) -> Wish:
    return Wish(
        models=tuple(asked.models),
        formats=tuple(asked.formats),
        export_options=_options(asked.options),
        force=asked.force,
        budget_usd=asked.budget_usd,
    )


def _options(options: Options) -> dict[str, Any]:
    """Only what differs from the defaults, so that what was not said is not pinned."""
    return options.model_dump(mode="json", exclude_defaults=True)


def _check_project(offer: Offer, asked: AskedFor) -> None:
    name = asked.project_id
    if offer.archived:
        raise Unusable(f"Project `{name}` is archived: nothing is done in it until it is taken back.")
    if not offer.variables and asked.kind not in _WITHOUT_VARIABLES:
        raise Unusable(f"Project `{name}` has no variables: say first what is to be read from its documents.")
    if not offer.documents:
        raise Unusable(f"Project `{name}` has no documents: upload some first.")
    if isinstance(asked, AskToRefine) and (unknown := sorted(set(asked.variables) - offer.variables)):
        raise Unusable(f"body.variables: project `{name}` has no variable {', '.join(unknown)}.")


def _check_question(asked: AskQuestion) -> None:
    check_filters(asked.filters)
    if not asked.question.strip():
        raise Unusable("body.question: there is nothing to be read in it.")


def _check_models(asked: AskedFor, installed: tuple[str, ...]) -> None:
    """A model whose key is missing is refused now; a file of this machine is one that the operator named."""
    for spec in getattr(asked, "models", []):
        if spec.startswith("gguf:") and spec not in installed:
            raise Unusable(f"body.models: {spec} is none of the files that this installation uses.")
        try:
            check_spec(spec)
        except ModelMissingError as error:
            raise Unusable(f"body.models: {error}") from error


def _check_documents(session: TenantSession, asked: AskedFor) -> None:
    if isinstance(asked, AskForSample) and asked.documents:
        known = known_documents(session, asked.project_id, asked.documents)
        unknown = [str(document) for document in asked.documents if document not in known]
        if unknown:
            rest = "" if len(unknown) <= _SHOWN else f" and {len(unknown) - _SHOWN} more"
            raise Unusable(
                f"body.documents: project `{asked.project_id}` has no document {', '.join(unknown[:_SHOWN])}{rest}."
            )
    if isinstance(asked, AskToReprocess) and not failed_documents(session, asked.project_id, limit=1):
        raise Unusable(f"Nothing in project `{asked.project_id}` failed: there is nothing to do again.")
