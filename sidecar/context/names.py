"""Names of files as data: shown to people, compared with each other, and never used as a path."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final

LONGEST: Final = 255
_LONGEST_SUFFIX: Final = 20
_UNNAMED: Final = "unnamed"
_PARTS = re.compile(r"[/\\]")
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # they can make 'exe.pdf' of 'fdp.exe'


class UnsafeNameError(ValueError):
    """A name in an archive leads out of it."""


def display_name(raw: str) -> str:
    """The last part of a name that a client sent, in Unicode's composed form, without what cannot be seen."""
    parts = [part for part in map(_clean, _PARTS.split(raw)) if part]
    return _bounded(parts[-1]) if parts else _UNNAMED


def entry_name(raw: str) -> str:
    """The name of a file in an archive with the folders it lies in, 'letters/2021/a.pdf'. Raises UnsafeNameError."""
    if raw.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", raw) or ".." in _PARTS.split(raw):
        raise UnsafeNameError(f"The name {raw[:200]!r} leads out of the archive.")
    parts = [part for part in map(_clean, _PARTS.split(raw)) if part]
    return _bounded("/".join(parts)) if parts else _UNNAMED


def is_passed_over(raw: str) -> bool:
    """Whether a file in an archive is one that systems put there: hidden, a lock, a Mac's shadow of a file."""
    parts = _PARTS.split(raw)
    return any(part.startswith((".", "~$")) and part not in (".", "..") for part in parts) or parts[0] == "__MACOSX"


def _clean(part: str) -> str:
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in part)
    text = unicodedata.normalize("NFC", _DIRECTIONS.sub("", visible))
    return "" if text.strip(" .") == "" else " ".join(text.split())


def _bounded(name: str) -> str:
    """At most LONGEST characters, the extension kept."""
    if len(name) <= LONGEST:
        return name
    suffix = PurePosixPath(name).suffix
    suffix = suffix if len(suffix) <= _LONGEST_SUFFIX else ""
    return name[: LONGEST - len(suffix) - 1] + "…" + suffix
