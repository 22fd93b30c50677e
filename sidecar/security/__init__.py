"""Who asks, and what they may: tokens, keys, passwords, roles and scopes."""
