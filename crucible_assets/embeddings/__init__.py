"""The embeddings stage: passages and their vectors, for search and for finding the right part of a document."""
