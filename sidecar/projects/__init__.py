"""Projects: create, read, change, put away, copy; parameters of the pipeline; the project file."""
