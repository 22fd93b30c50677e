"""What both wire formats share: problems, answers, and their bytes on an HTTP/1.1 connection."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json

from tests.model_server.config import Fault
from tests.model_server.schemas import alternatives, resolved, type_of
from tests.model_server.usage import TOKEN_CHARS, count_tokens
from tests.model_server.view import Finish, Json, Reply, RequestView

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request gets no answer: HTTP status, the provider's error type, and what it says."""

    status: int
    kind: str
    message: str
    param: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event and the output tokens that it stands for."""

    tokens: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a body, or events when it is a stream."""

    status: int
    body: bytes
    content_type: str = JSON
    events: tuple[Event, ...] = ()


def dumps(value: Json) -> bytes:
    """Compact JSON in UTF-8; text that UTF-8 cannot hold (lone surrogates) is escaped."""
    try:
        return to_json(value)
    except ValueError:
        return json.dumps(value, separators=(",", ":")).encode()


_REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Site Overloaded"}


def head(
    status: int, content_type: str, headers: Sequence[tuple[str, str]], length: int | None, more: str = ""
) -> bytes:
    """Status line and headers; chunked when the length is None. `more` has ready header lines."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if more:
        lines.append(more)
    lines.append("transfer-encoding: chunked" if length is None else f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body; the empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def pieces(text: str, tokens: int) -> list[str]:
    """A text in stretches of `tokens` tokens, for a stream; an empty text gives none."""
    size = tokens * TOKEN_CHARS
    return [text[start : start + size] for start in range(0, len(text), size)]


def cut_to(reply: Reply, max_tokens: int | None) -> Reply:
    """The reply as it ends when the model may write only so much."""
    if max_tokens is None or count_tokens(reply.text) <= max_tokens:
        return reply
    return replace(reply, text=reply.text[: max_tokens * TOKEN_CHARS], finish=Finish.LENGTH)


def spoilt(reply: Reply, fault: Fault | None, view: RequestView) -> Reply:
    """The reply with an answer fault applied; other faults leave it as it is."""
    if fault is Fault.TRUNCATED:
        return replace(reply, text=reply.text[: max(1, len(reply.text) // 2)], finish=Finish.LENGTH)
    if fault is Fault.INVALID_JSON:
        return replace(reply, text=f"Here is the answer: {reply.text.rstrip()[:-1]}")
    if fault is Fault.EMPTY:
        return replace(reply, text="")
    if fault is Fault.REFUSAL:
        return replace(reply, text="I can't help with that.", finish=Finish.REFUSAL)
    if fault is Fault.WRONG_TYPE:
        return replace(reply, text=_wrong_type(reply.text, view.schema))
    return reply


def _wrong_type(text: str, schema: Mapping[str, Any] | None) -> str:
    """The answer with its first property turned into a type that the schema does not allow."""
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    if not isinstance(answer, dict) or not answer:
        return dumps({"unexpected": answer}).decode() if not isinstance(answer, dict) else "[]"
    name = next(iter(answer))
    part: Any = (schema or {}).get("properties", {}).get(name, {})
    kinds = {type_of(option) for option in alternatives(resolved(part, schema or {}), schema or {})}
    wrong: dict[str, Json] = {"string": "unexpected", "number": 12345.5, "array": [], "object": {"unexpected": 1}}
    answer[name] = next((value for kind, value in wrong.items() if kind not in kinds), None)
    return json.dumps(answer, ensure_ascii=False)


_BEARER = re.compile(r"(?i)bearer\s+(.*)")


def credential(headers: Mapping[str, str]) -> str:
    """The key that a request carries, from `x-api-key` or a bearer token; '' without one."""
    if key := headers.get("x-api-key"):
        return key
    found = _BEARER.match(headers.get("authorization", ""))
    return found.group(1).strip() if found else ""


def text_of(content: Json) -> str:
    """The text of a message's content: a string, or blocks of which the text ones count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            str(block.get("text", "")) for block in content if isinstance(block, Mapping) and "text" in block
        )
    return ""
