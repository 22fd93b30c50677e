"""What can go wrong with a call to a language model.

ModelError
├── RetryableError          the same request may succeed later
│   ├── RateLimitedError    429; carries Retry-After when the provider sent it
│   ├── ServerFaultError    5xx and overload
│   └── ConnectionLostError time-out, refused, reset
└── PermanentError          the same request will fail again
    ├── RequestRefusedError 4xx: the request itself is wrong, or too long
    ├── CredentialError     401, 403: the key is not accepted
    ├── ContentRefusedError the model declined to answer
    └── ModelMissingError   the model, its file or its key is not there
"""


class ModelError(Exception):
    """A call failed. `status` is the HTTP status when there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RetryableError(ModelError):
    """The same request may succeed later."""


class RateLimitedError(RetryableError):
    """Too many requests or tokens; `retry_after` in seconds when the provider said so."""

    def __init__(self, message: str, *, status: int | None = 429, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class ServerFaultError(RetryableError):
    """The provider failed."""


class ConnectionLostError(RetryableError):
    """No complete answer arrived."""


class PermanentError(ModelError):
    """The same request will fail again."""


class RequestRefusedError(PermanentError):
    """The provider does not accept this request."""


class CredentialError(PermanentError):
    """The provider does not accept the key."""


class ContentRefusedError(PermanentError):
    """The model declined to answer."""


class ModelMissingError(PermanentError):
    """The model cannot be reached by this configuration; the message says what to set."""
