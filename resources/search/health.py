"""Whether search can find everything: vectors and passages of every tenant, and the indexes over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resources.database.engine import Database
from resources.database.repositories.operations import IndexHealth, index_health
from resources.database.search_index import IndexState, look_at_indexes
from resources.diagnosis import embedding_model


@dataclass(frozen=True, slots=True)
class SearchHealth:
    """What was found, by tenant and of the installation's indexes."""

    tenants: Mapping[str, IndexHealth]
    indexes: IndexState

    @property
    def whole(self) -> bool:
        """Whether there is nothing to mend."""
        return not any(self.troubles())

    def troubles(self) -> Iterator[str]:
        """What is to be mended, in words, with how."""
        for tenant, found in self.tenants.items():
            if found.orphans:
                yield f"{tenant}: {found.orphans} vectors without a passage"
            if found.wrong_dimension:
                yield f"{tenant}: {found.wrong_dimension} vectors of a wrong length; run `ingest` with force"
            if found.without_vector:
                yield f"{tenant}: {found.without_vector} passages without a vector; run its projects again"
        state = self.indexes
        for tenant in state.to_move:
            yield f"{tenant}: large enough for a partition and an index of its own; `crucible doctor --rebuild-index`"
        for wish in state.lacking:
            if wish.tenant not in state.to_move:
                yield f"{wish.tenant}: no index over {wish.vectors} vectors of {wish.model}; --rebuild-index makes it"
        for name in state.invalid:
            yield f"{name}: half built; --rebuild-index replaces it"


def search_health(database: Database, embedding: str) -> SearchHealth:
    """Look at everything. `embedding` is the setting that names the installation's model. Only reads."""
    model, dimension = embedding_model(embedding)
    tenants: dict[str, IndexHealth] = {}
    for tenant in database.tenants():
        with database.transaction(tenant, read_only=True) as session:
            tenants[tenant] = index_health(session, model, dimension)
    return SearchHealth(tenants, look_at_indexes(database))
