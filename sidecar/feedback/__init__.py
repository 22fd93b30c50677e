"""Verdicts of people on cells."""
