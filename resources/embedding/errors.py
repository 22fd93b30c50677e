"""Why texts could not be turned into vectors.

EmbeddingError
├── EmbedderSettingsError     the spec names no embedder, or leaves out what it needs
├── ModelSourceError          the packaged weights are missing, of another version, or damaged
├── ModelCacheError           the converted model cannot be stored or read back
├── BlankTextError            a text holds nothing to embed
├── TextTooLongError          a text does not fit the model's window (never truncated instead)
└── EndpointError             the embedding server failed
    ├── EndpointUnavailableError   not reachable, overloaded, or failing: worth another try later
    ├── EndpointRejectedError      refused for a reason that another try does not mend
    └── EndpointReplyError         answered with something that is no set of vectors
"""


class EmbeddingError(Exception):
    """Base of everything that `resources.embedding` raises on purpose."""


class EmbedderSettingsError(EmbeddingError, ValueError):
    """The embedder's specification cannot be used."""


class ModelSourceError(EmbeddingError):
    """The packaged weights cannot be read."""


class ModelCacheError(EmbeddingError):
    """The converted model cannot be stored in, or loaded from, the cache folder."""


class BlankTextError(EmbeddingError, ValueError):
    """A text is empty or only white space; `index` is its place in the list."""

    def __init__(self, index: int) -> None:
        super().__init__(f"text {index} is blank: leave blank texts out, they have no meaning to embed")
        self.index = index


class TextTooLongError(EmbeddingError, ValueError):
    """A text has more tokens (prefix and special tokens counted) than the window of the model."""

    def __init__(self, index: int, tokens: int, window: int, model: str, text: str) -> None:
        super().__init__(
            f"text {index} has {tokens} tokens, {model} reads at most {window}: "
            f"cut it into passages first (it begins {text[:60]!r})"
        )
        self.index = index
        self.tokens = tokens
        self.window = window


class EndpointError(EmbeddingError):
    """The embedding server did not give vectors; `status` is the HTTP status, None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class EndpointUnavailableError(EndpointError):
    """Not reachable, overloaded or failing, after all retries."""


class EndpointRejectedError(EndpointError):
    """The request was refused: key, model name, or content."""


class EndpointReplyError(EndpointError):
    """The answer has the wrong number of vectors, the wrong dimension, or no usable numbers."""
