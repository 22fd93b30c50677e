"""Conversations: questions about a project that follow each other, and cited answers to them."""
