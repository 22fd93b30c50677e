"""Append-only revisions, run by `resources.database.migrate`."""
