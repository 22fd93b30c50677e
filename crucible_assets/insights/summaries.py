"""Summaries by a language model: facts of documents, and of the facts of many documents one summary of a project.

What the model says is checked sentence by sentence against the stretches that it names. A sentence that they do not
bear is left out and counted. Nothing is cut: what does not fit into one request is put into several, and their facts
are put together.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count as numbers
from uuid import UUID

from crucible_assets.answers.checking.check import check_words, claims
from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.text.sentences import Said, read_sentences
from crucible_assets.extractions.asking import all_of
from crucible_assets.insights import extractive_summary, summary_prompts
from crucible_assets.insights.extractive_summary import flaw, most_central
from crucible_assets.insights.stretches import Stretch, stretches
from crucible_assets.insights.summary_prompts import (
    CHOICE_TOKENS,
    DOCUMENT_TOKENS,
    MOST_FACTS,
    MOST_LABELS,
    MOST_SENTENCES,
    PROJECT_TOKENS,
)
from resources.models.errors import ContextOverflowError
from resources.models.providers.choose import parse_spec
from resources.models.request import ModelRequest
from resources.search.analysis import terms
from resources.search.tokenizers import Tokenizer, tokenizer_for
from resources.statements import Citation, Statement, Support
from resources.vocabulary import Segment

VERSION = f"summaries 1, {summary_prompts.VERSION}, {extractive_summary.VERSION}"
"""Changes when the same words would give another summary."""

MOST_COPIED = 8
"""Facts of a project's summary that is made without a model."""

_WINDOWS = {"gguf": 12_288}
_WINDOW = 16_384  # tokens that every hosted model has at least
_RULES = 900  # tokens of the rules and the question, and some room

Ask = Callable[[ModelRequest, Sequence[UUID]], Awaitable[str]]
"""Puts a request that shows words of these documents, and gives the answer's text."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document with its words."""

    id: UUID
    name: str
    text: str
    segments: Sequence[Segment]
    language: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What was made. `dropped` sentences were said by a model and are not borne by what they cite."""

    said: tuple[Statement, ...]
    dropped: int = 0
    copied: bool = False  # no model was asked, or none of its sentences could be used


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement with the words of its citations, in their order, and the name of the document of the first."""

    statement: Statement
    words: tuple[str, ...]
    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens of documents fit into one request, as the model counts them."""

    tokens: int
    tokenizer: Tokenizer

    @classmethod
    def of(cls, specs: Sequence[str], output: int) -> "Room":
        """The least of some models: each of them may have to answer."""
        window = min(_WINDOWS.get(parse_spec(spec)[0], _WINDOW) for spec in specs)
        tokenizers = [tokenizer_for(spec) for spec in specs]
        return cls(window - output - _RULES, min(tokenizers, key=lambda one: one.exact))

    def groups(self, lines: Sequence[str]) -> list[list[int]]:
        """The places of lines, in their order, as groups that fit; a line that fits by itself nowhere is alone."""
        found: list[list[int]] = []
        used = 0
        for place, line in enumerate(lines):
            tokens = self.tokenizer.count(line) + 2
            if not found or used + tokens > self.tokens or len(found[-1]) == MOST_LABELS:
                found.append([])
                used = 0
            found[-1].append(place)
            used += tokens
        return found


def fingerprint(text_hash: str, specs: Sequence[str], language: str | None) -> str:
    """SHA-256 of what the summary of a document is made from and with."""
    parts = f"{VERSION}\n{text_hash}\n{' '.join(specs)}\n{language}"
    return hashlib.sha256(parts.encode()).hexdigest()


def project_fingerprint(facts: Sequence[Fact], specs: Sequence[str], language: str | None) -> str:
    """SHA-256 of what the summary of a project is made from and with."""
    digest = hashlib.sha256(f"{VERSION}\n{' '.join(specs)}\n{language}\n".encode())
    for fact in facts:
        cited = [f"{c.document_id} {c.start} {c.end}" for c in fact.statement.citations]
        digest.update("\n".join([fact.name, fact.statement.text, *cited, *fact.words, ""]).encode())
    return digest.hexdigest()


async def document_summary(source: Source, specs: Sequence[str], ask: Ask) -> Summary:
    """At most seven facts of a document, in its order. Raises what `ask` raises."""
    pieces = stretches(source.text, source.segments)
    if not pieces:
        return Summary(())
    room = Room.of(specs, DOCUMENT_TOKENS)
    lines = [summary_prompts.stretch_line(n, _words(source, piece)) for n, piece in enumerate(pieces, 1)]
    facts: list[Statement] = []
    dropped = 0
    groups = room.groups(lines)
    for part, group in enumerate(groups, 1):
        made = await _facts_of([pieces[place] for place in group], source, part, len(groups), ask)
        facts += made.said
        dropped += made.dropped
    facts = _distinct(facts)
    if not facts:
        said = extractive_summary.summary_by_copy(source.id, source.text, source.segments, source.language)
        return Summary(said, dropped, copied=True)
    chosen = await _chosen(facts, source, specs, ask)
    return Summary(tuple(sorted(chosen, key=lambda one: one.citations[0].start)), dropped)


async def _facts_of(pieces: Sequence[Stretch], source: Source, part: int, parts: int, ask: Ask) -> Summary:
    """The facts of some stretches; of each half where they turn out to be too long for the model."""
    lines = [summary_prompts.stretch_line(n, _words(source, piece)) for n, piece in enumerate(pieces, 1)]
    try:
        reply = await ask(summary_prompts.document_request(source.name, lines, part, parts), [source.id])
    except ContextOverflowError:
        if len(pieces) == 1:
            raise
        middle = len(pieces) // 2
        halves = [await _facts_of(half, source, part, parts, ask) for half in (pieces[:middle], pieces[middle:])]
        return Summary(halves[0].said + halves[1].said, halves[0].dropped + halves[1].dropped)
    shown = {
        number: Shown(number, source.id, piece.start, _words(source, piece), source.language)
        for number, piece in enumerate(pieces, 1)
    }
    return _checked(read_sentences(reply), shown, len(pieces) + MOST_FACTS)


async def _chosen(facts: list[Statement], source: Source, specs: Sequence[str], ask: Ask) -> list[Statement]:
    """The most important of a document's facts: by the model's choice, else the most central ones."""
    room = Room.of(specs, CHOICE_TOKENS)
    while len(facts) > MOST_FACTS:
        lines = [summary_prompts.fact_line(number, fact.text) for number, fact in enumerate(facts, 1)]
        kept: list[Statement] = []
        for group in room.groups(lines):
            some = [facts[place] for place in group]
            if len(some) <= MOST_FACTS:
                kept += some
                continue
            again = [summary_prompts.fact_line(number, fact.text) for number, fact in enumerate(some, 1)]
            reply = await ask(summary_prompts.choice_request(again, MOST_FACTS), [source.id])
            places = summary_prompts.read_choice(reply, len(some), MOST_FACTS)
            if places is None:
                places = most_central([terms(fact.text, source.language) for fact in some], MOST_FACTS)
            kept += [some[place] for place in places]
        facts = kept if len(kept) < len(facts) else kept[:MOST_FACTS]
    return facts


async def project_summary(facts: Sequence[Fact], specs: Sequence[str], language: str | None, ask: Ask) -> Summary:
    """At most twelve sentences on what documents say together; by groups, and groups of groups, where they are many.

    Raises what `ask` raises.
    """
    room = Room.of(specs, PROJECT_TOKENS)
    level = list(facts)
    dropped = 0
    while True:
        groups = room.groups(
            [summary_prompts.fact_line(MOST_LABELS, fact.statement.text, fact.name) for fact in level]
        )
        made: list[Fact] = []
        asked = [_condensed([level[place] for place in group], language, ask) for group in groups]
        for condensed, lost in await all_of(asked):
            dropped += lost
            made += condensed
        if not made:
            return replace(copied_summary(facts), dropped=dropped)
        if len(groups) == 1:
            return Summary(tuple(fact.statement for fact in made), dropped)
        if len(made) >= len(level):  # nothing was condensed: a further round would not end either
            return replace(copied_summary(made, MOST_SENTENCES), dropped=dropped)
        level = made


async def _condensed(facts: Sequence[Fact], language: str | None, ask: Ask) -> tuple[list[Fact], int]:
    """What some facts come to, checked against the words that the facts cite; and how much was left out."""
    lines = [summary_prompts.fact_line(n, fact.statement.text, fact.name) for n, fact in enumerate(facts, 1)]
    sources = list(dict.fromkeys(c.document_id for fact in facts for c in fact.statement.citations))
    try:
        reply = await ask(summary_prompts.project_request(lines, language), sources)
    except ContextOverflowError:
        if len(facts) == 1:
            raise
        middle = len(facts) // 2
        halves = [await _condensed(half, language, ask) for half in (facts[:middle], facts[middle:])]
        return halves[0][0] + halves[1][0], halves[0][1] + halves[1][1]
    shown: dict[int, Shown] = {}
    of_fact: dict[int, list[int]] = {}
    label = numbers(1)
    for number, fact in enumerate(facts, 1):
        for citation, words in zip(fact.statement.citations, fact.words, strict=True):
            one = next(label)
            shown[one] = Shown(one, citation.document_id, citation.start, words, fact.language)
            of_fact.setdefault(number, []).append(one)
    unknown = len(shown) + 1  # a label that was never shown is one here too
    said = [
        replace(one, labels=tuple(own for n in one.labels for own in of_fact.get(n, [unknown])))
        for one in read_sentences(reply)
    ]
    checked = _checked(said, shown, MOST_SENTENCES)
    names = {citation.document_id: fact.name for fact in facts for citation in fact.statement.citations}
    made = [
        Fact(one, tuple(_cited(citation, shown) for citation in one.citations), _names(one, names), language)
        for one in checked.said
    ]
    return made, checked.dropped


def copied_summary(facts: Sequence[Fact], most: int = MOST_COPIED) -> Summary:
    """The most central facts, of different documents where it can be, as they stand."""
    said = [terms(fact.statement.text, fact.language) for fact in facts]
    groups = [fact.statement.citations[0].document_id for fact in facts]
    weights = [1 / (1 + flaw(fact.statement.text)) for fact in facts]  # rows of tables say little by themselves
    chosen = most_central(said, most, weights, groups)
    return Summary(tuple(facts[place].statement for place in sorted(chosen)), copied=True)


def _checked(said: Sequence[Said], shown: Mapping[int, Shown], most: int) -> Summary:
    """What is borne by what it cites, without labels, which nobody sees again; and how much is not."""
    kept: list[Statement] = []
    dropped = 0
    for one in said:
        if not claims(one):
            continue
        statement = check_words(one, shown)
        if statement.support is Support.UNSUPPORTED or not statement.citations or len(kept) == most:
            dropped += 1
        else:
            kept.append(replace(statement, citations=tuple(replace(c, label=None) for c in statement.citations)))
    return Summary(tuple(_distinct(kept)), dropped)


def _distinct(facts: Sequence[Statement]) -> list[Statement]:
    first: dict[str, Statement] = {}
    for fact in facts:
        first.setdefault(fact.text.casefold(), fact)
    return list(first.values())


def _cited(citation: Citation, shown: Mapping[int, Shown]) -> str:
    """The words of a citation, which lies within one of the stretches shown."""
    for one in shown.values():
        start, end = citation.start - one.start, citation.end - one.start
        if one.document_id == citation.document_id and start >= 0 and end <= len(one.text):
            return one.text[start:end]
    raise AssertionError("a citation lies within what was shown")


def _names(statement: Statement, names: Mapping[UUID, str]) -> str:
    own = list(dict.fromkeys(names[citation.document_id] for citation in statement.citations))
    return own[0] if len(own) == 1 else f"{own[0]} and {len(own) - 1} more"


def _words(source: Source, piece: Stretch) -> str:
    return source.text[piece.start : piece.end]
