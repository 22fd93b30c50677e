"""Variables of a project: what is extracted, in which order."""
