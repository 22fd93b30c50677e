"""Exports: files made from a dataset; the same dataset gives the same bytes."""
