"""Alembic's entry point: runs the revisions on the connection that `resources.database.migrate` hands over."""

from alembic import context

from resources.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
