"""Looking into zip containers (DOCX, XLSX, ODS …) without unpacking them: what they are, and whether they are bombs.

The central directory states every entry's size. Python's `zipfile` never gives out more bytes than stated there,
so a lie ends as a checksum error; other unpackers are held by the worker's memory limit.
"""

import io
import zipfile
from typing import IO, Final

from crucible_assets.documents.errors import DamagedDocument, EncryptedDocument, TooLarge

MAX_ENTRIES: Final = 10_000
MAX_UNPACKED_BYTES: Final = 512 * 2**20
MAX_RATIO: Final = 100  # office files of real text stay below 30
RATIO_MATTERS_BYTES: Final = 32 * 2**20  # a small file may compress as well as it likes
MAX_LISTED: Final = 5 * MAX_ENTRIES
"""Marks of directory entries in the bytes: also those of containers inside, which are not looked into here."""
_ENTRY: Final = b"PK\x01\x02"
_BLOCK: Final = 1 << 20


def open_archive(data: bytes | IO[bytes]) -> zipfile.ZipFile:
    """Open `data`, or a file opened for reading, as a zip whose contents are safe to unpack.

    Raises `DamagedDocument` (no readable directory), `TooLarge` (bomb) or `EncryptedDocument`.
    """
    try:
        file = io.BytesIO(data) if isinstance(data, bytes) else data
        size = file.seek(0, io.SEEK_END)
        _refuse_long_directory(file)
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedDocument(
            f"The file begins like a zip container, but its directory cannot be read ({error}).",
            "It was probably cut off in transfer: copy or export it again.",
        ) from error
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(
            f"The container holds {len(entries):,} files; at most {MAX_ENTRIES:,} are accepted.",
            "Save the document again from its application, or split it.",
        )
    unpacked = sum(entry.file_size for entry in entries)
    ratio = unpacked / max(1, size)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_MATTERS_BYTES and ratio > MAX_RATIO):
        raise TooLarge(
            f"The container unpacks to {unpacked / 2**20:,.0f} MiB, {ratio:,.0f} times its size "
            f"(limits: {MAX_UNPACKED_BYTES // 2**20} MiB, {MAX_RATIO} times).",
            "If it is no decompression bomb, save it again from its application or split it.",
        )
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise EncryptedDocument(
            "The container's entries are encrypted.",
            "Remove the password in the application that made the file and upload it again.",
        )
    return archive


def _refuse_long_directory(file: IO[bytes]) -> None:
    """Raises TooLarge. Reading a directory of a million entries, which 50 MiB can hold, would take 15 seconds."""
    file.seek(0)
    found, carried = 0, b""
    while block := file.read(_BLOCK):
        found += (carried + block).count(_ENTRY)
        carried = block[-len(_ENTRY) + 1 :]
    if found > MAX_LISTED:
        raise TooLarge(
            f"The container lists more than {MAX_LISTED:,} files; at most {MAX_ENTRIES:,} are accepted.",
            "Save the document again from its application, or split it.",
        )


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of one entry, None when there is none; raises `DamagedDocument` when it cannot be unpacked."""
    try:
        return archive.read(name)
    except KeyError:
        return None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise DamagedDocument(
            f"The part {name!r} of the container cannot be unpacked ({error}).",
            "Open the file in its application, save it again and upload the new file.",
        ) from error
    except Exception as error:  # zlib.error and lzma.LZMAError share no base class
        raise DamagedDocument(
            f"The part {name!r} of the container is corrupt ({error}).",
            "Open the file in its application, save it again and upload the new file.",
        ) from error
