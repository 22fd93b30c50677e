"""What is near is found, whoever asks and however much others have; and never fewer rows than there are."""

import threading

import numpy as np
import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest

from resources.database.repositories import nearest as lanes
from resources.database.repositories.nearest import (
    EXACT_MOST,
    Lane,
    Terrain,
    check_later,
    choose,
    leg,
    leg_values,
    look,
    nearest,
    open_lane,
    recall,
)
from resources.database.repositories.retrieval import Filters, hybrid, lane_of
from resources.search.checking import Checker, drawn
from resources.search.tally import TALLY, Tally
from sidecar.observe.searching import SearchCounts
from tests.search.corpora import DIMENSION, MODEL, PROJECT, make_corpus, points


@pytest.mark.parametrize(
    ("reachable", "indexed", "lane"),
    [
        (100, 0, Lane.EXACT),
        (EXACT_MOST, 1_000_000, Lane.EXACT),  # few: nothing is lost, whatever index there is
        (200_000, 0, Lane.EXACT),  # the index is not built yet
        (EXACT_MOST + 1, EXACT_MOST + 1, Lane.OWN),
        (200_000, 200_000, Lane.OWN),
        (20_000, 200_000, Lane.EXACT),  # a tenth gets through: a thousand rows of an index cost as much
        (60_000, 200_000, Lane.OWN),
        (0, 0, Lane.EXACT),
    ],
)
def test_the_lane_is_the_one_that_looks_at_least(reachable, indexed, lane):
    assert choose(Terrain(reachable, indexed), 100) is lane


def explained(session, reach, lane):
    statement = f"EXPLAIN (COSTS OFF) WITH {reach.within.expression}, {leg(lane, reach)} SELECT * FROM dense"
    return "\n".join(session.scalars(sa.text(statement), leg_values(session, reach)))


def test_below_row_level_security_the_planner_uses_the_tenants_own_index(database, large):
    reach = large.reach(points(1, seed=99)[0])
    with database.transaction(large.tenant) as session:
        assert session.scalar(sa.text("SELECT current_user")) == "crucible_app"
        assert open_lane(session, reach) is Lane.OWN
        plan = explained(session, reach, Lane.OWN)
        assert "Index Scan using hnsw_" in plan
        assert "vectors_rest" not in plan
        assert "hnsw_" not in explained(session, reach, Lane.EXACT)


def test_the_index_finds_what_comparing_all_finds(database, large):
    found = []
    with database.transaction(large.tenant) as session:
        for vector in points(30, seed=98):
            reach = large.reach(vector)
            lane = open_lane(session, reach)
            got = nearest(session, reach, lane)
            assert lane is Lane.OWN
            assert len(got) == 100
            found.append(len(set(got[:20]) & set(large.nearest(vector, 20))) / 20)
    assert np.mean(found) >= 0.98


def test_what_is_narrowed_much_is_compared_one_by_one(database, large):
    vector = points(1, seed=97)[0]
    reach = large.reach(vector, documents=3)
    with database.transaction(large.tenant) as session:
        assert look(session, reach).reachable == 60
        assert open_lane(session, reach) is Lane.EXACT
        assert set(nearest(session, reach, Lane.EXACT)) == set(large.nearest(vector, 60, documents=3))


def test_what_is_narrowed_little_comes_from_the_index_in_full(database, large):
    found = []
    with database.transaction(large.tenant) as session:
        for vector in points(20, seed=96):
            reach = large.reach(vector, documents=560)
            lane = open_lane(session, reach)
            got = nearest(session, reach, lane)
            assert lane is Lane.OWN
            assert len(got) == 100
            found.append(len(set(got[:20]) & set(large.nearest(vector, 20, documents=560))) / 20)
    assert np.mean(found) >= 0.98


def test_a_small_tenant_beside_a_large_one_gets_all_of_its_own_rows(database, large):
    small = make_corpus(database, 40)
    vector = points(1, seed=95)[0]
    with database.transaction(small.tenant) as session:
        hits = hybrid(session, PROJECT, None, MODEL, vector, 100)
    assert [(hit.document_id, hit.index) for hit in hits[:20]] == small.nearest(vector, 20)
    assert len(hits) == 40


def test_an_index_that_gives_too_few_rows_is_not_believed(database, large):
    """The statistics of the small project lie, so that its few vectors are looked for in the large index.

    The planner would see through that, and is kept from it.
    """
    lie = sa.text("UPDATE search_statistics SET passages = :n WHERE project_id = 'side'")
    before = TALLY.read()
    with database.transaction(large.tenant) as session:
        session.execute(lie, {"n": 12_000})
        session.execute(sa.text("SET LOCAL enable_sort = off"))
        session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        vector = points(1, seed=94)[0]
        assert lane_of(session, "side", MODEL, DIMENSION, 20, Filters()) is Lane.OWN
        hits = hybrid(session, "side", None, MODEL, vector, 20)
        assert len(hits) == 20
        wanted = hybrid(session, "side", None, MODEL, vector, 20, lane=Lane.EXACT)
        assert hits == wanted
        session.rollback()
    after = TALLY.read()
    assert after.underfilled == before.underfilled + 1
    assert after.searches[Lane.OWN] == before.searches.get(Lane.OWN, 0) + 1


def test_the_same_search_is_always_or_never_in_the_sample():
    keys = [f"search {number}" for number in range(20_000)]
    sample = [key for key in keys if drawn(key, 0.01)]
    assert 100 < len(sample) < 300
    assert sample == [key for key in keys if drawn(key, 0.01)]
    assert not any(drawn(key, 0) for key in keys)
    assert all(drawn(key, 1) for key in keys)


def test_a_search_in_the_sample_is_checked_after_its_answer(database, large):
    tally = Tally()
    checker = Checker(1.0, tally)
    reach = large.reach(points(1, seed=93)[0])
    with database.transaction(large.tenant) as session:
        lane = open_lane(session, reach)
        check_later(session, reach, lane, checker)
        check_later(session, reach, Lane.EXACT, checker)  # nothing to check
    checker.wait()
    counted = tally.read()
    assert (counted.checked, counted.unchecked) == (1, 0)
    assert counted.recall_sum >= 0.9


def test_a_bad_index_shows_in_the_recall(database, large, monkeypatch):
    """With ef_search 1, which sees one neighbour at a time, less is found: the figure can fall."""
    narrow = sa.text("SELECT set_config('hnsw.ef_search', '1', true), set_config('hnsw.iterative_scan', 'off', true)")
    monkeypatch.setattr(lanes, "_SET", narrow)
    with database.transaction(large.tenant) as session:
        assert recall(session, large.reach(points(1, seed=92)[0]), Lane.OWN) < 0.5


def test_checks_never_pile_up_and_their_failures_stop_nothing():
    tally, hold = Tally(), threading.Event()
    checker = Checker(1.0, tally)

    def slow() -> float:
        hold.wait(10)
        raise RuntimeError("the database went away")

    for number in range(20):
        checker.offer(str(number), slow)
    hold.set()
    checker.wait()
    counted = tally.read()
    assert (counted.checked, counted.unchecked) == (0, 20)
    checker.offer("again", lambda: 1.0)
    checker.wait()
    assert tally.read().checked == 1


def test_prometheus_is_told():
    tally, registry = Tally(), CollectorRegistry()
    registry.register(SearchCounts(tally))
    tally.searched(Lane.OWN)
    tally.underfilled()
    tally.checked(0.95)
    told = generate_latest(registry).decode()
    assert 'crucible_searches_total{lane="own"} 1.0' in told
    assert "crucible_search_underfilled_total 1.0" in told
    assert "crucible_search_recall_count 1.0" in told
    assert "crucible_search_recall_sum 0.95" in told
