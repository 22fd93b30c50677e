"""Chunks into passages: small enough for the embedding model's window, so that nothing is cut off in silence."""

from collections.abc import Sequence
from dataclasses import dataclass

from crucible_assets.chunks.boundaries import Boundaries
from crucible_assets.chunks.divide import Limits, divide
from crucible_assets.chunks.headings import Headings
from crucible_assets.chunks.split import Chunk
from crucible_assets.chunks.tokens import TokenCounter, content_hash, settings_hash
from resources.vocabulary import Segment

PASSAGES_VERSION = "passages 1"  # raise it when the same chunks and settings give other passages


class PassageSettingsError(ValueError):
    """The sizes contradict each other or the model's window."""


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """Sizes in the embedding model's own tokens, its prefix and special tokens included."""

    min_tokens: int = 250
    max_tokens: int = 400

    def __post_init__(self) -> None:
        """Raises `PassageSettingsError`."""
        if not 0 < self.min_tokens <= self.max_tokens:
            raise PassageSettingsError(f"min_tokens must be 1 to max_tokens: {self}")

    def hash(self, fingerprint: str) -> str:
        """Changes whenever other passages or vectors would come out of an embedder with that `fingerprint`."""
        return settings_hash(PASSAGES_VERSION, fingerprint, settings=self)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one chunk for search: `text` is `document[start:end]`, `index` runs through the document.

    `heading_path` are the headings in force at `start`, outermost first.
    """

    index: int
    chunk_index: int
    start: int
    end: int
    text: str
    tokens: int
    heading_path: tuple[str, ...]
    content_hash: str


def cut_passages(
    text: str,
    segments: Sequence[Segment],
    chunks: Sequence[Chunk],
    count: TokenCounter,
    window: int,
    settings: PassageSettings = PassageSettings(),
) -> tuple[Passage, ...]:
    """The passages of a document's chunks in order; each visible character of the chunks is in exactly one.

    `count` and `window` are the embedder's `count_tokens` and `window`; every passage counts at most `window` and
    `settings.max_tokens`. What a chunk repeats of the one before is left to the one before. Stretches of white space
    only give no passage. Raises `PassageSettingsError` when the window leaves no room for text.
    """
    most = min(settings.max_tokens, window)
    room = most - count("")
    if room < 1:
        raise PassageSettingsError(
            f"{most} tokens leave no room for text beside the {most - room} that the model adds to every passage"
        )
    limits = Limits(min(settings.min_tokens, most), most)
    boundaries, headings = Boundaries(text, segments), Headings(text, segments)
    passages: list[Passage] = []
    for chunk in chunks:
        for piece in divide(text, chunk.own_start, chunk.end, limits, count, boundaries):
            words = text[piece.start : piece.end]
            if not words.strip():
                continue
            if piece.tokens > window:
                raise PassageSettingsError(
                    f"character {piece.start} alone takes {piece.tokens} tokens, the model's window is {window}"
                )
            path = headings.path_at(piece.start)
            passages.append(
                Passage(
                    len(passages),
                    chunk.index,
                    piece.start,
                    piece.end,
                    words,
                    piece.tokens,
                    path,
                    content_hash(words),
                )
            )
    return tuple(passages)
