"""Documents into chunks: 2,000-3,000 tokens, 200-300 of them repeated, cut where the document itself is divided."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from crucible_assets.chunks.boundaries import Boundaries
from crucible_assets.chunks.divide import Limits, Piece, divide
from crucible_assets.chunks.headings import Headings
from crucible_assets.chunks.tokens import (
    TOKENIZER,
    TokenCounter,
    content_hash,
    count_tokens,
    settings_hash,
)
from resources.project_settings import ProjectSettings
from resources.vocabulary import Segment

SPLITTER_VERSION = "splitter 1"  # raise it when the same text and settings give other chunks

_WORD = re.compile(r"\S+")


class SplitSettingsError(ValueError):
    """The sizes contradict each other."""


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """Sizes in tokens, but for `whole_below_words`.

    A document of up to `whole_below_words` words (white space between them) stays one chunk, unless it has more than
    `whole_max_tokens` tokens: scripts without spaces, tables of numbers and encoded data have long "words".
    """

    min_tokens: int = 2000
    max_tokens: int = 3000
    overlap_min: int = 200
    overlap_max: int = 300
    whole_below_words: int = 5000
    whole_max_tokens: int = 15_000

    def __post_init__(self) -> None:
        """Raises `SplitSettingsError`."""
        if not 0 < self.min_tokens <= self.max_tokens:
            raise SplitSettingsError(f"min_tokens must be 1 to max_tokens: {self}")
        if not 0 <= self.overlap_min <= self.overlap_max <= self.min_tokens // 2:
            raise SplitSettingsError(f"the overlap must be 0 to half of min_tokens, smaller limit first: {self}")
        if self.whole_below_words < 0 or self.whole_max_tokens < 0:
            raise SplitSettingsError(f"sizes cannot be negative: {self}")

    @property
    def hash(self) -> str:
        """Changes whenever other chunks would come out; store it beside the chunks."""
        return settings_hash(SPLITTER_VERSION, TOKENIZER, settings=self)


def split_settings(settings: ProjectSettings) -> SplitSettings:
    """The sizes of a project's chunks; `hash` is the version that its documents' chunks should have."""
    return SplitSettings(
        min_tokens=settings.chunk_tokens_min,
        max_tokens=settings.chunk_tokens_max,
        overlap_min=settings.overlap_tokens_min,
        overlap_max=settings.overlap_tokens_max,
        whole_below_words=settings.whole_below_words,
    )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a document for extraction: `text` is `document[start:end]`.

    `own_start` is where the part begins that the chunk before does not have. `heading_path` are the headings in force
    at `start`, outermost first.
    """

    index: int
    start: int
    end: int
    own_start: int
    text: str
    tokens: int
    heading_path: tuple[str, ...]
    content_hash: str


def split(
    text: str,
    segments: Sequence[Segment] = (),
    settings: SplitSettings = SplitSettings(),
    count: TokenCounter = count_tokens,
) -> tuple[Chunk, ...]:
    """The chunks of a document in order; together they hold every character of it. None for an empty text.

    Sizes are exact in the tokens of `count`. No chunk has more than `max_tokens` (but for a document that stays
    whole); fewer than `min_tokens` only where arithmetic leaves nothing else. Time is linear in the text.
    """
    if not text:
        return ()
    pieces = _whole(text, settings, count)
    if pieces is None:
        limits = Limits(settings.min_tokens, settings.max_tokens, settings.overlap_min, settings.overlap_max)
        pieces = divide(text, 0, len(text), limits, count, Boundaries(text, segments))
    headings = Headings(text, segments)
    chunks: list[Chunk] = []
    for index, piece in enumerate(pieces):
        words = text[piece.start : piece.end]
        own_start = chunks[-1].end if chunks else 0
        path = headings.path_at(piece.start)
        chunks.append(Chunk(index, piece.start, piece.end, own_start, words, piece.tokens, path, content_hash(words)))
    return tuple(chunks)


def _whole(text: str, settings: SplitSettings, count: TokenCounter) -> list[Piece] | None:
    """The text as one piece if it is short enough."""
    limit = settings.whole_below_words
    if sum(1 for _ in islice(_WORD.finditer(text), limit + 1)) > limit:
        return None
    tokens = count(text)
    return [Piece(0, len(text), tokens)] if tokens <= settings.whole_max_tokens else None
