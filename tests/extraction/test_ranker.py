"""Which parts of a long document are asked first: ranked by the terms of the index and by stored vectors."""

from uuid import UUID

import numpy as np
import pytest

from crucible_assets.extractions.plan import Chunk, Source
from crucible_assets.extractions.retrieve import Ranker
from resources.project import project_from_data

GERMAN = [
    "Das Wetter in den Bergen war mild und es gab kaum Regen.",
    "Die Behörde bewilligte dem Antragsteller eine Förderung von 9.397,50 Euro.",
    "Im Keller steht eine Pumpe, deren Häuser aus Stahl sind.",
]


def variable(instructions):
    plain = [{"name": "a", "type": "TEXT", "instructions": instructions}]
    return project_from_data({"name": "x", "variables": plain}).variables[0]


def source(parts, language, vectors=None, places=()):
    starts = [sum(len(before) + 1 for before in parts[:n]) for n in range(len(parts))]
    chunks = tuple(Chunk(start, start + len(part)) for start, part in zip(starts, parts, strict=True))
    return Source(UUID(int=1), "a.txt", 0, " ".join(parts), (), language, chunks, vectors, places)


def first(made, instructions, vector=None):
    ranked = Ranker(made).ranked(variable(instructions), vector)
    assert sorted(chunk.start for chunk in ranked) == [chunk.start for chunk in made.chunks]  # none is lost
    return made.chunks.index(ranked[0])


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [("bewilligte Förderungen", 1), ("ein Haus", 2), ("der Betrag 9.397,50", 1), ("Bergen", 0)],
)
@pytest.mark.parametrize("language", ["de", "de-AT"])
def test_words_are_stemmed_by_the_language_of_the_document(instructions, expected, language):
    assert first(source(GERMAN, language), instructions) == expected


def test_identifiers_are_found_as_they_are_written():
    parts = ["Case HP 2022 and 0634 of another year.", "Case HP-2022-0634 of this year.", "No case."]
    assert first(source(parts, "en"), "what is said of HP-2022-0634") == 1


def test_words_without_spaces_are_found():
    assert first(source(["黑豹队的防守", "我住在北京市中心", "天气很好"], "zh"), "北京") == 1


def test_a_chunk_is_as_near_as_its_nearest_passage_and_both_ranks_count():
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    made = source(["alpha beta", "gamma delta", "epsilon zeta"], "en", vectors, (0, 2, 2))
    assert first(made, "unheard", np.array([0, 1], np.float32)) == 2
    assert first(made, "unheard", np.array([1, 0], np.float32)) == 0
    assert first(made, "epsilon", np.array([0.8, 0.6], np.float32)) == 2
    assert first(made, "gamma") == 1
