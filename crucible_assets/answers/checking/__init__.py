"""The check of a statement against the words that it cites; `check.py` is its one entry and lists its rules in order.

- `check.py`: the rules, what each may find and why, and `check_words`, which asks one after the other.
- `compared.py`: what a rule is given; `locating.py`: which sentences of a source a statement was taken from.
- Rules: `standing.py` (with `names.py`, `worked_out.py`, `quotes.py`), `copies.py`, `wording.py`, `differences/`.
- `judging.py`: what a model's judgement makes of a statement that no rule decides.

How words, numbers, days and sentences are read is in `crucible_assets/answers/text/`.
"""
