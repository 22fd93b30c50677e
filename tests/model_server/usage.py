"""Token counts and prompt caches, counted the way the providers bill them.

OpenAI: automatic, the longest prefix seen before, at least 1,024 tokens, in steps of 128 (guide "Prompt caching").
Anthropic: explicit, up to a block marked with `cache_control`, at least 1,024 tokens, found again within 20 blocks
before the mark (guide "Prompt caching"); some models want more. At both, tools and the answer's schema stand before
the messages, so another schema is another prefix. An entry exists once the first response with it has begun: requests
sent at once all miss. A token is taken as four characters. Entries do not expire.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

TOKEN_CHARS = 4
MIN_CACHED_TOKENS = 1024
STEP_TOKENS = 128
LOOK_BACK_BLOCKS = 20
_LONGER_MINIMUM = (
    (re.compile(r"claude-(opus-4-[56]|haiku-4-5)(?!\d)"), 4096),
    (re.compile(r"claude-(opus-4-7(?!\d)|3(-5)?-haiku)"), 2048),
)
_GENERATION = 400_000  # remembered prefixes before the older half is forgotten


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call; `input` includes `cached` and `written`."""

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Prompted:
    """What a prompt costs, and the keys of the cache entries that exist once its answer has begun."""

    tokens: Tokens
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a prompt, and whether the client marked its end for caching."""

    text: str
    marked: bool = False


def count_tokens(text: str) -> int:
    """Tokens of a text: one for each four characters begun."""
    return (len(text) + TOKEN_CHARS - 1) // TOKEN_CHARS


@cache
def minimum_tokens(model: str) -> int:
    """The shortest prefix that Anthropic caches for a model."""
    return next((tokens for names, tokens in _LONGER_MINIMUM if names.match(model)), MIN_CACHED_TOKENS)


class PrefixCache:
    """Prefixes seen so far, by hash; the oldest are forgotten in halves so that memory stays bounded."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._older: set[int] = set()

    def clear(self) -> None:
        """Forget everything."""
        self._recent.clear()
        self._older.clear()

    def _knows(self, key: int) -> bool:
        return key in self._recent or key in self._older

    def remember(self, entries: Sequence[int]) -> None:
        """Make entries that the next requests find."""
        self._recent.update(entries)
        if len(self._recent) >= _GENERATION:
            self._older, self._recent = self._recent, set()

    def automatic(self, model: str, text: str) -> tuple[int, tuple[int, ...]]:
        """Cached tokens of a prompt in OpenAI's way, and the entries that it makes."""
        step = STEP_TOKENS * TOKEN_CHARS
        steps = len(text) // step
        if steps * STEP_TOKENS < MIN_CACHED_TOKENS:
            return 0, ()
        key = hash(model)
        known, searching = 0, True
        entries: list[int] = []
        for index in range(steps):
            key = hash((key, text[index * step : (index + 1) * step]))
            if searching and self._knows(key):
                known = index + 1
            else:
                searching = False
                entries.append(key)
        cached = known * STEP_TOKENS
        return (cached if cached >= MIN_CACHED_TOKENS else 0), tuple(entries)

    def explicit(self, model: str, blocks: Sequence[Block]) -> tuple[int, int, tuple[int, ...]]:
        """Cached and newly written tokens of a prompt in Anthropic's way, and the entries that it makes."""
        last = max((index for index, block in enumerate(blocks) if block.marked), default=-1)
        if last < 0:
            return 0, 0, ()
        keys: list[int] = []
        ends: list[int] = []
        key, length = hash((model, "explicit")), 0
        for block in blocks[: last + 1]:
            key = hash((key, block.text))
            length += len(block.text)
            keys.append(key)
            ends.append((length + TOKEN_CHARS - 1) // TOKEN_CHARS)
        marks = [index for index in range(last + 1) if blocks[index].marked]
        read = 0
        for mark in marks:
            for index in range(mark, max(-1, mark - LOOK_BACK_BLOCKS - 1), -1):
                if self._knows(keys[index]):
                    read = max(read, ends[index])
                    break
        entries = [mark for mark in marks if ends[mark] >= minimum_tokens(model)]
        written = max([read, *(ends[mark] for mark in entries)])
        return read, written - read, tuple(keys[mark] for mark in entries)
