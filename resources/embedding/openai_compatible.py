"""Embeddings from OpenAI, or from any server that speaks its wire format (vLLM, Ollama, llama.cpp, TEI, …)."""

import functools
import time
from collections.abc import Callable, Iterator, Sequence

import bpe_openai
import numpy as np
import openai
from openai.types import CreateEmbeddingResponse
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from resources.embedding.contract import FloatMatrix, check_not_blank, encodable
from resources.embedding.errors import (
    EmbedderSettingsError,
    EndpointRejectedError,
    EndpointReplyError,
    EndpointUnavailableError,
    TextTooLongError,
)
from resources.embedding.retries import is_passing_fault, wait_seconds

DEFAULT_BASE_URL = "https://api.openai.com/v1"

# OpenAI's own models: dimension, and window in cl100k tokens (API reference, "Create embeddings")
KNOWN_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
_OPENAI_WINDOW = 8191
_SHORTENABLE = "text-embedding-3-"  # the models that take a `dimensions` parameter

# other models' tokenizers are not known here: the smallest window in common use, and some servers cut in silence
_UNKNOWN_WINDOW = 512

_TEXTS_PER_REQUEST = 128  # allowed: 2,048; smaller requests lose less when one fails
_TOKENS_PER_REQUEST = 100_000  # allowed: 300,000 at OpenAI
_ATTEMPTS = 6
_BLOCK = 50_000  # characters, of at most 4 tokens each; the library refuses more than 200,000 tokens at once


class OpenAIEmbedder:
    """An embedding model behind an OpenAI-compatible endpoint. Close it when it is no longer needed."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        dimension: int | None = None,
        *,
        window: int | None = None,
        query_prefix: str = "",
        passage_prefix: str = "",
        timeout_seconds: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`dimension` may be left out for OpenAI's own models; `window` is in cl100k tokens.

        `window` is 8,191 for OpenAI's models and 512 for others by default. Prefixes are for models that were
        trained with them. Raises `EmbedderSettingsError` when the dimension cannot be known.
        """
        native = KNOWN_DIMENSIONS.get(model)
        if dimension is None and native is None:
            raise EmbedderSettingsError(
                f"the dimension of {model!r} is not known: write it behind the name, as in 'openai:{model}@1024'"
            )
        self.name = f"openai:{model}"
        self.dimension = dimension or native or 0
        self.window = window or (_UNKNOWN_WINDOW if native is None else _OPENAI_WINDOW)
        self.fingerprint = f"{self.name}@{self.dimension}/{query_prefix}/{passage_prefix}"
        self._model = model
        self._base_url = base_url
        self._shorten = model.startswith(_SHORTENABLE) and self.dimension != native
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._client = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout_seconds, max_retries=0)
        self._sleep = sleep

    def embed_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of texts to be found, float32 (n, dimension).

        Raises `BlankTextError` and `TextTooLongError` before anything is sent; `EndpointUnavailableError` after
        six attempts over half a minute, `EndpointRejectedError` and `EndpointReplyError` at once.
        """
        return self._embed(self._passage_prefix, texts)

    def embed_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of what is searched for, float32 (n, dimension); errors as for passages."""
        return self._embed(self._query_prefix, texts)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage in OpenAI's cl100k; for other makers' models an estimate."""
        return _count(self._passage_prefix + encodable(text))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embed(self, prefix: str, texts: Sequence[str]) -> FloatMatrix:
        check_not_blank(texts)
        inputs = [prefix + encodable(text) for text in texts]
        counts = [_count(text) for text in inputs]
        for index, tokens in enumerate(counts):
            if tokens > self.window:
                raise TextTooLongError(index, tokens, self.window, self.name, texts[index])
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for first, last in _requests(counts):
            vectors[first:last] = self._vectors(inputs[first:last])
        return vectors

    def _vectors(self, inputs: list[str]) -> FloatMatrix:
        retrying = Retrying(
            retry=retry_if_exception(is_passing_fault),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        where = f"{self._model} at {self._base_url}"
        try:
            reply = retrying(self._request, inputs)
        except openai.APIStatusError as error:
            what = f"{where} answered {error.status_code}: {error.message}"
            if is_passing_fault(error):
                raise EndpointUnavailableError(f"{what} (after {_ATTEMPTS} attempts)", error.status_code) from error
            raise EndpointRejectedError(what, error.status_code) from error
        except openai.APIConnectionError as error:
            raise EndpointUnavailableError(
                f"{where} cannot be reached (after {_ATTEMPTS} attempts): {error.__cause__ or error}"
            ) from error
        except (openai.OpenAIError, ValueError) as error:
            raise EndpointReplyError(f"{where} sent an answer that cannot be read: {error}") from error
        return self._checked(reply, len(inputs), where)

    def _request(self, inputs: list[str]) -> CreateEmbeddingResponse:
        # 'float' is understood by all servers; the SDK's own default, base64, is not
        return self._client.embeddings.create(
            input=inputs,
            model=self._model,
            encoding_format="float",
            dimensions=self.dimension if self._shorten else openai.omit,
        )

    def _checked(self, reply: CreateEmbeddingResponse, expected: int, where: str) -> FloatMatrix:
        """The vectors in the order of the texts, at length 1."""
        items = reply.data or []
        if sorted(item.index for item in items) != list(range(expected)):
            raise EndpointReplyError(f"{where} sent {len(items)} vectors for {expected} texts")
        lengths = {len(item.embedding) for item in items}
        if lengths != {self.dimension}:
            raise EndpointReplyError(
                f"{where} sends vectors of dimension {', '.join(map(str, sorted(lengths)))}, "
                f"the setting says {self.dimension}: mend the number behind the model's name"
            )
        ordered = sorted(items, key=lambda item: item.index)
        matrix = np.array([item.embedding for item in ordered], np.float32)
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise EndpointReplyError(f"{where} sent a vector that is zero or not finite")
        unit: FloatMatrix = matrix / norms
        return unit


def _requests(counts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of texts that go into one request each."""
    first, total = 0, 0
    for place, tokens in enumerate(counts):
        if place > first and (place - first == _TEXTS_PER_REQUEST or total + tokens > _TOKENS_PER_REQUEST):
            yield first, place
            first, total = place, 0
        total += tokens
    if counts:
        yield first, len(counts)


def _count(text: str) -> int:
    encoding = _encoding()
    return sum(len(encoding.encode_ordinary(text[first : first + _BLOCK])) for first in range(0, len(text), _BLOCK))


@functools.cache
def _encoding() -> bpe_openai.Encoding:
    return bpe_openai.get_encoding("cl100k_base")
