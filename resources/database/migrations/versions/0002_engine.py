"""What the extraction engine keeps: shared limits and budgets, provider batches, entities, and what is learnt.

Revision ID: 0002
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FILES = (
    "0002_changes.sql",
    "0002_gateway.sql",
    "0002_batches.sql",
    "0002_entities.sql",
    "0002_learning.sql",
    "0002_security.sql",
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
