"""Entities: found in documents, counted against the source, resolved, and given keys as rows of the dataset."""
