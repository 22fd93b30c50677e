"""Tests of the dataset stage."""
