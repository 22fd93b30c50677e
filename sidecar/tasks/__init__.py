"""Tasks: what a researcher asks for, and how far it is. Dagster carries them out."""
