"""What a failure means: for the request, for the model, and for the breaker."""

from collections.abc import Sequence
from enum import StrEnum

from resources.models.errors import (
    BreakerOpenError,
    ContentRefusedError,
    ContextOverflowError,
    CredentialError,
    ModelError,
    ModelMissingError,
    ParameterLearntError,
    RateLimitedError,
    RetryableError,
)


class Next(StrEnum):
    """What happens to a request after a failed try."""

    AT_ONCE = "at once"  # the provider has learnt what to leave out
    RETRY = "retry"  # the same model, after a wait
    NEXT_MODEL = "next model"
    NEXT_MODEL_FOR_ALL = "next model for all"  # every other call to this model would end the same way
    STOP = "stop"  # no other model is asked either


class Health(StrEnum):
    """What a try says of the model's health, for its breaker."""

    WELL = "well"
    ILL = "ill"
    UNKNOWN = "unknown"


def next_step(error: ModelError) -> Next:
    """What follows from an error."""
    if isinstance(error, ParameterLearntError):
        return Next.AT_ONCE
    if isinstance(error, BreakerOpenError):
        return Next.NEXT_MODEL
    if isinstance(error, RetryableError):
        return Next.RETRY
    if isinstance(error, ContentRefusedError):
        return Next.STOP  # another model is not asked to answer what one declined
    if isinstance(error, CredentialError | ModelMissingError):
        return Next.NEXT_MODEL_FOR_ALL
    return Next.NEXT_MODEL


def health(error: ModelError) -> Health:
    """ILL where the provider failed; WELL where it answered properly that the request was wrong.

    A refusal for lack of a rate, a key or credit says nothing of the model: limits and credentials are not mended
    by leaving it alone for half a minute.
    """
    if isinstance(error, RateLimitedError | BreakerOpenError | CredentialError | ModelMissingError):
        return Health.UNKNOWN
    if isinstance(error, RetryableError) and not isinstance(error, ParameterLearntError):
        return Health.ILL
    return Health.WELL


def the_error_to_tell(errors: Sequence[ModelError]) -> ModelError:
    """Which of the models' errors ends a request.

    An overflow first, because a part of the document may fit; then what may pass; what no model of this
    configuration can ever answer only when there is nothing else, because it stops the run.
    """
    overflows = [error for error in errors if isinstance(error, ContextOverflowError)]
    tried = [error for error in errors if not isinstance(error, CredentialError | ModelMissingError)]
    return (overflows or tried or errors)[-1]
