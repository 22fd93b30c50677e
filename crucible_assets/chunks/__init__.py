"""Documents cut into chunks for extraction, and chunks into passages for search."""
