"""Prompts and schemas for the server's own tests, in the form in which the pipeline sends them."""

from collections.abc import Mapping, Sequence
from typing import Any


def fenced(document: str) -> str:
    """A document between its fences."""
    return f"<document-k3x9>\n{document}\n</document-k3x9>"


def messages(document: str, question: str = "What does the document say?") -> list[dict[str, Any]]:
    """A system message, and the document before the question."""
    return [
        {"role": "system", "content": "You extract values from documents."},
        {"role": "user", "content": f"{fenced(document)}\n\n{question}"},
    ]


def answer_schema(types: Mapping[str, str]) -> dict[str, Any]:
    """One property for each variable: found, value of the given JSON type, source_text, confidence."""

    def cell(kind: str) -> dict[str, Any]:
        return closed(
            {
                "found": {"type": "boolean"},
                "value": {"anyOf": [{"type": kind}, {"type": "null"}]},
                "source_text": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "confidence": {"type": "number"},
            }
        )

    return closed({name: cell(kind) for name, kind in types.items()})


def one_schema(kinds: Sequence[str] = ("string", "number", "boolean", "null")) -> dict[str, Any]:
    """The schema that is the same for every variable: one value with its evidence, and a list of values."""
    return closed(
        {
            "found": {"type": "boolean"},
            "value": {"type": list(kinds)},
            "values": {
                "type": "array",
                "items": closed({"value": {"type": list(kinds)}, "source_text": {"type": ["string", "null"]}}),
            },
            "source_text": {"type": ["string", "null"]},
            "confidence": {"type": "number"},
        }
    )


VERDICT: dict[str, Any] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "correct": {"type": "boolean"}},
    "required": ["reason", "correct"],
    "additionalProperties": False,
}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
