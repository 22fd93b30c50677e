"""Tests of the extraction stage: grounding."""
