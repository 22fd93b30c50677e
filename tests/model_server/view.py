"""A request as an answerer sees it, the same for both wire formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.model_server.questions import Question
from tests.model_server.schemas import Form

Json = Any  # a JSON value; deliberately open, answers may have any shape


class Api(StrEnum):
    """Whose wire format."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class OutputMode(StrEnum):
    """How the answer was asked for."""

    TEXT = "text"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: its role and its text, blocks joined by line ends."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """What is asked. `attempt` counts requests with the same body, `number` all model requests, both from 1."""

    api: Api
    model: str
    turns: tuple[Turn, ...]  # with the system prompt as first, role 'system'
    document: str  # the fenced document, or all of the users' text where nothing is fenced
    question: str  # the users' text after the document
    mode: OutputMode
    schema: Mapping[str, Any] | None
    schema_name: str | None
    form: Form  # of the schema
    asked: Question  # what the question's own lines say
    properties: tuple[str, ...]  # variables that are asked for, by the schema or by the question
    stream: bool
    max_tokens: int | None
    number: int
    attempt: int
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """Everything that the model reads, in order, roles included."""
        return "\n\n".join(f"{turn.role}\n{turn.text}" for turn in self.turns)


class Finish(StrEnum):
    """Why an answer ends; each wire format has its own word for it."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the model's text. `note` is remembered with the call and not sent."""

    text: str
    finish: Finish = Finish.STOP
    note: str | None = None


Answerer = Callable[[RequestView], Reply | str | Mapping[str, Any] | Sequence[Any]]
"""Answers a request: with a Reply, with text, or with a JSON value that becomes the text."""


def fenced(turns: Sequence[Turn]) -> tuple[str, str]:
    """The document and the question of a prompt.

    The document stands between `<document-FENCE>` and `</document-FENCE>`; users' messages are looked at before
    the others. Where nothing is fenced, the users' text is both.
    """
    user = "\n".join(turn.text for turn in turns if turn.role == "user")
    everything = "\n".join(turn.text for turn in turns)
    for text in (user, everything):
        start = text.find("<document-")
        if start < 0:
            continue  # nothing fenced here
        opened = text.find(">", start)
        fence = text[start + len("<document-") : opened]
        closing = f"</document-{fence}>"
        end = text.find(closing, opened)
        if end < 0:
            continue
        document = text[opened + 1 : end].removeprefix("\n").removesuffix("\n")
        after = text[end + len(closing) :].strip()
        return document, after or user.replace(text[start : end + len(closing)], "").strip()
    return user, user
