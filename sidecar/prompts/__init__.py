"""Prompt versions of variables, and refinements of their wording."""
