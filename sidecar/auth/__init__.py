"""Logging in and out, tokens, tickets."""
