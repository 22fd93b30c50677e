"""The embeddings endpoint: hashed words as vectors, so that texts that share words are near each other."""

import base64
import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.model_server.config import ServerConfig
from tests.model_server.openai_checks import missing, model_problem
from tests.model_server.usage import count_tokens
from tests.model_server.view import Json
from tests.model_server.wire import Answer, Problem, dumps

MAX_INPUTS = 2048
_WORD = re.compile(r"\w+")


def vector(text: str, dimensions: int) -> npt.NDArray[np.float32]:
    """A unit vector of shape (dimensions,): signed feature hashing of the lower-cased words."""
    hashes = np.fromiter((zlib.crc32(word.encode()) for word in _WORD.findall(text.lower())), dtype=np.int64)
    if not hashes.size:
        hashes = np.array([zlib.crc32(text.encode())], dtype=np.int64)
    signs = np.where(hashes & (1 << 31), 1.0, -1.0)
    counts = np.bincount(hashes % dimensions, weights=signs, minlength=dimensions)
    length = float(np.linalg.norm(counts))
    if length == 0.0:  # words that cancel each other out
        counts[0] = length = 1.0
    return (counts / length).astype(np.float32)


def embeddings_problem(body: Json, config: ServerConfig) -> Problem | None:
    """The first thing wrong with a request, as OpenAI says it."""
    invalid = "invalid_request_error"
    if not isinstance(body, dict):
        return Problem(400, invalid, "We could not parse the JSON body of your request: it is no object.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return Problem(400, invalid, "you must provide a model parameter")
    if problem := model_problem(body["model"], config):
        return problem
    if "input" not in body:
        return missing("input")
    wanted = body["input"]
    if wanted in ("", []) or (isinstance(wanted, list) and "" in wanted):
        return Problem(400, invalid, "'$.input' is invalid. Please check the API reference.")
    if not isinstance(wanted, str) and not (
        isinstance(wanted, list) and all(isinstance(part, (str, int, list)) for part in wanted)
    ):
        return Problem(400, invalid, "'$.input' is invalid. Please check the API reference.")
    if len(texts_of(body)) > MAX_INPUTS:
        message = f"'$.input' is too long: at most {MAX_INPUTS} inputs in one request."
        return Problem(400, invalid, message, "input")
    if body.get("encoding_format", "float") not in ("float", "base64"):
        return Problem(400, invalid, "Invalid value for 'encoding_format'.", "encoding_format", "invalid_value")
    dimensions = body.get("dimensions")
    if dimensions is not None and (not isinstance(dimensions, int) or dimensions < 1):
        return Problem(400, invalid, f"Invalid value for 'dimensions' = {dimensions}.", "dimensions")
    return None


def texts_of(body: dict[str, Any]) -> list[str]:
    """The inputs as texts; token numbers become words."""
    wanted = body["input"]
    if isinstance(wanted, str):
        return [wanted]
    if isinstance(wanted[0], int):
        return [_tokens(wanted)]
    return [part if isinstance(part, str) else _tokens(part) for part in wanted]


def _tokens(numbers: Sequence[int]) -> str:
    return " ".join(f"t{number}" for number in numbers)


def embeddings_answer(body: dict[str, Any], config: ServerConfig) -> tuple[Answer, int]:
    """The vectors, as floats or base64 of little-endian float32, and the tokens of the inputs."""
    dimensions = body.get("dimensions") or config.embedding_dimensions
    texts = texts_of(body)
    tokens = sum(count_tokens(text) for text in texts)
    data: list[Json] = []
    for index, text in enumerate(texts):
        values = vector(text, dimensions)
        packed: Json = (
            base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")
            if body.get("encoding_format") == "base64"
            else values.tolist()
        )
        data.append({"object": "embedding", "index": index, "embedding": packed})
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Answer(200, dumps({"object": "list", "data": data, "model": body["model"], "usage": usage})), tokens
