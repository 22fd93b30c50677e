"""Which sections of text a model is shown: a hard limit of tokens, every question covered, no source alone.

Nothing is cut in silence: what is left out is listed with the reason, and what cannot fit at all is an error.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Generic

from resources.search.candidates import P
from resources.search.shaping import Section, section_order
from resources.search.tokenizers import Tokenizer

MOST_QUESTIONS = 8
HISTORY_SHARE = 0.25
"""Of the window, for what was said before; beyond it a conversation is to be summarised."""


class OverBudgetError(Exception):
    """What has to be shown does not fit: `needed` is more than `available`; `figures` are tokens by name."""

    def __init__(self, what: str, needed: int, available: int, figures: Mapping[str, int]) -> None:
        listed = ", ".join(f"{name} {tokens}" for name, tokens in figures.items())
        super().__init__(f"{what} needs {needed} tokens, {available} are available ({listed})")
        self.what = what
        self.needed = needed
        self.available = available
        self.figures = MappingProxyType(dict(figures))


class LeftOutReason(StrEnum):
    """Why a section is not shown."""

    DOCUMENT_SECTIONS = "document_sections"  # the document has as many sections as it may
    DOCUMENT_SHARE = "document_share"  # the document would take too large a share of the budget
    SEGMENT_SECTIONS = "segment_sections"  # a part of the document has as many sections as it may
    BUDGET = "budget"  # does not fit into what is left


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much one source may have.

    Where all sections are of one document, its own limits do not apply. A passage alone may be larger than its
    document's share when it is all that the document has.
    """

    document_sections: int = 3
    document_share: float = 0.4
    segment_sections: int = 2

    def __post_init__(self) -> None:
        """Raises `ValueError`."""
        if self.document_sections < 1 or self.segment_sections < 1 or not 0 < self.document_share <= 1:
            raise ValueError(f"quotas must leave room for a section: {self}")


DEFAULT_QUOTAS = Quotas()


@dataclass(frozen=True, slots=True)
class LeftOut(Generic[P]):
    """A section that is not shown, its tokens, and why. Its `section.groups` tell whether a variant is missing."""

    section: Section[P]
    tokens: int
    reason: LeftOutReason


@dataclass(frozen=True, slots=True)
class Evidence(Generic[P]):
    """What a model is shown, best first, and what not. `tokens` is the count of `text`, at most `available`.

    `exact` tells whether the tokens are the model's own or an estimate that is meant to be too high. For the
    `uncovered` questions nothing was found.
    """

    sections: tuple[Section[P], ...]
    text: str
    tokens: int
    available: int
    exact: bool
    uncovered: tuple[str, ...]
    left_out: tuple[LeftOut[P], ...]


def room_for_evidence(
    tokenizer: Tokenizer,
    window: int,
    output: int,
    fixed: Mapping[str, str],
    *,
    history: str = "",
    history_share: float = HISTORY_SHARE,
) -> int:
    """Tokens that are left of a model's `window` for evidence, after its answer, the `fixed` parts and the history.

    `fixed` are texts by name (system, question, …). Raises `OverBudgetError` when they leave nothing, or the history
    takes more than its share of the window.
    """
    figures = {name: tokenizer.count(text) for name, text in fixed.items()} | {"output": output, "window": window}
    if history:
        figures["history"] = tokenizer.count(history)
        if figures["history"] > window * history_share:
            raise OverBudgetError("The history", figures["history"], int(window * history_share), figures)
    needed = sum(tokens for name, tokens in figures.items() if name != "window")
    if needed >= window:
        raise OverBudgetError("What stands beside the evidence", needed, window, figures)
    return window - needed


def most_section_tokens(available: int, quotas: Quotas = DEFAULT_QUOTAS) -> int:
    """How long sections should be put together, so that two of them fit into their document's share."""
    return int(available * quotas.document_share / 2)


def choose(
    sections: Iterable[Section[P]],
    available: int,
    tokenizer: Tokenizer,
    *,
    questions: Sequence[str] = (),
    sources: int = 3,
    quotas: Quotas = DEFAULT_QUOTAS,
    render: Callable[[Section[P]], str] = lambda section: section.text,
    separator: str = "\n\n",
) -> Evidence[P]:
    """The sections that are shown within `available` tokens, as `render` writes them, `separator` between them.

    First one section for each of the `questions` for which something was found, before all quotas; then one of each
    of the best documents until there are `sources` of them; then the best ones, each followed by its best variant,
    as long as quotas and budget allow. Raises `OverBudgetError` when the questions cannot all be covered.
    """
    if len(questions) > MOST_QUESTIONS:
        raise ValueError(f"{len(questions)} questions at once, {MOST_QUESTIONS} are possible: ask in several turns")
    ordered = sorted(sections, key=section_order)
    chooser = _Chooser(ordered, [render(one) for one in ordered], available, tokenizer, quotas, separator)
    chooser.cover(questions)
    chooser.spread(sources)
    chooser.fill()
    return chooser.evidence(questions)


@dataclass(slots=True)
class _Chooser(Generic[P]):
    """Sections by their places, best first; every step takes what it may."""

    sections: list[Section[P]]
    rendered: list[str]
    available: int
    tokenizer: Tokenizer
    quotas: Quotas
    separator: str
    costs: list[int] = field(init=False)
    taken: list[int] = field(init=False, default_factory=list)
    floor: set[int] = field(init=False, default_factory=set)
    refused: dict[int, LeftOutReason] = field(init=False, default_factory=dict)
    single: bool = field(init=False)

    def __post_init__(self) -> None:
        self.costs = [self.tokenizer.count(text + self.separator) for text in self.rendered]
        self.single = len({section.document_id for section in self.sections}) < 2

    def left(self) -> int:
        return self.available - sum(self.costs[place] for place in self.taken)

    def cover(self, questions: Sequence[str]) -> None:
        """One section for each question that has any, the best ones with which the rest can still be covered."""
        asked = [one for one in questions if any(one in section.questions for section in self.sections)]
        masks = [sum(1 << bit for bit, one in enumerate(asked) if one in s.questions) for s in self.sections]
        cheapest = _cheapest_covers(masks, self.costs, len(asked))
        missing = (1 << len(asked)) - 1
        if cheapest[missing] > self.available:
            raise OverBudgetError(
                f"One section for each of {len(asked)} questions",
                int(cheapest[missing]),
                self.available,
                {"questions": len(asked), "smallest section": min(self.costs)},
            )
        for bit in range(len(asked)):
            if not missing >> bit & 1:
                continue
            fitting = [
                place
                for place, mask in enumerate(masks)
                if mask >> bit & 1 and self.costs[place] + cheapest[missing & ~mask] <= self.left()
            ]
            place = min(fitting, key=lambda one: (self.reason(one) is not None, one))
            self.taken.append(place)
            self.floor.add(place)
            missing &= ~masks[place]

    def spread(self, sources: int) -> None:
        """One section of each of the best documents that are not yet there, until there are so many."""
        for place, section in enumerate(self.sections):
            shown = {self.sections[one].document_id for one in self.taken}
            if len(shown) >= sources:
                return
            if section.document_id not in shown:
                self.take(place)

    def fill(self) -> None:
        """The best that still fit; after each the best of its variants."""
        for place in range(len(self.sections)):
            if self.take(place):
                self.pull_variants(place)

    def pull_variants(self, place: int) -> None:
        """One more member of each group of which this is the only one: contradictions are shown together."""
        for group in sorted(self.sections[place].groups):
            members = [one for one, section in enumerate(self.sections) if group in section.groups]
            if sum(one in self.taken for one in members) == 1:
                any(self.take(one) for one in members if one not in self.taken)

    def take(self, place: int) -> bool:
        """Whether the section is shown; if not, the reason is noted."""
        if place in self.taken:
            return True
        reason = self.reason(place)
        if reason is None and self.costs[place] > self.left():
            reason = LeftOutReason.BUDGET
        if reason is not None:
            self.refused[place] = reason
            return False
        self.taken.append(place)
        return True

    def reason(self, place: int) -> LeftOutReason | None:
        """The quota that the section would break."""
        section = self.sections[place]
        others = [self.sections[one] for one in self.taken]
        if any(
            sum(segment in other.segments for other in others) >= self.quotas.segment_sections
            for segment in section.segments
        ):
            return LeftOutReason.SEGMENT_SECTIONS
        if self.single:
            return None
        of_document = [one for one in self.taken if self.sections[one].document_id == section.document_id]
        if len(of_document) >= self.quotas.document_sections:
            return LeftOutReason.DOCUMENT_SECTIONS
        used = sum(self.costs[one] for one in of_document)
        share = self.available * self.quotas.document_share
        if used + self.costs[place] > share and (used or len(section.passages) > 1):
            return LeftOutReason.DOCUMENT_SHARE
        return None

    def evidence(self, questions: Sequence[str]) -> Evidence[P]:
        """What was chosen. Together it is counted once more: tokens of parts need not add up exactly."""
        self.taken.sort()
        text = self.text()
        while self.taken and (tokens := self.tokenizer.count(text)) > self.available:
            spare = [place for place in self.taken if place not in self.floor]
            if not spare:
                figures = {"sections": len(self.taken)}
                raise OverBudgetError("What covers the questions", tokens, self.available, figures)
            self.taken.remove(spare[-1])
            self.refused[spare[-1]] = LeftOutReason.BUDGET
            text = self.text()
        shown = set(self.taken)
        return Evidence(
            sections=tuple(self.sections[place] for place in self.taken),
            text=text,
            tokens=self.tokenizer.count(text),
            available=self.available,
            exact=self.tokenizer.exact,
            uncovered=tuple(one for one in questions if not any(one in s.questions for s in self.sections)),
            left_out=tuple(
                LeftOut(section, self.costs[place], self.refused[place])
                for place, section in enumerate(self.sections)
                if place not in shown
            ),
        )

    def text(self) -> str:
        return self.separator.join(self.rendered[place] for place in self.taken)


def _cheapest_covers(masks: Sequence[int], costs: Sequence[int], questions: int) -> list[float]:
    """For each set of questions (as bits) the least tokens with which sections answer all of it."""
    cheapest = [0.0] + [float("inf")] * ((1 << questions) - 1)
    for wanted in range(1, 1 << questions):
        cheapest[wanted] = min(
            (cost + cheapest[wanted & ~mask] for mask, cost in zip(masks, costs, strict=True) if mask & wanted),
            default=float("inf"),
        )
    return cheapest
