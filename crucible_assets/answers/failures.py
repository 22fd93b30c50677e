"""Why an answer failed, in words for the person who asked: what to do, and nothing of how this is built."""

from crucible_assets.answers.calling import NoAnswerInTimeError
from resources.models.errors import (
    BudgetReachedError,
    ContentRefusedError,
    ContextOverflowError,
    CredentialError,
    GatewayStoppedError,
    ModelError,
    ModelMissingError,
    QuotaExhaustedError,
    RetryableError,
    UnpricedModelError,
)
from resources.search.budget import OverBudgetError

STOPPED = "It was stopped before it was answered. Ask again: calls that had finished are not paid for twice."
DELETED = "The conversation was deleted while it was answered."
NOTHING_WRITTEN = (
    "The model wrote nothing, also not when it was asked again. Ask in other words, or name another model."
)
UNKNOWN = "Something went wrong in the service, and its log says what. Ask again."
_AGAIN = "Ask again later: calls that had finished are not paid for twice."


class EmptyAnswerError(Exception):
    """The model wrote nothing, twice."""


def reason_of(error: BaseException) -> str:
    """The reason of a failure."""
    match error:
        case EmptyAnswerError():
            return NOTHING_WRITTEN
        case NoAnswerInTimeError():
            return f"The model did not answer in time. {_AGAIN}"
        case BudgetReachedError():
            return f"{error} For a project that is `generation.budget_usd`."
        case RetryableError():
            return f"The model is not available or over its limits. {_AGAIN}"
        case QuotaExhaustedError():
            return "The account with the model's provider has no credit left."
        case CredentialError():
            return "The model's provider does not accept the installation's key."
        case UnpricedModelError():
            return "The project has a budget, and the price of the model is not known: take one of them away."
        case ModelMissingError():
            return "The model, or the key that it needs, is not there; the installation's settings name it."
        case ContentRefusedError():
            return "The model declined to answer. Ask in other words, or name another model."
        case ContextOverflowError() | OverBudgetError():
            return "The question and what was found for it are longer than the model reads. Ask less at once."
        case ModelError():
            return "The model did not accept the request. Name another model."
        case GatewayStoppedError():
            return STOPPED
        case _:
            return UNKNOWN
