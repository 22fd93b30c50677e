"""Results: cells with their evidence, and datasets as tables."""
