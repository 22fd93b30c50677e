"""Search: passages of a project by words and vectors, kept page by page for who asked."""
