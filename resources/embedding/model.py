"""The packaged embedder: multilingual-e5-small in ONNX Runtime, on the CPU, without a network."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from resources.embedding.contract import FloatMatrix, check_not_blank, encodable
from resources.embedding.convert import MODEL_KEY, MODEL_NAME, ModelFiles, converted_model
from resources.embedding.errors import EmbedderSettingsError, ModelCacheError, TextTooLongError

QUERY_PREFIX = "query: "  # the model was trained with these two (Wang et al. 2024, arXiv:2402.05672, section 3)
PASSAGE_PREFIX = "passage: "

_PADDING = 1
_EMBEDDING, _TOKENS = "embedding", "tokens"
_LARGEST_BATCH = 32


class E5Embedder:
    """384 numbers for a text of up to 512 tokens in about a hundred languages.

    One text a call of the network is the default: it is the fastest on a CPU, and as activations are quantised per
    call, the vector of a text then depends on nothing but the text. Larger batches are sorted by length.
    Safe to share between threads.
    """

    name = MODEL_NAME
    dimension = 384
    window = 512
    fingerprint = f"{MODEL_NAME}@384/{MODEL_KEY}"

    def __init__(self, cache_dir: Path, *, threads: int | None = None, batch_size: int = 1) -> None:
        """Convert if needed, then load; `threads` is by default the number of cores this process may use.

        Raises `EmbedderSettingsError`, `ModelSourceError` or `ModelCacheError`.
        """
        if not 1 <= batch_size <= _LARGEST_BATCH:
            raise EmbedderSettingsError(f"batch_size is {batch_size}, it must be 1 to {_LARGEST_BATCH}")
        self._batch_size = batch_size
        files = converted_model(cache_dir)
        self._session = _session(files, threads or len(os.sched_getaffinity(0)))
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(files.tokenizer))

    def embed_passages(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of texts to be found, float32 (n, 384); see `Embedder.embed_passages` for errors."""
        return self._embed(PASSAGE_PREFIX, texts)

    def embed_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Unit vectors of what is searched for, float32 (n, 384)."""
        return self._embed(QUERY_PREFIX, texts)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, with the prefix and the two special tokens; at most `window` fit."""
        (encoding,) = self._tokenizer.encode_batch_fast([PASSAGE_PREFIX + encodable(text)])
        return len(encoding)

    def passage_tokens(self, texts: Sequence[str]) -> list[FloatMatrix]:
        """Unit vectors of every token of each passage, for late interaction: float32 (tokens, 384) per text."""
        return self._embed_tokens(PASSAGE_PREFIX, texts)

    def query_tokens(self, texts: Sequence[str]) -> list[FloatMatrix]:
        """Unit vectors of every token of each query: float32 (tokens, 384) per text."""
        return self._embed_tokens(QUERY_PREFIX, texts)

    def _embed(self, prefix: str, texts: Sequence[str]) -> FloatMatrix:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for places, ids, mask in self._batches(self._token_ids(prefix, texts)):
            vectors[places] = self._run(_EMBEDDING, ids, mask)
        return vectors

    def _embed_tokens(self, prefix: str, texts: Sequence[str]) -> list[FloatMatrix]:
        found: dict[int, FloatMatrix] = {}
        for places, ids, mask in self._batches(self._token_ids(prefix, texts)):
            hidden = self._run(_TOKENS, ids, mask)
            for place, vectors, length in zip(places, hidden, mask.sum(axis=1), strict=True):
                used = vectors[:length]
                found[place] = used / np.linalg.norm(used, axis=1, keepdims=True)
        return [found[place] for place in range(len(texts))]

    def _token_ids(self, prefix: str, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of every text; checks all texts before the network sees the first."""
        check_not_blank(texts)
        encodings = self._tokenizer.encode_batch_fast([prefix + encodable(text) for text in texts])
        token_ids: list[list[int]] = [encoding.ids for encoding in encodings]
        for index, ids in enumerate(token_ids):
            if len(ids) > self.window:
                raise TextTooLongError(index, len(ids), self.window, self.name, texts[index])
        return token_ids

    def _batches(
        self, token_ids: list[list[int]]
    ) -> Iterator[tuple[list[int], npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """(places in the input, ids, mask) per batch; texts of like length together, so that little is padding."""
        order = sorted(range(len(token_ids)), key=lambda place: len(token_ids[place]))
        for first in range(0, len(order), self._batch_size):
            places = order[first : first + self._batch_size]
            longest = len(token_ids[places[-1]])
            ids = np.full((len(places), longest), _PADDING, np.int64)
            mask = np.zeros((len(places), longest), np.int64)
            for row, place in enumerate(places):
                ids[row, : len(token_ids[place])] = token_ids[place]
                mask[row, : len(token_ids[place])] = 1
            yield places, ids, mask

    def _run(self, output: str, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        (result,) = self._session.run([output], {"input_ids": ids, "attention_mask": mask})
        return np.asarray(result, np.float32)


def _session(files: ModelFiles, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # waiting threads sleep: spinning ones take the cores from the other processes of the pipeline
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(files.model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions share no base but this one
        raise ModelCacheError(
            f"ONNX Runtime cannot load {files.model}: {error}. Delete the folder {files.model.parent}, "
            "it is made anew at the next start"
        ) from error
