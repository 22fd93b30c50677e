"""Conversations and answers, summaries, themes: statements with citations, gone with the text they cite.

Revision ID: 0005
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FILES = (
    "0005_changes.sql",
    "0005_answers.sql",
    "0005_audit.sql",
    "0005_claims.sql",
    "0005_deletion.sql",
    "0005_reranking.sql",
    "0005_search.sql",
    "0004_security.sql",  # the same again, for tables that are new since
)


def upgrade() -> None:
    """Create tables, policies and grants."""
    here = Path(__file__).parent
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in _FILES:
        driver.execute((here / name).read_text(encoding="utf-8"))  # psycopg itself: '%' is no placeholder here


def downgrade() -> None:
    """Migrations are append-only: a mistake is mended by the next revision."""
    raise RuntimeError("Migrations are append-only; restore a backup to go back.")
