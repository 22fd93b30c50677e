"""Counting words and naming the language of a text."""

import re

from resources.languages import UNSPACED, detect_language

__all__ = ["count_words", "detect_language"]

# Scripts written without spaces count one word per character, as word processors count them
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['’.,\-‑][^\W_{UNSPACED}]+)*")


def count_words(text: str) -> int:
    """How many words `text` has; each ideograph or kana is one."""
    return sum(1 for _ in _WORD.finditer(text))
