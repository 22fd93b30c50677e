"""What the parser pool and its workers say to each other.

Frames of eight bytes of length and that many bytes of content. Results travel as JSON, never as pickles: a worker
that a hostile file has taken over can then lie about that file, and nothing else.
"""

import json
import math
import socket
import struct
import time
from typing import Any, Final

from crucible_assets.documents.errors import ERRORS, DocumentError, Reason
from crucible_assets.documents.parsed import ParsedDocument
from resources.vocabulary import Segment, SegmentKind

_LENGTH: Final = struct.Struct(">Q")
MAX_FRAME: Final = 2**30  # bytes
_SLICE: Final = 1 << 20
Result = ParsedDocument | DocumentError


class WireTimeoutError(Exception):
    """The other side said nothing within the time allowed."""


def send(connection: socket.socket, content: bytes, deadline: float = math.inf) -> None:
    """Send one frame before `deadline` (of `time.monotonic`); raises `WireTimeoutError` or `OSError`."""
    view = memoryview(_LENGTH.pack(len(content)) + content)
    while view:
        connection.settimeout(_left(deadline))
        try:
            view = view[connection.send(view[:_SLICE]) :]
        except TimeoutError as error:
            raise WireTimeoutError from error


def receive(connection: socket.socket, deadline: float = math.inf) -> bytes:
    """Receive one frame; raises `EOFError` when the other side is gone, `WireTimeoutError`, `OSError`."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline))
    if length > MAX_FRAME:
        raise EOFError(f"a frame of {length:,} bytes was announced; the worker is not to be believed")
    return _exactly(connection, length, deadline)


def _exactly(connection: socket.socket, count: int, deadline: float) -> bytes:
    content = bytearray()
    while len(content) < count:
        connection.settimeout(_left(deadline))
        try:
            part = connection.recv(min(_SLICE, count - len(content)))
        except TimeoutError as error:
            raise WireTimeoutError from error
        if not part:
            raise EOFError("the other side has closed the connection")
        content += part
    return bytes(content)


def _left(deadline: float) -> float | None:
    """Seconds until the deadline; None for no deadline."""
    if deadline == math.inf:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise WireTimeoutError
    return left


def encode_result(result: Result) -> bytes:
    """A result as JSON."""
    if isinstance(result, DocumentError):
        content: dict[str, Any] = {"reason": result.reason, "what": result.what, "remedy": result.remedy}
    else:
        content = {name: getattr(result, name) for name in ParsedDocument.__dataclass_fields__}
        content["segments"] = [(s.start, s.end, s.kind, s.page, s.box, s.label, s.level) for s in result.segments]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def decode_result(content: bytes) -> Result:
    """A result from JSON; raises `ValueError`, `KeyError` or `TypeError` when it is none."""
    fields = json.loads(content)
    if "reason" in fields:
        return ERRORS[Reason(fields["reason"])](str(fields["what"]), str(fields["remedy"]))
    fields["segments"] = tuple(
        Segment(start, end, SegmentKind(kind), page, tuple(box) if box else None, label, level)
        for start, end, kind, page, box, label, level in fields["segments"]
    )
    fields["warnings"] = tuple(fields["warnings"])
    return ParsedDocument(**fields)
