"""Models that can be asked: prices, limits, health."""
