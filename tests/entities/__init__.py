"""Tests of finding, counting and resolving entities."""
