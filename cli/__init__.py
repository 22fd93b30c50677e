"""The `crucible` command: a thin shell round the pipeline, for one person at a terminal."""
