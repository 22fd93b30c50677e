"""The audit log, for administrators: read it, and verify that nobody has rewritten it."""
