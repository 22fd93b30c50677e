"""Counting tokens, and hashes that tell whether derived data are stale."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bpe_openai

TOKENIZER = "o200k_base"
_BLOCK = 50_000  # characters, of at most 4 tokens each; the library refuses more than 200,000 tokens at once

TokenCounter = Callable[[str], int]
"""Tokens of a text. Near enough additive: the parts of a text, cut before white space, count as much as the whole."""


def count_tokens(text: str) -> int:
    """Tokens of `text` in OpenAI's o200k vocabulary, a fair estimate for the other makers' models as well.

    The vocabulary is loaded at the first call (0.1 s). Lone surrogates count as one replacement character each.
    A text of over 50,000 characters is counted in blocks, which may add a token per block.
    """
    encoding = _encoding()
    return sum(len(encoding.encode_ordinary(text[first : first + _BLOCK])) for first in range(0, len(text), _BLOCK))


def content_hash(text: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def settings_hash(*made_with: str, settings: object) -> str:
    """SHA-256 over the fields of a settings dataclass and the names of all else that shaped the result.

    Store it beside derived data: they are stale when it differs. `made_with` holds versions and model names, for
    example `settings_hash("splitter 1", TOKENIZER, settings=SplitSettings())`. Raises `TypeError` when `settings` is
    no dataclass or holds something that JSON cannot.
    """
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        raise TypeError(f"settings must be an instance of a dataclass, not {settings!r}")
    parts = [type(settings).__name__, dataclasses.asdict(settings), *made_with]
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@functools.cache
def _encoding() -> "bpe_openai.Encoding":
    import bpe_openai  # slow to import; hashes need no vocabulary

    return bpe_openai.get_encoding(TOKENIZER)
