"""Tests of the project; a package, so that `python -m tests.model_server` runs from the root."""
