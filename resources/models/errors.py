"""What can go wrong with a call to a language model.

ModelError
├── RetryableError           the same request may succeed later; carries Retry-After when the provider sent it
│   ├── RateLimitedError     429: too many requests or tokens
│   ├── ServerFaultError     5xx and overload
│   ├── ConnectionLostError  time-out, refused, reset, no proper answer
│   ├── BreakerOpenError     the model failed too often in a row and is left alone for a while; nothing was sent
│   └── ParameterLearntError the server does not take a parameter, which is left out from now on
└── PermanentError           the same request will fail again
    ├── RequestRefusedError  4xx: the request itself is wrong
    │   └── ContextOverflowError  the document is longer than the model reads: ask for half of it
    ├── ContentRefusedError  the model declined to answer
    ├── CredentialError      401, 403: the key is not accepted; every other call fails the same way
    │   └── QuotaExhaustedError   the account has no credit left
    └── ModelMissingError    the model, its file or its key is not there; every other call fails the same way
        └── UnpricedModelError    there is a budget, but the model has no known price; nothing was sent

Not failures of a call, because none was made:
GatewayStoppedError          the run is stopping
BudgetReachedError           the next call could cost more than is left
DeferredError                the request waits for a provider batch
"""

from resources.models.decisions.limits import ObservedLimits


class ModelError(Exception):
    """A call failed. `status` is the HTTP status when there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RetryableError(ModelError):
    """The same request may succeed later; `retry_after` in seconds and `limits` when the provider said so."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        limits: ObservedLimits | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after
        self.limits = limits


class RateLimitedError(RetryableError):
    """Too many requests or tokens."""


class ServerFaultError(RetryableError):
    """The provider failed."""


class ConnectionLostError(RetryableError):
    """No complete answer arrived."""


class BreakerOpenError(RetryableError):
    """The model failed too often in a row; nothing was sent. `retry_after`: until it may be asked again."""


class ParameterLearntError(RetryableError):
    """The server does not take a parameter of the request; the provider leaves it out from now on."""


class PermanentError(ModelError):
    """The same request will fail again."""


class RequestRefusedError(PermanentError):
    """The provider does not accept this request; `param` and `code` as it names what is wrong."""

    def __init__(
        self, message: str, *, status: int | None = None, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.param = param
        self.code = code


class ContextOverflowError(RequestRefusedError):
    """The request is longer than the model reads; a part of the document may fit."""


class ContentRefusedError(PermanentError):
    """The model declined to answer."""


class CredentialError(PermanentError):
    """The provider does not accept the key."""


class QuotaExhaustedError(CredentialError):
    """The account behind the key has no credit left; waiting does not help, paying does."""


class ModelMissingError(PermanentError):
    """The model cannot be reached by this configuration; the message says what to set."""


class UnpricedModelError(ModelMissingError):
    """A budget cannot be kept with a model whose price is not known; nothing was sent."""


class GatewayStoppedError(Exception):
    """The run is stopping; nothing was sent."""


class BudgetReachedError(Exception):
    """The next call could cost more than the budget leaves; nothing was sent. The message gives the figures."""


class DeferredError(Exception):
    """The request was put into a provider batch; its answer will be in the ledger in a later run."""
