"""Reranking: the first hits read once more, by token vectors or by a model behind an endpoint."""
