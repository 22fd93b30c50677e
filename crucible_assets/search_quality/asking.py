"""Asks known questions by words, by vectors and by both, and compares figures with those of another day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crucible_assets.search_quality.questions import KnownQuestion, QuestionKind
from resources.search.measures import Comparison, compare, reciprocal_rank

LEGS = ("words", "vectors", "fused")
DEPTH = 10
"""Passages that are looked at; one that stands further down counts as not found."""
Ranked = Callable[[KnownQuestion], Mapping[str, Sequence[str]]]
"""A question → for each leg the `content_hash` of its passages, best first."""
Places = Mapping[str, Mapping[str, float]]
"""Question → leg → 1 / the place of its passage, 0 where it was not found."""


@dataclass(frozen=True, slots=True)
class Means:
    """Of some questions by one leg."""

    kind: QuestionKind
    leg: str
    questions: int
    recall: float  # the share whose passage is among the first `DEPTH`
    mrr: float  # the mean of 1 / its place


def ask(questions: Sequence[KnownQuestion], ranked: Ranked) -> Places:
    """The places of the passages that are to be found."""
    places: dict[str, dict[str, float]] = {}
    for question in questions:
        rankings = ranked(question)
        relevant = {question.passage: 1}
        places[question.id] = {
            leg: reciprocal_rank(list(dict.fromkeys(rankings[leg]))[:DEPTH], relevant) for leg in LEGS
        }
    return places


def means(questions: Sequence[KnownQuestion], places: Places) -> list[Means]:
    """By kind of question and leg; kinds without a question are left out."""
    found = []
    for kind in QuestionKind:
        mine = [places[question.id] for question in questions if question.kind is kind]
        for leg in LEGS if mine else ():
            values = np.asarray([one[leg] for one in mine])
            found.append(Means(kind, leg, len(mine), float((values > 0).mean()), float(values.mean())))
    return found


def compared(now: Places, before: Places, leg: str = "fused") -> Comparison | None:
    """The difference on the questions that were asked both times; None when there are none."""
    common = sorted(now.keys() & before.keys())
    if not common:
        return None
    return compare([now[id_][leg] for id_ in common], [before[id_][leg] for id_ in common])
