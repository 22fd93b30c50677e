"""What every embedder offers, whether it runs here or behind an endpoint."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from resources.embedding.errors import BlankTextError

FloatMatrix = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors, so that a dot product is the cosine.

    Vectors of different `fingerprint` must never be compared: store it (or `name` and `dimension`) beside them.
    """

    @property
    def name(self) -> str:
        """The model, as stored beside every vector."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def window(self) -> int:
        """Most tokens of one text, as `count_tokens` counts them."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would get another vector: model, version, dimension."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Vectors of texts to be found: float32 (n, dimension), rows in the order of `texts`, length 1.

        Raises `BlankTextError` and `TextTooLongError` before any work is done, other `EmbeddingError` after.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """The same for what people search for; some models treat the two differently."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens that `text` takes as a passage, the model's prefix and special tokens included."""
        ...


def check_not_blank(texts: Sequence[str]) -> None:
    """Raise `BlankTextError` for the first text without a visible character."""
    for index, text in enumerate(texts):
        if not text.strip():
            raise BlankTextError(index)


def encodable(text: str) -> str:
    """`text` with lone surrogates, which UTF-8 cannot hold, shown as U+FFFD; other text comes back as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
