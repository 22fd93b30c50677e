"""The queries, one file per subject. Functions take an open tenant session and never commit."""
