"""Tests of the extraction stage: coercion."""
