"""The first tables, with row-level security forced on every one of them.

Revision ID: 0001
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create tables, policies, grants and triggers."""
    here = Path(__file__).parent
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for name in ("0001_tables.sql", "0001_security.sql"):
        driver.execute((here / name).read_text(encoding="utf-8"))  # psycopg itself: '%' is no placeholder here


def downgrade() -> None:
    """Migrations are append-only: a mistake is mended by the next revision."""
    raise RuntimeError("Migrations are append-only; restore a backup to go back.")
