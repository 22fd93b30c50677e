"""Answers to questions from the documents: what is said, and whether the sources bear it."""
