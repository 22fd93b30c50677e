"""What search reads and keeps: words of passages, vectors by tenant, results.

Revision ID: 0004
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FILES = ("0004_vectors.sql", "0004_search.sql", "0004_security.sql")


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
