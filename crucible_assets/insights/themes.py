"""Themes of a project: clusters of its passages with words, sentences and a label."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.insights import clusters, labels
from crucible_assets.insights.clusters import Clusters
from crucible_assets.insights.labels import Words
from resources.database.repositories.insight_rows import Corpus, NewTheme, PassageText
from resources.statements import Statement

VERSION = f"themes 1, {clusters.VERSION}"
"""Raise it when the same passages would give other themes."""

_COUNTED = 200  # passages of a theme, the nearest to its centre, whose words are counted
_TYPICAL = 12  # of these, passages in which sentences are looked for

Read = Callable[[Sequence[tuple[UUID, int]]], list[PassageText]]
"""Gives the texts of passages (document, index), in their order; what is gone is left out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A theme without its label. `shown` are the documents whose words its keywords and excerpts may be."""

    keywords: tuple[str, ...]
    said: tuple[Statement, ...]
    typical: tuple[PassageText, ...]
    shown: tuple[UUID, ...]
    rows: tuple[int, ...]  # of the corpus, the nearest first


def fingerprint(corpus: Corpus, vector_model: str, number: int | None, specs: Sequence[str]) -> str:
    """SHA-256 of all that themes are made from and with."""
    digest = hashlib.sha256()
    digest.update(f"{VERSION}\n{labels.PROMPT_VERSION}\n{vector_model}\n{number}\n{' '.join(specs)}\n".encode())
    for id_, index, content in zip(corpus.documents, corpus.indexes, corpus.hashes, strict=True):
        digest.update(f"{id_} {index} {content}\n".encode())
    return digest.hexdigest()


def draft(corpus: Corpus, found: Clusters, read: Read) -> list[Draft]:
    """The themes of clusters, the largest first."""
    rows = [tuple(int(row) for row in found.members(one)) for one in range(found.number)]
    texts = [read([_place(corpus, row) for row in mine[:_COUNTED]]) for mine in rows]
    words = [labels.words_of(some) for some in texts]
    weighed = labels.keywords(words)
    return [
        _draft(one, counted, weights, mine)
        for one, counted, weights, mine in zip(texts, words, weighed, rows, strict=True)
    ]


def _draft(
    texts: list[PassageText], words: Words, weights: Sequence[tuple[str, float]], rows: tuple[int, ...]
) -> Draft:
    typical = tuple(texts[:_TYPICAL])
    return Draft(
        tuple(words.written[stem] for stem, _ in weights),
        labels.sentences_of(typical, dict(weights)),
        typical,
        tuple(sorted({one.document_id for one in texts})),
        rows,
    )


def named(draft_: Draft, corpus: Corpus, found: Clusters, label: str | None, model: str | None) -> NewTheme:
    """A theme as it is stored: with the label that a model gave, else with one of its keywords."""
    members = tuple((*_place(corpus, row), corpus.hashes[row], float(found.distances[row])) for row in draft_.rows)
    if label is None:
        return NewTheme(labels.label_of_keywords(draft_.keywords), draft_.keywords, None, draft_.said, members)
    return NewTheme(label, draft_.keywords, model, draft_.said, members)


def _place(corpus: Corpus, row: int) -> tuple[UUID, int]:
    return corpus.documents[row], int(corpus.indexes[row])
