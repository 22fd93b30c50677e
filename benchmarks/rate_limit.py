"""Rate limits in the database: how long a decision takes, how many a second, and whether a race admits too many.

    python -m benchmarks.rate_limit

Targets: p50 ≤ 1 ms, p99 ≤ 10 ms for one asker; ≥ 5,000 decisions a second; 0 admitted over the limit under a race of
50. Uses the database of the installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL).
"""

import multiprocessing
import os
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from resources.database.engine import open_database
from resources.database.repositories.rate_buckets import RateBuckets
from resources.database.server import export_to_environment
from resources.settings import load_settings


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def timed(buckets: RateBuckets, keys: list[str], count: int) -> list[float]:
    """Milliseconds of `count` decisions one after the other."""
    took = []
    for index in range(count):
        start = time.perf_counter()
        buckets.take(keys[index % len(keys)], 1_000_000, 1.0)
        took.append((time.perf_counter() - start) * 1000)
    return took


def _worker(arguments: tuple[list[str], int]) -> int:
    keys, count = arguments
    buckets = RateBuckets(lambda: open_database(load_settings()), connections=1)
    timed(buckets, keys, count)
    return count


def throughput(keys: list[str], processes: int, each: int) -> float:
    """Decisions a second of several processes together."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_worker, [(keys, 200)] * processes)  # start-up is not measured
        start = time.perf_counter()
        done = sum(pool.map(_worker, [(keys, each)] * processes))
        return done / (time.perf_counter() - start)


def over_admitted(buckets: RateBuckets, racers: int, burst: int) -> int:
    """How many more than `burst` are admitted when `racers` ask at once, each `burst` times."""
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(racers) as pool:
        taken = pool.map(lambda _: buckets.take(key, burst, 1e-9), range(racers * 10))
        return sum(one.admitted for one in taken) - burst


def main() -> None:
    """Print the figures."""
    database = open_database(load_settings())
    export_to_environment(database.addresses)
    buckets = RateBuckets(lambda: database, connections=50)
    one, many = [uuid.uuid4().hex], [uuid.uuid4().hex for _ in range(1000)]
    timed(buckets, one, 200)
    for name, keys in (("one key", one), ("1,000 keys", many)):
        took = timed(buckets, keys, 5000)
        print(
            f"{name}: p50 {statistics.median(took):.2f} ms, p99 {percentile(took, 0.99):.2f} ms, "
            f"{1000 * len(took) / sum(took):,.0f} decisions/s of one asker"
        )
    for name, keys in (("one key", one), ("1,000 keys", many)):
        for processes in (2, 4):
            rate = throughput(keys, processes, 4000)
            print(f"{name}, {processes} processes: {rate:,.0f} decisions/s ({os.cpu_count()} cores)")
    print(f"race of 50 for 100 tokens: {over_admitted(buckets, 50, 100)} admitted too many")


if __name__ == "__main__":
    main()
