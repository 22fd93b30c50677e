"""Tests of the extraction stage: decide."""
