"""Tests of project definitions: what people write, and what is refused."""
