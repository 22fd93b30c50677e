"""The last net under the logs: secrets and texts that no caller should have passed are taken out.

Callers log ids, counts and names. This net catches what slips in all the same, mostly inside the messages of
exceptions: tokens, keys, passwords in URLs, the values of a failed SQL statement, the input of a failed validation.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "[redacted]"
_LONGEST = 2_000  # characters of one value: what is longer is a text, not a fact
_LONGEST_TRACEBACK = 20_000
_DEEPEST = 6

_SECRET_NAMES = re.compile(
    r"(^|[_-])(authorization|cookie|password|passwd|passphrase|secret|secrets|api[_-]?key|private[_-]?key"
    r"|credentials?|ticket|token|pepper)$",
    re.IGNORECASE,
)
_TEXT_NAMES = frozenset(
    [
        "body",
        "text",
        "content",
        "contents",
        "prompt",
        "question",
        "system",
        "reply",
        "answer",
        "quote",
        "source_text",
        "document_text",
        "evidence",
    ]
)

_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?"), HIDDEN),  # JSON web tokens
    (re.compile(r"\bcr[a-z]{1,2}_[A-Za-z0-9_]{16,}"), HIDDEN),  # our keys and tokens
    (re.compile(r"\bsk-[A-Za-z0-9_-]{8,}"), HIDDEN),  # keys of OpenAI and Anthropic
    (re.compile(r"\$argon2[a-z]*\$[^\s'\"]+"), HIDDEN),
    (re.compile(r"://([^/\s:@]*):[^/\s@]+@"), rf"://\1:{HIDDEN}@"),
    (
        re.compile(
            r"(?i)\b(password|passwd|secret|api[_-]?key|access_token|refresh_token|token|ticket)"
            r"(['\"]?\s*[=:]\s*['\"]?)(?!\[redacted\])[^\s'\",;&)}\]]{4,}"
        ),
        rf"\1\2{HIDDEN}",
    ),
)
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # SQLAlchemy and PostgreSQL repeat the values of the statement that failed
    (re.compile(r"\[parameters: .*?(?=\n\(Background on|\Z)", re.DOTALL), f"[parameters: {HIDDEN}]"),
    (re.compile(r"(DETAIL|CONTEXT):\s[^\n]*"), rf"\1: {HIDDEN}"),
    # pydantic repeats what was sent
    (re.compile(r"input_value=.*?(?=, input_type=)", re.DOTALL), f"input_value={HIDDEN}"),
)
_SUSPICIOUS = re.compile(
    r"(?i)bearer|basic|eyj|cr[a-z]{1,2}_|sk-|\$argon2|://[^/\s]*@|passw|secret|api[_-]?key|token|ticket"
    r"|\[parameters:|DETAIL:|CONTEXT:|input_value="
)


def clean_text(text: str, longest: int = _LONGEST) -> str:
    """The text without secrets and repeated values, cut to `longest` characters."""
    if len(text) > 4 * longest:
        text = text[: 4 * longest]  # no pattern is looked for in megabytes
    if _SUSPICIOUS.search(text):
        for pattern, instead in (*_SECRETS, *_TEXTS):
            text = pattern.sub(instead, text)
    return text if len(text) <= longest else f"{text[:longest]}… [{len(text) - longest} more characters]"


def clean(name: str, value: Any, depth: int = 0) -> Any:
    """One field of a log entry as it may be written down."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAMES.search(name) or name.lower() in _TEXT_NAMES:
        return HIDDEN
    if isinstance(value, str):
        return clean_text(value, _LONGEST_TRACEBACK if name in ("exception", "stack") else _LONGEST)
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): clean(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        return HIDDEN
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(name, inner, depth + 1) for inner in value]
    return clean_text(str(value))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: every field of the entry cleaned."""
    return {name: clean(name, value) for name, value in event.items()}
