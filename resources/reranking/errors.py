"""Why hits could not be reranked. Their first order stands: a search can go on with it and say so.

RerankError
├── RerankSettingsError        the setting names no reranker, or leaves out what it needs
├── RerankInputError           the query or a passage cannot be read by the model
├── RerankUnavailableError     not reachable, overloaded, or failing: worth another try later
├── RerankRejectedError        refused for a reason that another try does not mend
└── RerankReplyError           answered with something that is no set of scores
"""


class RerankError(Exception):
    """Base of everything that `resources.reranking` raises on purpose; `status` is HTTP's, None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RerankSettingsError(RerankError, ValueError):
    """The reranker's specification cannot be used."""


class RerankInputError(RerankError, ValueError):
    """The query is blank, or a text is longer than the model's window."""


class RerankUnavailableError(RerankError):
    """Not reachable, overloaded or failing, after all attempts."""


class RerankRejectedError(RerankError):
    """The request was refused: key, model name, address, or content."""


class RerankReplyError(RerankError):
    """The answer has not one finite score for each passage."""
