"""The job that keeps the search index: partitions, HNSW indexes, statistics, and no vectors of a former model."""

from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from resources.database.engine import Database
from resources.database.repositories.postings import refresh_statistics
from resources.database.repositories.vector_models import forget, stale_statistics, superseded
from resources.database.search_index import Kept, keep_indexes, look_at_indexes
from resources.embedding.former import fingerprint_of
from resources.installation import Installation


@dataclass(slots=True)
class Looked:
    """What was done for search; `failed` says for which tenants something could not be, and why."""

    refreshed: int = 0  # projects whose statistics were counted anew
    forgotten: dict[str, int] = field(default_factory=dict)  # vectors by the former model that made them
    indexes: Kept = field(default_factory=Kept)
    failed: dict[str, str] = field(default_factory=dict)


def is_due(installation: Installation) -> bool:
    """Whether anything is to be done. Only reads."""
    database, preferred = installation.database, fingerprint_of(installation.settings.embedding)
    if not look_at_indexes(database).whole:
        return True
    for tenant in database.tenants():
        with database.transaction(tenant, read_only=True) as session:
            if stale_statistics(session) or superseded(session, preferred):
                return True
    return False


def keep_search(
    installation: Installation, *, rebuild: bool = False, report: Callable[[str], None] = lambda _: None
) -> Looked:
    """Do what is due; with `rebuild` every index is made anew as well. Searches and writes go on meanwhile."""
    looked, database = Looked(), installation.database
    preferred = fingerprint_of(installation.settings.embedding)
    for tenant in database.tenants():
        try:
            _keep_tenant(database, tenant, preferred, looked)
        except Exception as error:
            looked.failed[tenant] = f"{type(error).__name__}: {error}"
    looked.indexes = keep_indexes(database, rebuild=rebuild, report=report)
    looked.failed |= looked.indexes.failed
    return looked


def _keep_tenant(database: Database, tenant: str, preferred: str, looked: Looked) -> None:
    with database.transaction(tenant) as session:
        for project in stale_statistics(session):
            refresh_statistics(session, project)
            looked.refreshed += 1
    with database.transaction(tenant) as session:
        for project, model in superseded(session, preferred):
            looked.forgotten[model] = looked.forgotten.get(model, 0) + forget(session, project, model)
            refresh_statistics(session, project)


@dg.op(description="Partitions and indexes of vectors as they should be; statistics; vectors of former models.")
def look_after_search(context: dg.OpExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Do what is due. What cannot be done fails the run and is tried again."""
    looked = keep_search(installation, report=context.log.info)
    context.log.info(
        f"{looked.indexes}; {looked.refreshed} projects counted anew; vectors of former models deleted: "
        f"{sum(looked.forgotten.values())}"
    )
    if looked.failed:
        raise dg.Failure("\n".join(f"{what}: {why}" for what, why in looked.failed.items()))


@dg.job(description="Keeps the search index: large tenants have a partition and an HNSW index of their own.")
def search_index() -> None:
    """The sensor of the same name starts it where something is to be done."""
    look_after_search()
