"""Texts of documents and of people, where a terminal or a reader of logs would obey some of their signs."""

import re

_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls but tab and newline (escape sequences begin with one), ends of lines, signs that turn the order of what is
seen, and halves of characters, which cannot be written."""


def visible(text: str) -> str:
    """The text with such signs as `\\uXXXX`, which in JSON means the sign itself."""
    return _ORDERS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
