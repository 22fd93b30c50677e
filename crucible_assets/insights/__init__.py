"""What is said over many documents: summaries, themes, and themes that no variable reads yet."""
