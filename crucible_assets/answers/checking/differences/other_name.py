"""Somebody else where the sentence names one."""

from collections.abc import Sequence

from crucible_assets.answers.checking.differences.alignment import Near, Word, written
from crucible_assets.answers.checking.differences.contrast_lists import SPACELESS
from crucible_assets.answers.checking.differences.turns import TITLES
from crucible_assets.answers.text.tokens import Kind

_NAME = 2  # words of a name that is compared
_CLOSE = 3  # words between two names of one


def other_name(near: Near) -> str | None:
    """Somebody else: a name of two words or more where the source has another, and nowhere calls the two one.

    German writes nouns like names, so names are not compared there.
    """
    if near.language in ("de", "lb", *SPACELESS):
        return None
    for one in near.differences:
        mine, its = _name(one.own), _name(one.theirs)
        others = bool(mine and its) and not {w.stem for w in mine} & {w.stem for w in its}
        if others and _stand(mine, near.sentences) and not _beside(mine, its, near.sentences):
            return f"says {written(mine)} where the source says {written(its)}"
    return None


def _name(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words, where all of them but titles are written as a name, and these are two at least."""
    kept = tuple(word for word in words if word.key not in TITLES)
    named = all(word.token.kind is Kind.WORD and word.token.written[:1].isupper() for word in kept)
    return kept if named and len(kept) >= _NAME and sum(w.token.named for w in kept) >= _NAME - 1 else ()


def _stand(name: Sequence[Word], sentences: Sequence[Sequence[Word]]) -> bool:
    """Whether the sources name it too: where they do not, it is no name perhaps, but a capital."""
    return {word.stem for word in name} <= {word.stem for sentence in sentences for word in sentence}


def _beside(one: Sequence[Word], other: Sequence[Word], sentences: Sequence[Sequence[Word]]) -> bool:
    """Whether two names stand so close somewhere that they may be two names of one."""
    first, second = {word.stem for word in one}, {word.stem for word in other}
    return any(
        sentence[i].stem in first
        and any(near.stem in second for near in sentence[max(0, i - _CLOSE) : i + _CLOSE + 1])
        for sentence in sentences
        for i in range(len(sentence))
    )
