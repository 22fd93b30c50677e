"""Search measured on a project's own passages."""
