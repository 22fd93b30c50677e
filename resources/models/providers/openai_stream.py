"""The pieces of a streamed chat completion, put together to the completion that would have come in one piece."""

from typing import Any

from resources.models.errors import ConnectionLostError


class StreamedCompletion:
    """Collects the events of one stream."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._finish: str | None = None
        self._rest: dict[str, Any] = {}

    def add(self, event: dict[str, Any]) -> str:
        """Take one event; gives the stretch of text in it."""
        for name in ("id", "model", "usage"):
            if event.get(name):
                self._rest[name] = event[name]
        text = ""
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            text += delta.get("content") or ""
            self._refusals.append(delta.get("refusal") or "")
            self._finish = choice.get("finish_reason") or self._finish
        self._texts.append(text)
        return text

    def whole(self, provider: str) -> dict[str, Any]:
        """The completion. Raises ConnectionLostError when the stream broke off before it said why it ends."""
        if self._finish is None:
            raise ConnectionLostError(f"{provider} broke off in the middle of an answer.")
        message = {"content": "".join(self._texts), "refusal": "".join(self._refusals)}
        return self._rest | {"choices": [{"message": message, "finish_reason": self._finish}]}
