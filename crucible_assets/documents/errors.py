"""Why a document could not be read.

DocumentError
├── UnsupportedFormat     not a format that is read
├── EmptyDocument         no bytes, or no words in them
├── EncryptedDocument     needs a password or a rights licence
├── DamagedDocument       not what its format prescribes, or the parser crashed on it
├── TooLarge              beyond a limit of size, entries or compression ratio
├── ParseTimeout          took longer than the time limit
├── ParseMemoryExceeded   needed more than the memory limit
├── NoTextFound           pictures of text: needs optical character recognition
└── UnreadableFile        the file could not be opened

A document's error stays with that document. `ParserPoolError` is different: no worker can be started at all,
so it concerns the installation and stops the run.
"""
# ruff: noqa: N818 - the name of an error is its reason code in words; a suffix "Error" would add nothing

from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """The code under which a failed document is counted and filtered."""

    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    EMPTY_DOCUMENT = "EMPTY_DOCUMENT"
    ENCRYPTED_DOCUMENT = "ENCRYPTED_DOCUMENT"
    DAMAGED_DOCUMENT = "DAMAGED_DOCUMENT"
    TOO_LARGE = "TOO_LARGE"
    PARSE_TIMEOUT = "PARSE_TIMEOUT"
    PARSE_MEMORY_EXCEEDED = "PARSE_MEMORY_EXCEEDED"
    NO_TEXT_FOUND = "NO_TEXT_FOUND"
    UNREADABLE_FILE = "UNREADABLE_FILE"


class DocumentError(Exception):
    """A document could not be read: `what` is wrong with it, and `remedy`, what a person can do about it."""

    reason: ClassVar[Reason]

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


class UnsupportedFormat(DocumentError):
    """The content is not of a format that is read."""

    reason = Reason.UNSUPPORTED_FORMAT


class EmptyDocument(DocumentError):
    """The file holds no bytes, or nothing that could be read as words."""

    reason = Reason.EMPTY_DOCUMENT


class EncryptedDocument(DocumentError):
    """The file is protected by a password."""

    reason = Reason.ENCRYPTED_DOCUMENT


class DamagedDocument(DocumentError):
    """The file breaks the rules of its format, or the parser crashed on it."""

    reason = Reason.DAMAGED_DOCUMENT


class TooLarge(DocumentError):
    """The file, or what it unpacks to, is beyond a limit."""

    reason = Reason.TOO_LARGE


class ParseTimeout(DocumentError):
    """Reading took longer than the time limit."""

    reason = Reason.PARSE_TIMEOUT


class ParseMemoryExceeded(DocumentError):
    """Reading needed more memory than the limit."""

    reason = Reason.PARSE_MEMORY_EXCEEDED


class NoTextFound(DocumentError):
    """The file holds pictures of text only."""

    reason = Reason.NO_TEXT_FOUND


class UnreadableFile(DocumentError):
    """The file could not be opened."""

    reason = Reason.UNREADABLE_FILE


ERRORS: dict[Reason, type[DocumentError]] = {
    error.reason: error
    for error in (
        UnsupportedFormat,
        EmptyDocument,
        EncryptedDocument,
        DamagedDocument,
        TooLarge,
        ParseTimeout,
        ParseMemoryExceeded,
        NoTextFound,
        UnreadableFile,
    )
}


class ParserPoolError(RuntimeError):
    """No parser worker can be started; the message carries what the worker wrote before it died."""


def memory_exceeded() -> ParseMemoryExceeded:
    """The error of a document whose reading ran out of memory."""
    return ParseMemoryExceeded(
        "Reading the file needs more memory than a worker may use.",
        "Split it, or save it again from its application; raise the limit if you trust the file.",
    )
