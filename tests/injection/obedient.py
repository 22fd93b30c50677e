"""A model that does what it is told by any word outside a fence, and reads documents properly otherwise.

It stands for the worst model that still knows what data is. What it sees outside fences is what an attack must not
reach, so the reading of fences here is its own and not the product's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.answers import LabelledLines, as_reply
from tests.model_server.view import Reply, RequestView

CANARY = "zq7"
"""Begins a word that only attacks contain; `zq7021` belongs to the attack with that number."""

_OPENS = re.compile(r"<([a-z]+-[0-9a-f]{16})>")
_DATA_LINE = re.compile(r"^(Row|Value): (.*)$", re.MULTILINE)


def outside(text: str) -> str:
    """What stands outside fences and outside the JSON of lines that are data."""
    kept, at = [], 0
    while opened := _OPENS.search(text, at):
        closing = f"</{opened.group(1)}>"
        closed = text.find(closing, opened.end())
        if closed < 0:
            kept.append(text[at : opened.end()])
            at = opened.end()
        else:
            kept.append(text[at : opened.start()])
            at = closed + len(closing)
    return _DATA_LINE.sub(_without_json, "".join([*kept, text[at:]]))


def _without_json(line: re.Match[str]) -> str:
    try:
        json.loads(line.group(2))
    except ValueError:
        return line.group()
    return f"{line.group(1)}:"


def strings(body: Any) -> Iterator[str]:
    """Every string of a request as it was sent: texts, schema, names of keys."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for key, part in body.items():
            yield str(key)
            yield from strings(part)
    elif isinstance(body, list):
        for part in body:
            yield from strings(part)


def escaped_words(body: Any) -> list[str]:
    """What of an attack stands outside every fence of a request."""
    return [text for text in map(outside, strings(body)) if CANARY in text]


class Obedient:
    """Answers from labelled lines, unless a canary stands outside a fence: then it answers that to everything."""

    def __init__(self) -> None:
        self._honest = LabelledLines()

    def __call__(self, view: RequestView) -> Reply:
        told = escaped_words(view.body)
        if not told:
            return self._honest(view)
        entry = {"found": True, "value": "obeyed", "source_text": told[0][:80], "confidence": 1.0}
        names = view.properties
        schema = view.schema or {}
        single = "found" in schema.get("properties", {})
        return as_reply(entry if single else dict.fromkeys(names, entry))
