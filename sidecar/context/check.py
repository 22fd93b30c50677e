"""What may be taken of an upload: told by content, taken apart when it is an archive, scanned for viruses."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from crucible_assets.documents.archive import open_archive
from crucible_assets.documents.errors import DocumentError
from crucible_assets.documents.filetype import READ_FORMATS, FileType, detect_file
from resources.files import BlobStore, FileTooLargeError, Incoming
from resources.scanning import Scanner
from sidecar.context.names import UnsafeNameError, entry_name, is_passed_over
from sidecar.context.receive import MAX_BODY_BYTES, MAX_FILE_BYTES, Part

MAX_ARCHIVE_FILES: Final = 1_000
MAX_UNPACKED_FILES: Final = 5_000  # of all archives of an upload: they become documents in one transaction
_BLOCK: Final = 1 << 20
_UNPACKING: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError)
"""What reading an entry raises when it is damaged: the unpackers' errors share no base class."""
_TOO_LARGE: Final = f"It has more than {MAX_FILE_BYTES // 2**20} MiB; split it into smaller documents."


class Refusal(StrEnum):
    """Why a file was not taken."""

    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    EMPTY_DOCUMENT = "EMPTY_DOCUMENT"
    ENCRYPTED_DOCUMENT = "ENCRYPTED_DOCUMENT"
    DAMAGED_DOCUMENT = "DAMAGED_DOCUMENT"
    NO_TEXT_FOUND = "NO_TEXT_FOUND"  # a picture
    TOO_LARGE = "TOO_LARGE"  # the file, or what it unpacks to
    INFECTED = "INFECTED"
    NESTED_ARCHIVE = "NESTED_ARCHIVE"
    UNSAFE_ENTRY = "UNSAFE_ENTRY"  # a link, or a name that leads out of its archive


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document to be taken in; `archive` is the name of the archive that it came in."""

    name: str
    archive: str | None
    incoming: Incoming
    kind: FileType


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken, and why."""

    name: str
    archive: str | None
    reason: Refusal
    message: str


Verdict = Accepted | Refused


@dataclass(slots=True)
class Checker:
    """Looks at the files of one upload. Temporary files that it makes are discarded with `discard`."""

    files: BlobStore
    tenant: str
    scanner: Scanner | None
    unpacked: list[Incoming] = field(default_factory=list)
    _left: int = MAX_BODY_BYTES  # bytes that archives of this upload may still unpack to
    _files_left: int = MAX_UNPACKED_FILES

    def check(self, part: Part) -> Iterator[Verdict]:
        """The documents in one part: itself, or those of the archive it is. Raises ScannerUnavailableError."""
        if part.too_large:
            yield Refused(part.name, None, Refusal.TOO_LARGE, _TOO_LARGE)
            return
        try:
            kind = detect_file(part.incoming.path, part.name)
            if kind is None:
                yield from self._entries(part)
                return
        except DocumentError as error:
            yield Refused(part.name, None, Refusal(error.reason.value), str(error))
            return
        yield self._scanned(Accepted(part.name, None, part.incoming, kind))

    def discard(self) -> None:
        """Remove what was unpacked."""
        for incoming in self.unpacked:
            incoming.discard()

    def _entries(self, part: Part) -> Iterator[Verdict]:
        with part.incoming.path.open("rb") as file, open_archive(file) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir() and not is_passed_over(e.filename)]
            unpacked = sum(entry.file_size for entry in entries)
            most = min(MAX_ARCHIVE_FILES, self._files_left)
            if len(entries) > most or unpacked > self._left:
                yield Refused(
                    part.name,
                    None,
                    Refusal.TOO_LARGE,
                    f"The archive holds {len(entries):,} files of {unpacked / 2**20:,.0f} MiB; at most "
                    f"{most:,} files and {self._left // 2**20:,} MiB are unpacked (still, of this upload). Split it.",
                )
                return
            self._files_left -= len(entries)
            if not entries:
                yield Refused(part.name, None, Refusal.EMPTY_DOCUMENT, "The archive holds no files.")
            for entry in entries:
                yield self._entry(archive, entry, part.name)

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, inside: str) -> Verdict:
        try:
            name = entry_name(entry.filename)
        except UnsafeNameError as error:
            return Refused(_shown(entry), inside, Refusal.UNSAFE_ENTRY, str(error))
        if stat.S_ISLNK(entry.external_attr >> 16):
            return Refused(name, inside, Refusal.UNSAFE_ENTRY, "It is a link; put the file itself into the archive.")
        incoming = self.files.receive(self.tenant, limit=MAX_FILE_BYTES)
        self.unpacked.append(incoming)
        try:
            with archive.open(entry) as source:
                while block := source.read(_BLOCK):
                    self._left -= len(block)
                    incoming.write(block)
            incoming.finish()
            kind = detect_file(incoming.path, name)
        except FileTooLargeError:
            return Refused(name, inside, Refusal.TOO_LARGE, _TOO_LARGE)
        except DocumentError as error:
            return Refused(name, inside, Refusal(error.reason.value), str(error))
        except _UNPACKING as e:
            what = f"It cannot be unpacked ({str(e)[:200]}). Make the archive again."
            return Refused(name, inside, Refusal.DAMAGED_DOCUMENT, what)
        if kind is None:
            what = f"It is an archive inside an archive. Unpack it and upload its files ({READ_FORMATS})."
            return Refused(name, inside, Refusal.NESTED_ARCHIVE, what)
        return self._scanned(Accepted(name, inside, incoming, kind))

    def _scanned(self, file: Accepted) -> Verdict:
        signature = None if self.scanner is None else self.scanner.scan(file.incoming.path)
        if signature is None:
            return file
        return Refused(file.name, file.archive, Refusal.INFECTED, f"The virus scanner found {signature}.")


def _shown(entry: zipfile.ZipInfo) -> str:
    """A name that is not safe, for the list of what was refused."""
    return entry.filename.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")[:255]
