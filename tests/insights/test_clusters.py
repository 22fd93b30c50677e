"""Clusters of made-up vectors whose topics are known."""

import numpy as np
import pytest

from crucible_assets.insights.clusters import cluster, repeats

DIMENSION = 48


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def topics(number: int, each: int, *, noise: float = 0.6, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Vectors in a narrow cone, as embedding models make them, and the topic of each, shuffled."""
    random = np.random.default_rng(seed)
    centres = unit(random.standard_normal((number, DIMENSION)))
    of = random.permutation(np.repeat(np.arange(number), each))
    rows = centres[of] + noise * unit(random.standard_normal((len(of), DIMENSION)))
    common = unit(random.standard_normal(DIMENSION))
    return unit(rows + 3 * common).astype(np.float16), of


def purity(found: np.ndarray, of: np.ndarray) -> float:
    kept = found >= 0
    return sum(np.bincount(of[found == one]).max() for one in np.unique(found[kept])) / kept.sum()


@pytest.mark.parametrize("number", [6, 10, 16])
def test_about_as_many_clusters_are_found_as_there_are_topics(number):
    vectors, of = topics(number, 60, noise=0.4)
    found = cluster(vectors, ["en"] * len(of))
    assert abs(found.number - number) <= 2
    assert purity(found.of, of) > 0.85


def test_a_given_number_is_kept():
    vectors, of = topics(8, 30)
    assert cluster(vectors, ["en"] * len(of), 4).number == 4


def test_the_same_vectors_give_the_same_clusters():
    vectors, of = topics(7, 50)
    one, two = cluster(vectors, ["en"] * len(of)), cluster(vectors.copy(), ["en"] * len(of))
    assert np.array_equal(one.of, two.of)
    assert np.array_equal(one.distances, two.distances)


def test_clusters_are_ordered_by_size_and_members_by_distance():
    vectors, of = topics(6, 40)
    vectors, of = vectors[(of != 0) | (np.arange(len(of)) % 2 == 0)], of[(of != 0) | (np.arange(len(of)) % 2 == 0)]
    found = cluster(vectors, ["en"] * len(vectors), 6)
    sizes = [len(found.members(one)) for one in range(found.number)]
    assert sizes == sorted(sizes, reverse=True)
    for one in range(found.number):
        distances = found.distances[found.members(one)]
        assert (np.diff(distances) >= 0).all()
        assert (distances >= -1e-3).all()
    assert sum(sizes) + found.left_out == len(vectors)


def test_what_stands_in_every_document_makes_no_theme_of_its_own():
    vectors, of = topics(6, 40)
    random = np.random.default_rng(9)
    footer = unit(vectors[0].astype(np.float32) + 0.3 * random.standard_normal(DIMENSION))
    copies = unit(footer + 0.002 * random.standard_normal((300, DIMENSION))).astype(np.float16)
    found = cluster(np.concatenate([vectors, copies]), ["en"] * (len(of) + 300))
    assert found.repeated >= 295
    of_copies = found.of[len(of) :]
    alone = [one for one in range(found.number) if not (found.of[: len(of)] == one).any()]
    assert alone == []
    assert len(set(of_copies.tolist())) <= 2
    assert purity(found.of[: len(of)], of) > 0.95


def test_repeats_lead_to_the_first_of_them():
    vectors, _ = topics(5, 10)
    rows = np.concatenate([vectors, vectors[[3, 3, 7]]])
    centred = unit(rows.astype(np.float32) - rows.astype(np.float32).mean(axis=0)).astype(np.float16)
    first = repeats(centred)
    assert first[50:].tolist() == [3, 3, 7]
    assert first[:50].tolist() == list(range(50))


def test_themes_are_of_topics_and_not_of_languages():
    vectors, of = topics(6, 60)
    tongue = np.arange(len(of)) % 2
    shift = np.random.default_rng(3).standard_normal((2, DIMENSION)) * 0.5
    mixed = unit(vectors.astype(np.float32) + shift[tongue]).astype(np.float16)
    found = cluster(mixed, [("en", "de")[one] for one in tongue], 6)
    assert purity(found.of, of) > 0.9
    for one in range(found.number):
        share = tongue[found.of == one].mean()
        assert 0.25 < share < 0.75


def test_passages_that_are_of_no_topic_are_left_out():
    vectors, of = topics(6, 60, noise=0.3)
    common = vectors.astype(np.float32).mean(axis=0)
    stray = unit(0.5 * unit(np.random.default_rng(4).standard_normal((10, DIMENSION))) + 3 * unit(common))
    found = cluster(np.concatenate([vectors, stray.astype(np.float16)]), ["en"] * (len(of) + 10), 6)
    assert (found.of[len(of) :] == -1).sum() >= 7
    assert (found.of[: len(of)] == -1).mean() < 0.05


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5, 6, 7])
def test_a_few_passages_are_clustered_too(rows):
    vectors = unit(np.random.default_rng(1).standard_normal((max(rows, 1), DIMENSION))).astype(np.float16)[:rows]
    found = cluster(vectors, ["en"] * rows)
    assert len(found.of) == rows
    assert found.number == (0 if rows == 0 else 1) or rows >= 6
    assert np.isfinite(found.distances).all()


def test_vectors_that_are_all_the_same_are_one_cluster():
    vectors = np.repeat(unit(np.ones((1, DIMENSION))), 50, axis=0).astype(np.float16)
    found = cluster(vectors, [None] * 50)
    assert found.number == 1
    assert found.left_out == 0
