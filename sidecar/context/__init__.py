"""Context: the documents of a project, as they come in and as they are looked at."""
