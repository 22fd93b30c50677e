"""How far results can be trusted, how far people agree, and what it all cost."""
