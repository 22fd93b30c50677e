"""The audit log: entries a second that one tenant writes, and how long it takes to verify a long chain.

    python -m benchmarks.audit_log [--entries 1000000] [--rounds 3]

Targets: ≥ 3,000 entries a second in one tenant; 1,000,000 entries verified within 60 s. Uses the database of the
installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL) as it is set up, in a tenant of its own.

Every transaction is on the disk before the next one of its writer begins, and the entries of one tenant are chained,
so that no two of its transactions commit at the same time. Beside each rate therefore stands how many transactions a
second one writer can commit that do nothing else: what is written by one entry in a transaction cannot be more.
Rounds alternate between the two; medians are printed.
"""

import argparse
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import sqlalchemy as sa

from resources.database.engine import Database, open_database
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ensure_tenant
from resources.settings import load_settings
from sidecar.audit.verify import verify

_STRETCH = 100_000
_COMMITS = 500
# a record of nothing, so that there is something to commit
_NOTHING = sa.text("SELECT pg_logical_emit_message(true, 'benchmark', '')")
_PID = sa.text("SELECT pg_backend_pid()")


def rate(work: Callable[[], None], transactions: int, writers: int) -> float:
    """Transactions a second by several writers at once."""

    def write(count: int) -> None:
        for _ in range(count):
            work()

    start = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, [transactions // writers] * writers))
    return transactions // writers * writers / (time.perf_counter() - start)


def appending(database: Database, tenant: str, entries: int) -> Callable[[], None]:
    """What commits one transaction of so many entries."""

    def work() -> None:
        with database.transaction(tenant) as session:
            session.info["actor"] = "user:5f0c1b9e-8a57-4f0e-9d55-0d2e8a3c1f11"
            for part in range(entries):
                audit(session, "project.changed", "project:loans", fields=["name", "description"], part=part)

    return work


def committing(database: Database, tenant: str) -> Callable[[], None]:
    """What commits one transaction of nothing."""

    def work() -> None:
        with database.transaction(tenant) as session:
            session.execute(_NOTHING)

    return work


def _private_mib(pid: int) -> float:
    """Memory that only this process has; 0 for one of another machine."""
    try:
        return float(psutil.Process(pid).memory_full_info().uss) / 2**20
    except psutil.Error:
        return 0.0


def walk(database: Database, tenant: str) -> tuple[int, float, float]:
    """Entries verified, the seconds it took, and the most private MiB of a server process after a stretch."""
    seconds, most, after, count = 0.0, 0.0, 0, 0
    while True:
        with database.transaction(tenant, read_only=True) as session:
            start = time.perf_counter()
            found = verify(session, [], after, _STRETCH)
            seconds += time.perf_counter() - start
            most = max(most, _private_mib(session.execute(_PID).scalar_one()))
        if not found.intact:
            raise RuntimeError(f"Entry {found.broken_at} is {found.reason}.")
        count += found.entries
        if found.next is None:
            return count, seconds, most
        after = found.next


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000, help="to verify")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    database = open_database(load_settings())
    tenant = f"benchmark-{uuid.uuid4().hex[:8]}"
    with database.transaction(tenant) as session:
        ensure_tenant(session)
    left = options.entries
    for each, writers, transactions in ((1, 1, 800), (1, 8, 800), (10, 1, 400), (10, 8, 400), (1000, 1, 20)):
        written, bare = [], []
        for _ in range(options.rounds):
            bare.append(rate(committing(database, tenant), _COMMITS, 1))
            written.append(rate(appending(database, tenant, each), transactions, writers))
            left -= each * (transactions // writers * writers)
        print(
            f"{writers} writers, {each} entries in a transaction: {each * statistics.median(written):,.0f} entries/s "
            f"({statistics.median(written):,.0f} transactions/s; of nothing, by one writer: "
            f"{statistics.median(bare):,.0f})",
            flush=True,
        )
    if left > 0:
        rate(appending(database, tenant, 1000), max(1, left // 1000), 1)
    count, seconds, most = walk(database, tenant)
    print(f"{count:,} entries verified in {seconds:.1f} s; the server's process had {most:.0f} MiB of its own")


if __name__ == "__main__":
    main()
