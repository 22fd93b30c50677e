"""Coercion: a raw answer becomes a typed value, or says why it cannot; nothing is ever invented."""
