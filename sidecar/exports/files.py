"""Sending a stored file: its kind, its name, and the part of it that is asked for. Pure but for reading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import quote

_BLOCK = 1 << 18

MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
}
OTHER = "application/octet-stream"


def media_type(name: str) -> str:
    """The kind of a file by how its name ends."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), OTHER)


def disposition(name: str) -> str:
    """`Content-Disposition` of a download (RFC 6266): plain letters, the name as it is beside them."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(name.replace("\\", "/")).name).lstrip(".") or "file"
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


class UnsatisfiableRangeError(ValueError):
    """No byte of the file is in the range."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last` (both included) of a file of `size`."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """For the header of that name."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def part_of(header: str | None, size: int) -> Part | None:
    """The part that a `Range` header asks for; None for all of it (RFC 9110 §14.2).

    A header that is no single range of bytes is passed over, as a server may. Raises UnsatisfiableRangeError.
    """
    read = re.fullmatch(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", header or "")
    if read is None or not (read[1] or read[2]):
        return None
    if not read[1]:
        wanted = int(read[2])
        if wanted == 0 or size == 0:
            raise UnsatisfiableRangeError
        return Part(max(0, size - wanted), size - 1, size)
    first = int(read[1])
    last = int(read[2]) if read[2] else size - 1
    if read[2] and last < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError
    return Part(first, min(last, size - 1), size)


def blocks(file: IO[bytes], first: int, length: int) -> Iterator[bytes]:
    """So many bytes of a file from one on, block by block; the file is closed at the end."""
    with file:
        file.seek(first)
        left = length
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block
