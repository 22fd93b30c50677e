"""Rule `near`: a statement that is a sentence of its source but for a few words, which change what is said.

The words of both are aligned in their order (longest common subsequence). What is left over on one side or on both is
a difference, and it refutes only where lists decide it (`contrast_lists.py`, `turns.py`). It refutes only when every
sentence that is as near says so, and nothing else that decides differs too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crucible_assets.answers.checking.compared import Compared, Finding
from crucible_assets.answers.checking.differences.alignment import (
    Difference,
    Near,
    Word,
    align,
    may_be_near,
    words_of,
)
from crucible_assets.answers.checking.differences.denials import decides, denial, even_if
from crucible_assets.answers.checking.differences.exchanged import exchanged, exchanges
from crucible_assets.answers.checking.differences.left_out import (
    added,
    bound,
    condition,
    doubt,
    nearly,
    said_by_somebody,
)
from crucible_assets.answers.checking.differences.other_name import other_name
from crucible_assets.answers.checking.differences.other_value import all_of_part, other_value
from crucible_assets.answers.text.spans import spans_of
from crucible_assets.answers.text.tokens import Token, asks, tokens_of

_LONGEST = 150  # words of a sentence that is aligned


@dataclass(frozen=True, slots=True)
class SentenceRule:
    """A rule for all that differs from a sentence; `look` gives what is told, "" where nothing can be decided."""

    name: str
    why: str
    look: Callable[[Near], str | None]


@dataclass(frozen=True, slots=True)
class DifferenceRule:
    """A rule for one difference; `look` gives what is told."""

    name: str
    why: str
    look: Callable[[Near, Difference], str | None]


FIRST = (
    SentenceRule("exchanged", "Two things changed places.", exchanges),
    SentenceRule("even if", "`even if` says that a condition is none.", even_if),
    SentenceRule("denial", "Only one of the two denies it.", denial),
)
"""Asked first, in this order; one that finds something decides alone."""

OF_DIFFERENCES = (
    DifferenceRule("all of a part", "A number of them is not all of them.", all_of_part),
    DifferenceRule("other value", "Another number, unit or date, or an opposite.", other_value),
    DifferenceRule("condition", "It holds only if something else does.", condition),
    DifferenceRule("said by somebody", "What somebody says need not be so.", said_by_somebody),
    DifferenceRule("bound", "`up to 20` is not 20.", bound),
    DifferenceRule("nearly", "`almost all` is not all.", nearly),
    DifferenceRule("doubt", "What is probable or planned has not happened.", doubt),
    DifferenceRule("added", "`only` and `always` say more than the source does.", added),
)
"""Asked of each difference, in this order; several that find something may make the same again, and then decide
nothing: `A is larger than B`, `B is smaller than A`."""

LAST = (SentenceRule("other name", "Somebody else is named.", other_name),)
"""Asked where nothing else was found."""


def near_sentences(compared: Compared) -> tuple[Finding, ...]:
    """What the sentences of all cited sources speak against in a statement.

    It is compared in each source's language: what is near to a sentence is in its language, whatever so few words
    were taken for.
    """
    for written in dict.fromkeys(source.language or compared.language for source in compared.sources):
        alike = [one.text for one in compared.sources if (one.language or compared.language) == written]
        sentences = [tokens_of(span.of(text), written) for text in alike for span in spans_of(text)]
        if (found := refuted_by(tokens_of(compared.text, written), sentences, written)) is not None:
            return (found,)
    return ()


def refuted_by(own: Sequence[Token], sentences: Sequence[Sequence[Token]], language: str | None) -> Finding | None:
    """What of a statement the sentences of its sources speak against; None where they do not decide it.

    All are in `language` (ISO 639-1). A question refutes nothing and is not refuted.
    """
    stated = words_of(own, language)
    if asks(own) or len(stated) > _LONGEST:
        return None
    every = tuple(words_of(sentence, language) for sentence in sentences)
    told = [theirs for sentence, theirs in zip(sentences, every, strict=True) if not asks(sentence)]
    found = [_finding(near) for theirs in told if (near := _near(stated, theirs, every, language)) is not None]
    return found[0] if all(found) and found else None


def _near(
    own: tuple[Word, ...], theirs: tuple[Word, ...], every: tuple[tuple[Word, ...], ...], language: str | None
) -> Near | None:
    """The statement beside a sentence; None where they are not near."""
    if len(theirs) > _LONGEST or not may_be_near(own, theirs, language):
        return None
    swapped = exchanged(own, theirs, language)
    differences, near = align(own, theirs, language)
    if not near and swapped is None:
        return None
    return Near(own, theirs, tuple(differences), swapped, every, language)


def _finding(near: Near) -> Finding | None:
    for rule in FIRST:
        told = rule.look(near)
        if told:
            return Finding(rule.name, told)
        if told is not None:
            return _last(near)
    found = [one for difference in near.differences if (one := _of(near, difference)) is not None]
    if len(found) == 1 or (found and not _may_cancel(near)):
        return found[0]
    return _last(near)


def _of(near: Near, one: Difference) -> Finding | None:
    looked = ((rule.name, rule.look(near, one)) for rule in OF_DIFFERENCES)
    return next((Finding(name, told) for name, told in looked if told is not None), None)


def _last(near: Near) -> Finding | None:
    return next((Finding(rule.name, told) for rule in LAST if (told := rule.look(near)) is not None), None)


def _may_cancel(near: Near) -> bool:
    """Whether several opposites may make the same again: `the cost is higher`, `the saving is lower`."""
    return sum(decides(one, near.language) for one in near.differences) > 1
