"""What was used: calls, tokens, money."""
