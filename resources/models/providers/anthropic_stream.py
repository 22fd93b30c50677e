"""The pieces of a streamed message, put together to the message that would have come in one piece."""

from typing import Any

from resources.models.errors import ConnectionLostError


class StreamedMessage:
    """Collects the events of one stream."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._texts: list[str] = []
        self._stopped = False

    def add(self, event: dict[str, Any]) -> str:
        """Take one event; gives the stretch of text in it."""
        kind = event.get("type")
        if kind == "message_start":
            self._message = dict(event.get("message") or {})
        elif kind == "content_block_delta":
            text = (event.get("delta") or {}).get("text") or ""
            self._texts.append(text)
            return text
        elif kind == "message_delta":
            counted = (self._message.get("usage") or {}) | (event.get("usage") or {})
            self._message |= (event.get("delta") or {}) | {"usage": counted}
        elif kind == "message_stop":
            self._stopped = True
        return ""

    def whole(self, provider: str) -> dict[str, Any]:
        """The message. Raises ConnectionLostError when the stream broke off before its end."""
        if not self._stopped:
            raise ConnectionLostError(f"{provider} broke off in the middle of an answer.")
        return self._message | {"content": [{"type": "text", "text": "".join(self._texts)}]}
