"""Rules for a statement that is a sentence of its source but for a few words; `near.py` lists them in order.

`alignment.py` finds what differs, `turns.py` and `contrast_lists.py` hold the words that decide, in six languages.
"""
