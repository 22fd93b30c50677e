"""The audit log: entries a second that one tenant writes, and how long it takes to verify a long chain.

    python -m benchmarks.audit_log [--entries 1000000]

Targets: ≥ 3,000 entries a second in one tenant; 1,000,000 entries verified within 60 s. Uses the database of the
installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL), in a tenant of its own.
"""

import argparse
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from resources.database.engine import Database, open_database
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ensure_tenant
from resources.settings import load_settings
from sidecar.audit.verify import verify

_STRETCH = 100_000


def write(database: Database, tenant: str, entries: int, each: int, writers: int) -> float:
    """Entries a second, in transactions of `each` entries, by several writers at once."""

    def work(transactions: int) -> None:
        for _ in range(transactions):
            with database.transaction(tenant) as session:
                session.info["actor"] = "user:5f0c1b9e-8a57-4f0e-9d55-0d2e8a3c1f11"
                for part in range(each):
                    audit(session, "project.changed", "project:loans", fields=["name", "description"], part=part)

    start = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, [entries // each // writers] * writers))
    return entries / (time.perf_counter() - start)


def walk(database: Database, tenant: str) -> tuple[int, float]:
    """Entries verified, and the seconds it took."""
    start, after, count = time.perf_counter(), 0, 0
    while True:
        with database.transaction(tenant, read_only=True) as session:
            found = verify(session, [], after, _STRETCH)
        if not found.intact:
            raise RuntimeError(f"Entry {found.broken_at} is {found.reason}.")
        count += found.entries
        if found.next is None:
            return count, time.perf_counter() - start
        after = found.next


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args().entries
    database = open_database(load_settings())
    tenant = f"benchmark-{uuid.uuid4().hex[:8]}"
    with database.transaction(tenant) as session:
        ensure_tenant(session)
    for each, writers in ((1, 1), (1, 8), (10, 8)):
        rate = write(database, tenant, 4000, each, writers)
        print(f"{writers} writers, {each} entries in a transaction: {rate:,.0f} entries/s in one tenant")
    rest = entries - 12_000
    if rest > 0:
        rate = write(database, tenant, rest, 1000, 2)
        print(f"2 writers, 1,000 entries in a transaction: {rate:,.0f} entries/s in one tenant")
    count, seconds = walk(database, tenant)
    print(f"{count:,} entries verified in {seconds:.1f} s")


if __name__ == "__main__":
    main()
