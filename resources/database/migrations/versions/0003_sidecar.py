"""What the sidecar keeps: users, sessions, keys, the audit log, rates; and the counted log of tasks.

Revision ID: 0003
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FILES = ("0003_changes.sql", "0003_access.sql", "0003_security.sql", "0003_deletion.sql")


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
