"""What lies in a folder of documents, and which bytes are the same document."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crucible_assets.documents.filetype import EXTENSIONS, MEDIA_TYPES

_LOCKS: Final = ("~$", ".~lock.")  # Microsoft Office, LibreOffice
_BLOCK: Final = 1 << 20
_MAGIC: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file to read: where it is, its name relative to the folder, and its size in bytes."""

    path: Path
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class InboxProblem:
    """A file that was found but is not read, and why."""

    path: Path
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """The files of a folder or glob, sorted by name, and those that cannot be read."""

    files: tuple[InboxFile, ...]
    problems: tuple[InboxProblem, ...]


def sha256(data: bytes) -> str:
    """The identity of a document's bytes: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """The identity of a file's bytes, read in blocks; raises `OSError`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def media_type(filename: str) -> str:
    """The media type that a name suggests; 'application/octet-stream' for names that suggest none.

    For a stored document use what the parser found in the content (`ParsedDocument.metadata['media_type']`).
    """
    kind = EXTENSIONS.get(Path(filename.lower()).suffix)
    return MEDIA_TYPES[kind] if kind is not None else "application/octet-stream"


def list_files(folder_or_glob: str | Path) -> Inbox:
    """List a folder with all below it, a single file, or what a glob (`docs/**/*.pdf`) matches.

    Hidden files and lock files of office programs are passed over. Symbolic links are followed within the folder
    only; a link that leads out of it, a broken one or a file that may not be read is reported as a problem.
    Raises `FileNotFoundError` when the folder does not exist.
    """
    root, pattern = _split(Path(folder_or_glob))
    if not root.exists():
        raise FileNotFoundError(f"There is no folder or file {str(root)!r}; check the path given for documents.")
    if root.is_file():
        return _sorted([_file(root, root.parent)])
    found = root.glob(pattern) if pattern is not None else _walk(root)
    entries = [
        _file(path, root)
        for path in found
        if not _is_passed_over(path.relative_to(root)) and (path.is_symlink() or not path.is_dir())
    ]
    unreadable = [] if pattern is not None else list(_closed_folders(root))
    return _sorted([*entries, *unreadable])


def _split(path: Path) -> tuple[Path, str | None]:
    """The folder before the first part with a wildcard, and the pattern from there; no pattern without one."""
    if path.exists():
        return path, None  # a name may hold brackets
    for index, part in enumerate(path.parts):
        if _MAGIC & set(part):
            return Path(*path.parts[:index]), str(Path(*path.parts[index:]))
    return path, None


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, followlinks=False):
        yield from (Path(folder) / name for name in names)
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())


def _closed_folders(root: Path) -> Iterator[InboxProblem]:
    failures: list[OSError] = []
    for _ in os.walk(root, onerror=failures.append):
        pass
    for failure in failures:
        path = Path(failure.filename)
        yield InboxProblem(path, _name(path, root), f"The folder cannot be listed ({failure.strerror}).")


def _is_passed_over(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts) or relative.name.startswith(_LOCKS)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else path.name


def _file(path: Path, root: Path) -> InboxFile | InboxProblem:
    name = _name(path, root)
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        return InboxProblem(path, name, f"The link leads nowhere ({error}).")
    if not target.is_relative_to(root.resolve()):
        return InboxProblem(
            path, name, "The link leads out of the folder and is not followed; copy the file instead."
        )
    if not target.is_file():
        what = "a link to a folder" if target.is_dir() else "no regular file"
        return InboxProblem(path, name, f"It is {what} and is not read.")
    if not os.access(target, os.R_OK):
        return InboxProblem(path, name, "The file may not be read; change its permissions.")
    return InboxFile(path, name, target.stat().st_size)


def _sorted(entries: list[InboxFile | InboxProblem]) -> Inbox:
    ordered = sorted(entries, key=lambda entry: entry.name)
    return Inbox(
        tuple(entry for entry in ordered if isinstance(entry, InboxFile)),
        tuple(entry for entry in ordered if isinstance(entry, InboxProblem)),
    )
