"""What a project may set about its pipeline. Every setting here takes effect; none is only stored."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import ConfigDict

from resources.models.errors import ModelMissingError
from resources.models.providers.choose import parse_spec
from resources.reranking.specs import RERANKER, RERANKER_FORMS
from resources.search.budget import DEFAULT_QUOTAS, Quotas
from resources.vocabulary import CallMode, Verification

Problem = tuple[str, str]  # the setting, and what is wrong with it

FEWEST_CHUNK_TOKENS, MOST_CHUNK_TOKENS = 200, 12_000
MOST_WHOLE_WORDS = 10_000  # some 14,000 tokens: what stays one chunk has at most 15,000
MOST_CHUNKS_FIRST = 50
MOST_PER_CALL = 500
MOST_ANSWERS = 9
FEWEST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS = 100, 32_000
WARMEST = 1.0  # what every provider takes
MOST_MODELS = 10
MOST_SECTIONS = 100  # of one document or part, in one answer
LEAST_SHARE = 0.05  # of the room for evidence


class LongDocuments(StrEnum):
    """How a document longer than the model's budget is asked."""

    MAP = "map"  # every chunk is asked, the answers are merged
    RETRIEVE = "retrieve"  # the chunks that search puts first are asked, the others only where that is not enough


class AnswerCheck(StrEnum):
    """What decides whether the sentences of answers are borne by what they cite."""

    WORDS = "words"  # the words alone; what they cannot decide stays unchecked
    MODEL = "model"  # and a model, of what they cannot decide


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project may set about its chunks and its extraction."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    variables_per_call: int = 1
    long_documents: LongDocuments = LongDocuments.MAP
    retrieve_chunks: int = 3  # how many `retrieve` asks first; about 8,000 tokens
    reranker: str | None = None  # 'none', 'maxsim' or 'endpoint:<model>'; None: that of the installation
    document_sections: int = DEFAULT_QUOTAS.document_sections  # of one document, among what an answer is made from
    document_share: float = DEFAULT_QUOTAS.document_share  # of the tokens, that one document may take
    segment_sections: int = DEFAULT_QUOTAS.segment_sections  # of one chunk
    answer_check: AnswerCheck | None = None  # None: a model, unless it runs in this process (gguf)
    calls: CallMode = CallMode.LIVE
    models: tuple[str, ...] = ()  # 'provider:model' in fallback order; empty: those of the installation
    routes: dict[str, float] = field(default_factory=dict)  # model → weight; documents are shared out between them
    temperature: float | None = None  # of every question; None: by the type of the variable
    max_output_tokens: int | None = None  # for each variable; None: by its type
    verification: Verification = Verification.NONE
    verification_model: str | None = None  # the project's own model when not given
    self_agreement: int = 1  # how often each question is asked; more than once tells how far the answers agree
    budget_usd: float | None = None  # for all calls of the project together
    chunk_tokens_min: int = 2_000
    chunk_tokens_max: int = 3_000
    overlap_tokens_min: int = 200  # repeated of the chunk before
    overlap_tokens_max: int = 300
    whole_below_words: int = 5_000  # a document of up to so many words is one chunk

    def quotas(self) -> Quotas:
        """How much of what an answer is made from may come of one source."""
        return Quotas(self.document_sections, self.document_share, self.segment_sections)


def settings_problems(settings: ProjectSettings) -> list[Problem]:
    """Everything that is wrong with the settings beyond their types, with what to mend."""
    return [*_ranges(settings), *_choices(settings), *_chunks(settings)]


def _ranges(settings: ProjectSettings) -> Iterator[Problem]:
    if settings.variables_per_call < 1:
        yield "variables_per_call", "at least 1."
    elif settings.variables_per_call > MOST_PER_CALL:
        yield "variables_per_call", f"at most {MOST_PER_CALL}."
    if not 1 <= settings.self_agreement <= MOST_ANSWERS:
        yield "self_agreement", f"from 1 (off) to {MOST_ANSWERS} answers to each question."
    if not 1 <= settings.retrieve_chunks <= MOST_CHUNKS_FIRST:
        yield "retrieve_chunks", f"from 1 to {MOST_CHUNKS_FIRST} chunks."
    for name in ("document_sections", "segment_sections"):
        if not 1 <= getattr(settings, name) <= MOST_SECTIONS:
            yield name, f"from 1 to {MOST_SECTIONS} sections."
    if not LEAST_SHARE <= settings.document_share <= 1:
        yield "document_share", f"from {LEAST_SHARE:g} to 1 (all) of the tokens."
    if settings.temperature is not None and not 0 <= settings.temperature <= WARMEST:
        yield "temperature", f"from 0 to {WARMEST:g}; leave it out for what suits each type."
    most = settings.max_output_tokens
    if most is not None and not FEWEST_OUTPUT_TOKENS <= most <= MOST_OUTPUT_TOKENS:
        yield "max_output_tokens", f"from {FEWEST_OUTPUT_TOKENS} to {MOST_OUTPUT_TOKENS:,} tokens for each variable."
    if settings.budget_usd is not None and not 0 < settings.budget_usd < math.inf:
        yield "budget_usd", "more than 0."


def _choices(settings: ProjectSettings) -> Iterator[Problem]:
    weights = list(settings.routes.values())
    if weights and not (all(0 <= weight < math.inf for weight in weights) and max(weights) > 0):
        yield "routes", "weights of at least 0, one of them more."
    if settings.reranker is not None and not RERANKER.fullmatch(settings.reranker):
        yield "reranker", f"{RERANKER_FORMS}; leave it out for that of the installation."
    if settings.verification_model is not None and settings.verification is Verification.NONE:
        yield "verification_model", "is given, but settings.verification is none."
    if len(settings.models) > MOST_MODELS or len(settings.routes) > MOST_MODELS:
        yield "models" if len(settings.models) > MOST_MODELS else "routes", f"at most {MOST_MODELS} models."
    if len(set(settings.models)) < len(settings.models):
        yield "models", "name each model once."
    second = (settings.verification_model,) if settings.verification_model is not None else ()
    named: dict[str, Sequence[str]] = {
        "models": settings.models, "routes": tuple(settings.routes), "verification_model": second,
    }  # fmt: skip
    for key, specs in named.items():
        for spec in specs:
            try:
                parse_spec(spec)
            except ModelMissingError as error:
                yield key, str(error)


def _chunks(settings: ProjectSettings) -> Iterator[Problem]:
    least, most = settings.chunk_tokens_min, settings.chunk_tokens_max
    if not FEWEST_CHUNK_TOKENS <= least <= MOST_CHUNK_TOKENS:
        yield "chunk_tokens_min", f"from {FEWEST_CHUNK_TOKENS} to {MOST_CHUNK_TOKENS:,} tokens."
    if not FEWEST_CHUNK_TOKENS <= most <= MOST_CHUNK_TOKENS:
        yield "chunk_tokens_max", f"from {FEWEST_CHUNK_TOKENS} to {MOST_CHUNK_TOKENS:,} tokens."
    elif least > most:
        yield "chunk_tokens_max", "at least chunk_tokens_min."
    if not 0 <= settings.overlap_tokens_min <= settings.overlap_tokens_max:
        yield "overlap_tokens_min", "at least 0 and at most overlap_tokens_max."
    if settings.overlap_tokens_max > least // 2:
        yield "overlap_tokens_max", "at most half of chunk_tokens_min."
    if not 0 <= settings.whole_below_words <= MOST_WHOLE_WORDS:
        yield "whole_below_words", f"from 0 (every document is cut) to {MOST_WHOLE_WORDS:,} words."
