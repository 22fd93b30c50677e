"""The blob store: uploads and exports under keys of our own making, in a folder or at any fsspec URL."""

import hashlib
import os
from pathlib import Path

from upath import UPath


class BlobStore:
    """Content-addressed files per tenant. Names given by users are never used as paths."""

    def __init__(self, url: str) -> None:
        self._root = UPath(url)

    def put(self, tenant: str, data: bytes) -> str:
        """Store bytes and return their key; the same bytes are stored once."""
        digest = hashlib.sha256(data).hexdigest()
        key = f"{tenant}/{digest[:2]}/{digest}"
        target = self._root / key
        if not target.exists():
            if target.protocol in {"", "file"}:
                _write_atomically(Path(target.path), data)
            else:
                target.write_bytes(data)  # object stores make an object visible only when it is complete
        return key

    def get(self, key: str) -> bytes:
        """The bytes under a key. Raises FileNotFoundError."""
        return bytes((self._root / key).read_bytes())


def _write_atomically(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    partial.write_bytes(data)
    partial.replace(target)
