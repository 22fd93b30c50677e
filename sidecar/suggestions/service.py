"""Asking a model for variables: through the gateway, so that the same request is paid once and budgets are kept."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from crucible_assets.prompts.fences import fenced
from crucible_assets.prompts.suggest import Suggested, SuggestionError, Wanted, read_suggestions, suggestion_request
from resources.database.engine import Database
from resources.installation import Installation
from resources.models.budgets import Budget
from resources.models.errors import (
    BudgetReachedError,
    ContentRefusedError,
    CredentialError,
    GatewayStoppedError,
    ModelError,
    ModelMissingError,
    RetryableError,
)
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.providers.choose import make_provider, parse_spec
from resources.project import Project
from resources.vocabulary import CallPurpose
from sidecar.problems import Conflict, Problem, Unavailable

_REPAIRS = 1  # how often an answer that cannot be used is asked for again
_PATIENCE_SECONDS = 100.0  # for all tries together: somebody waits for the answer


class BadGateway(Problem):
    """What stands behind this service did not do its part; asking again does not help by itself."""

    status, slug, title = 502, "bad-gateway", "The model gave no usable answer"


def language_models(project: Project, installation: Installation) -> tuple[str, ...]:
    """The language models of a project. Raises Conflict when the reader is all there is."""
    specs = project.settings.models or installation.settings.models
    found = tuple(spec for spec in specs if parse_spec(spec)[0] != "local")
    if not found:
        raise Conflict(
            "Suggesting variables takes a language model, and only the reader is set. Set CRUCIBLE_MODEL, for "
            "example `anthropic` or `openai:<model>`, with the provider's key; or `generation.models` among "
            "the project's parameters."
        )
    return found


def suggest(installation: Installation, tenant: str, project: Project, wanted: Wanted) -> tuple[Suggested, Call]:
    """Proposals and the call they came with. Blocking. Raises Conflict, BadGateway and Unavailable."""
    specs = language_models(project, installation)
    try:
        return asyncio.run(asyncio.wait_for(_ask(installation, tenant, project, wanted, specs), _PATIENCE_SECONDS))
    except TimeoutError:
        raise Unavailable("The model did not answer in time; try again.", retry_after=30) from None
    except BudgetReachedError as error:
        raise Conflict(f"{error} Raise `generation.budget_usd` of the project to go on.") from None
    except (ModelError, SuggestionError, GatewayStoppedError) as error:
        raise _problem(error) from None


def _problem(error: Exception) -> Problem:
    """A failure in words that say what to do, without what the provider wrote."""
    if isinstance(error, RetryableError):
        said = "The model is not available or over its limits; nothing was stored. Try again."
        return Unavailable(said, retry_after=min(300, error.retry_after or 10))
    if isinstance(error, CredentialError):
        return BadGateway("The provider does not accept the installation's key, or its account has no credit left.")
    if isinstance(error, ModelMissingError):
        return BadGateway("The model, or the key it needs, is not there; the installation's settings name it.")
    if isinstance(error, ContentRefusedError):
        return BadGateway("The model declined to answer; say the kind of documents in other words.")
    if isinstance(error, SuggestionError):
        return BadGateway("The model's answer could not be used, also not the second one; name another model.")
    return BadGateway("The model did not accept the request; name another model.")


async def _ask(
    installation: Installation, tenant: str, project: Project, wanted: Wanted, specs: tuple[str, ...]
) -> tuple[Suggested, Call]:
    settings, database = installation.settings, installation.database
    gateway = Gateway(
        [make_provider(spec, timeout_seconds=settings.call_timeout_seconds) for spec in specs],
        Ledger(database, tenant),
        concurrency=1,
        budget=_budget(database, tenant, project),
        limits=settings.limits,
    )
    first = suggestion_request(wanted, [variable.name for variable in project.variables])
    context = CallContext(project.id, None, None, (), purpose=CallPurpose.SUGGEST)
    request = first
    try:
        for number in range(_REPAIRS + 1):
            call = await gateway.ask(request, context, gateway.keys(request))
            try:
                return read_suggestions(call.reply.text, project, wanted.most), call
            except SuggestionError as error:
                if number == _REPAIRS:
                    raise
                said = fenced("problem", str(error))
                note = f"Answer 1 could not be used. What is wrong with it is data:\n{said}\nAnswer again."
                request = replace(first, question=f"{first.question}\n\n{note}")
        raise AssertionError("the loop returns or raises")
    finally:
        await gateway.close()


def _budget(database: Database, tenant: str, project: Project) -> Budget | None:
    limit = project.settings.budget_usd
    return None if limit is None else Budget(database, tenant, project.id, project_usd=Decimal(str(limit)))
