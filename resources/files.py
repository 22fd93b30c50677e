"""The blob store: uploads and exports under keys of our own making, in a folder or at any fsspec URL."""

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from upath import UPath

_BLOCK: Final = 1 << 20
_ABANDONED_SECONDS: Final = 24 * 3600.0


class FileTooLargeError(ValueError):
    """More bytes came than are taken; `limit` is the most."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file has more than {limit:,} bytes.")
        self.limit = limit


class Incoming:
    """A file on its way in: hashed and counted while it is written, stored when it is known to be wanted.

    It lies in a temporary file until `store`; nothing holds all of it in memory.
    """

    def __init__(self, store: "BlobStore", tenant: str, path: Path, file: IO[bytes], limit: int | None) -> None:
        self._store = store
        self._tenant = tenant
        self._file = file
        self._limit = limit
        self._digest = hashlib.sha256()
        self.path = path
        self.size = 0

    def write(self, block: bytes) -> None:
        """More of it. Raises FileTooLargeError, and forgets what came."""
        self.size += len(block)
        if self._limit is not None and self.size > self._limit:
            self._file.truncate(0)
            raise FileTooLargeError(self._limit)
        self._digest.update(block)
        self._file.write(block)

    def finish(self) -> None:
        """All of it came: it can be read at `path`."""
        self._file.close()

    @property
    def sha256(self) -> str:
        """The identity of its bytes: 64 hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def key(self) -> str:
        """Under which it is stored."""
        return _key(self._tenant, self.sha256)

    def store(self) -> str:
        """Store it, unless the same bytes are there, and return its key. May be called again."""
        self.finish()
        self._store.adopt(self.key, self.path)
        return self.key

    def discard(self) -> None:
        """Remove the temporary file; what was stored stays."""
        self.finish()
        self.path.unlink(missing_ok=True)


class BlobStore:
    """Content-addressed files per tenant. Names given by users are never used as paths."""

    def __init__(self, url: str) -> None:
        self._root = UPath(url)
        self._local = Path(self._root.path) if self._root.protocol in {"", "file"} else None

    def put(self, tenant: str, data: bytes) -> str:
        """Store bytes and return their key; the same bytes are stored once."""
        return self.put_stream(tenant, io.BytesIO(data))

    def put_stream(self, tenant: str, stream: IO[bytes], *, limit: int | None = None) -> str:
        """Store what a stream gives, block by block, and return its key. Raises FileTooLargeError."""
        with self.incoming(tenant, limit=limit) as incoming:
            while block := stream.read(_BLOCK):
                incoming.write(block)
            return incoming.store()

    @contextmanager
    def incoming(self, tenant: str, *, limit: int | None = None) -> Iterator[Incoming]:
        """A file to be written and then stored; whatever was not stored is gone afterwards."""
        made = self.receive(tenant, limit=limit)
        try:
            yield made
        finally:
            made.discard()

    def receive(self, tenant: str, *, limit: int | None = None) -> Incoming:
        """As `incoming`, for who calls `discard` by other means. `limit` is in bytes."""
        folder = None
        if self._local is not None:  # on the same disk, so that storing it is a link
            folder = self._local / tenant / "incoming"
            folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="crucible-", dir=folder)
        return Incoming(self, tenant, Path(name), os.fdopen(handle, "wb"), limit)

    def forget_abandoned(self, tenant: str) -> None:
        """Remove what came in for a process that was killed before it was stored."""
        if self._local is not None:
            for path in (self._local / tenant / "incoming").glob("crucible-*"):
                with suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                        path.unlink()

    def adopt(self, key: str, path: Path) -> None:
        """Make a complete local file the blob of a key; it becomes visible as a whole or not at all."""
        if self.has(key):
            return
        if self._local is None:
            with path.open("rb") as source, (self._root / key).open("wb") as target:
                shutil.copyfileobj(source, target, _BLOCK)  # an object is visible only when it is complete
            return
        target_path = self._local / key
        target_path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # somebody was faster, with the same bytes
            try:
                os.link(path, target_path)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                partial = target_path.with_name(f"{target_path.name}.{uuid4().hex}.part")
                shutil.copyfile(path, partial)
                partial.replace(target_path)

    def has(self, key: str) -> bool:
        """Whether there is a blob of this key."""
        return (self._root / key).exists()

    def get(self, key: str) -> bytes:
        """The bytes under a key. Raises FileNotFoundError."""
        return bytes((self._root / key).read_bytes())

    def open(self, key: str) -> IO[bytes]:
        """The file under a key, to be read. Raises FileNotFoundError."""
        opened: IO[bytes] = (self._root / key).open("rb")
        return opened

    def blocks(self, key: str) -> Iterator[bytes]:
        """The bytes under a key, block by block. Raises FileNotFoundError before the first."""
        file = self.open(key)

        def read() -> Iterator[bytes]:
            with file:
                while block := file.read(_BLOCK):
                    yield block

        return read()

    def delete(self, key: str) -> None:
        """Remove a blob; it is none if it is gone already."""
        (self._root / key).unlink(missing_ok=True)


def _key(tenant: str, digest: str) -> str:
    return f"{tenant}/{digest[:2]}/{digest}"
