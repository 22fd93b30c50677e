"""Variables that a model suggests for a kind of documents."""
