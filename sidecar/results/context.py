"""The sentences round a piece of evidence, cut from the document's text. Pure."""

from crucible_assets.chunks.boundaries import Boundaries
from sidecar.results.schemas import ContextPiece, EvidencePiece, Highlight

_SLACK = 200  # characters by which a stretch may grow to begin and end with a sentence


def context_of(piece: EvidencePiece, text: str | None, around: int) -> ContextPiece:
    """The words of a piece with about `around` characters on both sides, from sentence to sentence.

    Without a text, or where the words were not found in it, the quote stands alone.
    """
    start, end = piece.start, piece.end
    bare = ContextPiece(
        quote=piece.quote,
        status=piece.status,
        text=None,
        start=None,
        end=None,
        highlight=None,
        places=piece.places,
    )
    if text is None or start is None or end is None or not 0 <= start <= end <= len(text):
        return bare
    first, last = _stretch(text, start, end, around)
    return bare.model_copy(
        update={
            "text": text[first:last],
            "start": first,
            "end": last,
            "highlight": Highlight(start=start - first, end=end - first),
        }
    )


def _stretch(text: str, start: int, end: int, around: int) -> tuple[int, int]:
    boundaries = Boundaries(text, ())
    wanted = start - around
    first = 0 if wanted <= 0 else boundaries.best(max(0, wanted - _SLACK), start, wanted)
    wanted = end + around
    last = len(text) if wanted >= len(text) else boundaries.best(end, min(len(text), wanted + _SLACK), wanted)
    return min(first, start), max(last, end)
