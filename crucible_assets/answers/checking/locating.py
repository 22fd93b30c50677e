"""Which words of a cited source bear a statement: one sentence, or two neighbouring ones."""

from dataclasses import dataclass
from functools import lru_cache

from crucible_assets.answers.text.spans import spans_of
from crucible_assets.answers.text.tokens import Kind, tokens_of
from resources.models.reader.words import STOP_WORDS
from resources.models.reader.words import fold as bare
from resources.search.analysis import terms

_FACT = 2.0  # what a number, date or identifier weighs, where a word weighs 1
_STANDS_OUT = 0.3  # least share of a statement's weight that words must bear to be those that are cited
_SECOND = 1.15  # how much more two sentences must bear than the better of them


@dataclass(frozen=True, slots=True)
class Located:
    """Where a statement is borne best: a stretch of the source, and the share of its words and facts there, 0 to 1.

    `whole` is the share in all of the source.
    """

    start: int
    end: int
    share: float
    whole: float


def locate(statement: str, source: str, language: str | None) -> Located:
    """The one or two neighbouring sentences of a source that bear most of a statement; else all of it.

    Words are compared by the stems of `language`, the source's.
    """
    wanted = _features(statement, language)
    total = sum(wanted.values())
    spans = spans_of(source)
    if not total or not spans:
        return Located(0, len(source), 0.0, 0.0)
    found = [_features(span.of(source), language).keys() & wanted.keys() for span in spans]
    whole = sum(wanted[one] for one in set().union(*found)) / total

    def weight(first: int, last: int) -> float:
        return sum(wanted[one] for one in set().union(*found[first : last + 1])) / total

    singles = [(weight(at, at), -at) for at in range(len(spans))]
    share, place = max(singles)
    best = (-place, -place)
    pairs = [(weight(at, at + 1), -at) for at in range(len(spans) - 1)]
    if pairs:
        both, place = max(pairs)
        if both > _SECOND * share:
            share, best = both, (-place, -place + 1)
    if share < _STANDS_OUT:
        return Located(0, len(source), whole, whole)
    return Located(spans[best[0]].start, spans[best[1]].end, share, whole)


@lru_cache(maxsize=4096)
def _features(text: str, language: str | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for token in tokens_of(text, language):
        match token.kind:
            case Kind.WORD if bare(token.key) not in STOP_WORDS:
                found |= dict.fromkeys(terms(token.key, language), 1.0)
            case Kind.NUMBER:
                found[f"# {token.values[0].normalize()}"] = _FACT
            case Kind.DAY:
                found |= dict.fromkeys((f"@ {day}" for day in token.days), _FACT)
            case Kind.CODE:
                found[f"§ {token.key}"] = _FACT
            case _:
                pass
    return found
