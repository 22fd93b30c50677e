"""The index of terms alone is read beneath row-level security, by the application's role, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.migrate import APP_ROLE
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.retrieval import Filters, hybrid
from resources.project import Project
from resources.search.query import make_query
from tests.search.corpus import refresh

TENANTS, DOCUMENTS, TERMS = 20, 40, 50
_DOCUMENTS = sa.text(
    "INSERT INTO documents (tenant_id, id, project_id, batch, sha256, name, origin, size_bytes, blob, status, "
    "indexed_passages, indexed_words) SELECT :tenant, gen_random_uuid(), 'p', 1, 'sha' || n, 'd' || n, 'UPLOAD', 1, "
    "'b' || n, 'READY', 1, :terms FROM generate_series(1, :documents) n"
)
_POSTINGS = sa.text(
    "INSERT INTO postings (tenant_id, document_id, term, project_id, entries) SELECT tenant_id, id, "
    "'term' || (t * t + 7 * ascii(right(name, 1))) % 997, 'p', ARRAY[(50::bigint << 16) + 1] "
    "FROM documents, generate_series(1, :terms) t WHERE project_id = 'p' ON CONFLICT DO NOTHING"
)


@pytest.fixture(scope="module")
def tenants(database) -> list[str]:
    """Tenants of like size, all with a project of the same name and the same words."""
    names = [f"index-{uuid4().hex[:8]}" for _ in range(TENANTS)]
    for tenant in names:
        with database.transaction(tenant) as session:
            ensure_tenant(session)
            save_project(session, Project("p", "p", ()))
            session.execute(_DOCUMENTS, {"tenant": tenant, "documents": DOCUMENTS, "terms": TERMS})
            session.execute(_POSTINGS, {"terms": TERMS})
        refresh(database, "p", tenant)
    engine = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("VACUUM (ANALYZE) documents, postings"))
    return names


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.mark.parametrize("filters", [Filters(), Filters(languages=("en",))], ids=["all", "narrowed"])
@pytest.mark.parametrize("languages", [["en"], ["en", "de", "fr", "zh"]], ids=len)
def test_terms_are_looked_up_in_their_index_beneath_the_policy(database, tenants, filters, languages):
    sent: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if "posted AS" in statement:
            sent.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        with database.transaction(tenants[7]) as session:
            assert session.scalar(sa.text("SELECT current_user")) == APP_ROLE
            assert session.scalar(sa.text("SELECT count(*) FROM postings")) < DOCUMENTS * TERMS + 1
            hybrid(session, "p", make_query("term8 of term11 and term64", languages), None, None, 20, filters)
            ((statement, parameters),) = sent
            explained = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plan = explained.scalar_one()[0]["Plan"]
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
    readers = [node for node in nodes(plan) if node.get("Relation Name") == "postings"]
    indexes = [node for node in nodes(plan) if node.get("Index Name") == "pk_postings"]
    assert len(readers) == len(indexes) == 2  # is any of the telling words there; and the postings themselves
    assert all("Filter" not in node and node["Node Type"] == "Index Only Scan" for node in readers), readers
    for node in indexes:
        assert all(column in node["Index Cond"] for column in ("tenant_id", "project_id", "term")), node
