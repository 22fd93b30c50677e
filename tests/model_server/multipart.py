"""Reading `multipart/form-data` (RFC 7578), as clients upload files."""

import re
from dataclasses import dataclass

_NAME = re.compile(r'(?:^|[;\s])name="([^"]*)"')
_FILENAME = re.compile(r'filename="([^"]*)"')
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


@dataclass(frozen=True, slots=True)
class Part:
    """One field; `filename` is None when it is no file."""

    name: str
    filename: str | None
    data: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """The fields of a form; raises ValueError for a body that is none."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        raise ValueError(f"expected multipart/form-data with a boundary, not {content_type!r}")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found.group(1).encode())
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise ValueError("the form does not end with its boundary")
    return [_part(piece.removeprefix(b"\r\n")) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, blank, data = piece.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    disposition = next((line for line in lines if line.lower().startswith("content-disposition:")), "")
    name = _NAME.search(disposition)
    if not blank or name is None:
        raise ValueError("a part of the form has no name")
    filename = _FILENAME.search(disposition)
    return Part(name.group(1), filename.group(1) if filename else None, data)
