"""From passages that were found to the sources that an answer is made from: a few, each under its label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.prompts import source_block
from resources.database.repositories.answers import Source
from resources.database.repositories.retrieval import FoundPassage
from resources.database.repositories.statements import StoredCitation
from resources.models.providers.choose import parse_spec
from resources.search.budget import DEFAULT_QUOTAS, Quotas
from resources.search.context import shape
from resources.search.shaping import Section
from resources.search.tokenizers import Tokenizer, tokenizer_for

MOST_TOKENS = 6_000
"""Of evidence, however large the window is: what is further down answers rarely, is paid for, and distracts."""
SMALL_TOKENS = 2_000
"""For a model that runs in this process: two processors read about 30 tokens a second of 1.5 billion parameters."""
LEAST_TOKENS = 500
_LOCAL_WINDOW = 12_288  # as resources/models/providers/gguf_models.py opens it
_WINDOW = 16_384  # the least of what hosted models have


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source with its words: `text` is `document[source.start:source.end]`. `language` is the document's."""

    source: Source
    document_name: str
    text: str
    language: str | None
    questions: tuple[int, ...] = ()  # for which it was found, from 0

    @property
    def shown(self) -> Shown:
        """As the check of statements takes it."""
        one = self.source
        return Shown(one.label, one.document_id, one.start, self.text, self.language)

    @property
    def block(self) -> str:
        """As a model is shown it."""
        return source_block(self.source.label, self.document_name, self.text)


def runs_here(spec: str) -> bool:
    """Whether a model ('provider:model') is a language model in this process."""
    return parse_spec(spec)[0] == "gguf"


def window_of(specs: Sequence[str]) -> tuple[int, Tokenizer]:
    """Tokens that the narrowest of these models reads, and what counts them. `specs` are 'provider:model'."""
    windows = [(_LOCAL_WINDOW if runs_here(spec) else _WINDOW, spec) for spec in specs]
    tokenizers = [tokenizer_for(":".join(parse_spec(spec))) for spec in specs]
    # of several models the one that is not known counts, because it counts too much on purpose
    return min(windows)[0], min(tokenizers, key=lambda one: (one.exact, one.name))


def choose_sources(
    found: Mapping[str, Sequence[FoundPassage]],
    languages: Mapping[UUID, str | None],
    available: int,
    tokenizer: Tokenizer,
    quotas: Quotas = DEFAULT_QUOTAS,
) -> tuple[SourceText, ...]:
    """The sources for questions, the best first, labelled from 1, as many as `available` tokens hold.

    Variants of one text, and what contradicts itself, are chosen together. Raises `OverBudgetError` when not even
    one source for each question fits.
    """
    names = {passage.document_id: passage.document_name for passages in found.values() for passage in passages}
    places = {question: place for place, question in enumerate(found)}

    def render(section: Section[FoundPassage]) -> str:
        return source_block(99, names[section.document_id], section.text)

    if not any(found.values()):
        return ()
    shaped = shape(found, available, tokenizer, quotas=quotas, render=render)
    return tuple(
        SourceText(
            Source(
                label,
                section.document_id,
                section.start,
                section.end,
                section.score,
                section.lexical_rank,
                section.dense_rank,
            ),
            names[section.document_id],
            section.text,
            languages.get(section.document_id),
            tuple(sorted(places[question] for question in section.questions)),
        )
        for label, section in enumerate(shaped.evidence.sections, 1)
    )


def of_citations(
    cited: Sequence[tuple[StoredCitation, str]],
    languages: Mapping[UUID, str | None],
    available: int,
    tokenizer: Tokenizer,
) -> tuple[SourceText, ...]:
    """Sources from what a summary cites, with its words, in its order, as many as `available` tokens hold."""
    made: list[SourceText] = []
    left = available
    for stored, text in cited:
        one = stored.citation
        left -= tokenizer.count(source_block(99, stored.document_name, text))
        if left < 0:
            break
        source = Source(len(made) + 1, one.document_id, one.start, one.end, 0.0, None, None)
        made.append(SourceText(source, stored.document_name, text, languages.get(one.document_id)))
    return tuple(made)


def after(sources: Sequence[SourceText], more: Sequence[SourceText]) -> tuple[SourceText, ...]:
    """Sources, and behind them those of `more` that are not within them, labelled on."""
    found = list(sources)
    for one in more:
        spans = [s.source for s in sources if s.source.document_id == one.source.document_id]
        if not any(s.start <= one.source.start and one.source.end <= s.end for s in spans):
            found.append(replace(one, source=replace(one.source, label=len(found) + 1)))
    return tuple(found)


def fewer(sources: Sequence[SourceText]) -> tuple[SourceText, ...]:
    """The better half of the sources, under the labels that they have: the model reads less than it was thought to.

    Where one is left, the first half of its words; () when that would be less than a sentence.
    """
    if len(sources) > 1:
        return tuple(sources[: (len(sources) + 1) // 2])
    (one,) = sources
    half = len(one.text) // 2
    if half < 200:
        return ()
    return (replace(one, text=one.text[:half]),)
