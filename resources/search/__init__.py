"""Search: words of passages, the fused query, what is shaped of its hits, and how well it all does."""
