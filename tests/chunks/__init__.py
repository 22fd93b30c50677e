"""Chunks and passages."""
