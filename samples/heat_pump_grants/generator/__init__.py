"""Turns the hand-written, marked sources of the sample study into documents and gold labels."""
