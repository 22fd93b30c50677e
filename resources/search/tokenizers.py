"""How many tokens a text has for the model that will read it: exact where its tokenizer is known."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bpe_openai

_BLOCK = 50_000  # characters, of at most 4 tokens each; the library refuses more than 200,000 tokens at once
_O200K = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "chatgpt-4o", "o1", "o3", "o4", "gpt-oss")
_CL100K = ("gpt-4", "gpt-3.5")

EXACT_HEADROOM = 0.03
"""For what providers wrap around messages."""
ESTIMATE_HEADROOM = 0.35
"""For tokenizers that are not known: the largest count seen was 1.31 times the estimate (German)."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Counts tokens. `exact`: it is the model's own; otherwise counts are estimates, made on purpose too high.

    `headroom` is the share that is added to every count.
    """

    name: str
    exact: bool
    headroom: float
    bare: Callable[[str], int]

    def count(self, text: str) -> int:
        """Tokens of a text, the headroom included."""
        return ceil(self.bare(text) * (1 + self.headroom))


def tokenizer_for(spec: str) -> Tokenizer:
    """The tokenizer of a model named like `openai:gpt-4.1-mini`, `anthropic:claude-…` or `gguf:/a/file`.

    Of OpenAI's own models it is known. For all others it is an estimate, which stays above the count of a small
    vocabulary trained on English (SmolLM2's 49,152 tokens) in eight languages of four scripts.
    """
    provider, _, model = spec.partition(":")
    if provider == "openai":
        # longer names first: gpt-4o is no gpt-4
        for prefix, encoding in [(name, "o200k_base") for name in _O200K] + [
            (name, "cl100k_base") for name in _CL100K
        ]:
            if model == prefix or model.startswith((f"{prefix}-", f"{prefix}.")):
                return Tokenizer(encoding, True, EXACT_HEADROOM, functools.partial(_count, encoding))
    return Tokenizer("estimate", False, ESTIMATE_HEADROOM, _estimate)


def _estimate(text: str) -> int:
    """The larger count of two vocabularies; letters beyond ASCII take small ones a quarter of a token more."""
    return max(_count("o200k_base", text), _count("cl100k_base", text)) + sum(not c.isascii() for c in text) // 4


def _count(name: str, text: str) -> int:
    encoding = _encoding(name)
    return sum(len(encoding.encode_ordinary(text[first : first + _BLOCK])) for first in range(0, len(text), _BLOCK))


@functools.cache
def _encoding(name: str) -> "bpe_openai.Encoding":
    import bpe_openai  # slow to import: most that load this module count nothing

    return bpe_openai.get_encoding(name)
