"""Crucible beside other extraction systems: the same documents, the same server, each in its own environment."""
