"""From what retrieval found to what a model is shown, in one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from resources.search.budget import DEFAULT_QUOTAS, Evidence, Quotas, choose, most_section_tokens
from resources.search.candidates import P, gather
from resources.search.differences import Difference
from resources.search.duplicates import without_duplicates
from resources.search.shaping import Section, merge_adjacent
from resources.search.tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Context(Generic[P]):
    """The evidence, and for each group of variants in it what its members differ in."""

    evidence: Evidence[P]
    groups: dict[int, frozenset[Difference]]


def shape(
    found: Mapping[str, Sequence[P]],
    available: int,
    tokenizer: Tokenizer,
    *,
    sources: int = 3,
    quotas: Quotas = DEFAULT_QUOTAS,
    score: Callable[[P], float] | None = None,
    render: Callable[[Section[P]], str] = lambda section: section.text,
) -> Context[P]:
    """The best of the passages found for each question, within `available` tokens (see `room_for_evidence`).

    Duplicates are shown once, variants together, neighbours as one section. Raises `OverBudgetError` when not even
    one section for each question fits.
    """
    distinct = without_duplicates(gather(found, score))
    sections = merge_adjacent(distinct.passages, tokenizer.count, most_section_tokens(available, quotas))
    evidence = choose(
        sections, available, tokenizer, questions=tuple(found), sources=sources, quotas=quotas, render=render
    )
    return Context(evidence, distinct.groups)
