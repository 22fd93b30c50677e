"""Words of others in a request: between fences that they cannot close, or as JSON on one line.

A request holds the words of documents, of researchers and of models. Each of them stands in one of these two forms
and nowhere else, so that no word of theirs can begin a line of the prompt or end the data that it stands in.
"""

import hashlib
import json
import re
import unicodedata
from typing import Any

FENCE = re.compile(r"<\s*/?\s*[a-z]+-[0-9a-f]{16}\s*>", re.IGNORECASE)
"""A tag of any fence, as models copy them."""

_FENCED = re.compile(r"<([a-z]+-[0-9a-f]{16})>.*?</\1>", re.DOTALL)
_CODE = 16  # hexadecimal digits: 64 bits
_JOINERS = "\u200c\u200d"  # invisible, and part of the spelling of words in many scripts
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (bidi, tags), surrogates, line separators
_TAG_LIKE = re.compile(r"<(?=[/!?|｜<a-z])", re.IGNORECASE)


def fence_of(text: str) -> str:
    """A code that does not stand in the text: 64 bits of its own hash, the same on every run.

    A text that holds its own hash would have to be searched for; of one that does, the hash is hashed once more.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    while digest[:_CODE] in text:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return digest[:_CODE]


def fenced(kind: str, text: str) -> str:
    """Text as data, between tags that it does not contain."""
    fence = fence_of(text)
    return f"<{kind}-{fence}>\n{text.strip()}\n</{kind}-{fence}>"


def without_fenced(text: str) -> str:
    """A text without what stands between fences, tags included; a tag that is never closed fences nothing."""
    return _FENCED.sub("", text)


def plain_line(text: str, most: int) -> str:
    """A text as one line of at most `most` characters: every separator is a space, what is not seen goes."""
    words = " ".join(text.split())  # of all that Unicode calls a separator, line and paragraph ends included
    return "".join(c for c in words if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)[:most].strip()


def json_line(value: Any) -> str:
    """A JSON value on one line, for a line that says it is data.

    What is not seen or ends a line is escaped, and so is the beginning of whatever looks like a tag.
    """
    written = json.dumps(value, ensure_ascii=False)
    seen = "".join(c if c in _JOINERS or unicodedata.category(c) not in _UNSEEN else _escaped(c) for c in written)
    return _TAG_LIKE.sub(r"\\u003c", seen)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
