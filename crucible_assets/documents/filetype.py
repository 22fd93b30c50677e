"""What a file is, by its content: signatures first, then a learned classifier, the name last.

The classifier (magika) is slow beside the rest, and is asked only where the name and the content do not agree
already. It is believed from 0.9 on; below that the extension decides between formats of plain text,
which often cannot be told apart by content (a list of names is a one-column CSV, a text and a Markdown file).
"""

import mmap
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from crucible_assets.documents.archive import open_archive, read_entry
from crucible_assets.documents.charset import declared_in_markup, decode, plausibility
from crucible_assets.documents.errors import EmptyDocument, EncryptedDocument, NoTextFound, UnsupportedFormat
from crucible_assets.documents.prose import is_bare, is_prose

if TYPE_CHECKING:
    from magika import Magika


class Format(StrEnum):
    """The formats that are read; each has a parser."""

    PDF = "pdf"
    DOCX = "docx"
    SPREADSHEET = "sheet"  # XLSX, XLSM, XLSB, XLS, ODS
    HTML = "html"
    XML = "xml"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class FileType:
    """A format that is read, and the media type of the content."""

    format: Format
    media_type: str


CONFIDENCE: Final = 0.9
READ_FORMATS: Final = "PDF, DOCX, TXT, MD, HTML, XLSX, XLS, ODS, CSV, JSON and XML"
_SAMPLE: Final = 64 * 1024
_HEAD: Final = 1 << 20

MEDIA_TYPES: Final[dict[Format, str]] = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.SPREADSHEET: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.HTML: "text/html",
    Format.XML: "application/xml",
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.MARKDOWN: "text/markdown",
    Format.TEXT: "text/plain",
}
EXTENSIONS: Final[dict[str, Format]] = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".docm": Format.DOCX,
    ".xlsx": Format.SPREADSHEET,
    ".xlsm": Format.SPREADSHEET,
    ".xlsb": Format.SPREADSHEET,
    ".xls": Format.SPREADSHEET,
    ".ods": Format.SPREADSHEET,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".xml": Format.XML,
    ".json": Format.JSON,
    ".jsonl": Format.JSON,
    ".ndjson": Format.JSON,
    ".geojson": Format.JSON,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".tab": Format.CSV,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".text": Format.TEXT,
    ".log": Format.TEXT,
}
_LABELS: Final[dict[str, Format]] = {  # magika's content labels
    "html": Format.HTML,
    "xml": Format.XML,
    "svg": Format.XML,
    "json": Format.JSON,
    "jsonl": Format.JSON,
    "csv": Format.CSV,
    "tsv": Format.CSV,
    "markdown": Format.MARKDOWN,
}
_IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
)
_SAVE_AS_PDF: Final = "Open it in its application, save it as PDF or DOCX and upload that file."
_UNPACK: Final = "Unpack it and upload the files it holds."
_OTHERS: Final = (
    (b"\x00\x01\x00\x00Standard Jet DB", "an Access database", "Export its tables as CSV or XLSX."),
    (b"SQLite format 3", "an SQLite database", "Export its tables as CSV or XLSX."),
    (b"{\\rtf", "an RTF document", _SAVE_AS_PDF),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an XZ archive", _UNPACK),
    (b"%!PS", "a PostScript file", _SAVE_AS_PDF),
    (b"MZ", "a program", "Upload the document itself."),
    (b"\x7fELF", "a program", "Upload the document itself."),
)
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML_START = re.compile(rb"\s*<\?xml\b")
_XML_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_MAIL_START = re.compile(rb"(?:[A-Z][\w-]{1,40}: [^\n]{0,900}\r?\n(?:[ \t][^\n]{0,900}\r?\n)*){3}")


def detect(data: bytes, filename: str) -> FileType:
    """What `data` is; `filename` is a hint only.

    Raises `UnsupportedFormat`, `EncryptedDocument` (office file behind a password), `NoTextFound` (an image), and
    for zip containers what `open_archive` raises.
    """
    extension = PurePosixPath(filename.lower()).suffix
    if b"%PDF-" in data[:1024]:
        return _of(Format.PDF)
    if data.startswith(_ZIP):
        return _in_zip(open_archive(data))
    if data.startswith(_OLE):
        return _in_ole(data)
    if data[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        raise UnsupportedFormat("The file is an electronic book (MOBI).", _SAVE_AS_PDF)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise _image("WebP")
    for signature, name in _IMAGES:
        if data.startswith(signature) and not (name == "BMP" and _readable(data)):
            raise _image(name)
    for signature, name, advice in _OTHERS:
        if data.startswith(signature) and (b"\x00" in data[:4096] or not signature.isalnum()):
            raise UnsupportedFormat(f"The file is {name}.", advice)
    if extension == ".pdf" and data.startswith(b"%"):
        return _of(Format.PDF)  # a damaged header; the parser repairs it or says so
    return _of(_of_text(data, extension))


def detect_file(path: Path, filename: str) -> FileType | None:
    """As `detect`, for a file that need not fit into memory: its directory, its streams, or its first megabyte.

    None for a zip archive of files, which is no document of its own. Raises also `EmptyDocument`.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if not head:
            raise EmptyDocument(
                "The file has no content (0 bytes).", "Upload it again; the transfer may have failed."
            )
        if b"%PDF-" not in head[:1024]:
            if head.startswith(_ZIP):
                return _known_in_zip(open_archive(file))
            if head.startswith(_OLE):
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                    return _in_ole(mapped)
        return detect(head, filename)


def _of(kind: Format) -> FileType:
    return FileType(kind, MEDIA_TYPES[kind])


def _image(name: str) -> NoTextFound:
    return NoTextFound(
        f"The file is a picture ({name}).",
        "Run optical character recognition on it (for example with ocrmypdf) and upload the searchable PDF.",
    )


def _in_zip(archive: ZipFile) -> FileType:
    found = _known_in_zip(archive)
    if found is None:
        raise UnsupportedFormat(f"The file is a zip archive of {len(archive.namelist()):,} files.", _UNPACK)
    return found


def _known_in_zip(archive: ZipFile) -> FileType | None:
    """What a zip container is; None when it is an archive of files and no document of its own."""
    names = set(archive.namelist())
    declared = (read_entry(archive, "mimetype") or b"").decode("ascii", "replace").strip()
    if declared == "application/vnd.oasis.opendocument.spreadsheet":
        manifest = read_entry(archive, "META-INF/manifest.xml") or b""
        if b"encryption-data" in manifest:
            raise EncryptedDocument(
                "The spreadsheet is protected by a password.", "Save it without a password and upload it again."
            )
        return FileType(Format.SPREADSHEET, declared)
    if declared.startswith("application/"):
        raise UnsupportedFormat(f"The file is of type {declared}.", _SAVE_AS_PDF)
    if any(name.startswith("word/") and name.endswith(".xml") for name in names):
        return _of(Format.DOCX)
    if any(name.startswith("xl/") for name in names):
        return _of(Format.SPREADSHEET)
    types = read_entry(archive, "[Content_Types].xml") or b""
    if b"wordprocessingml.document.main" in types or b"document.macroEnabled.main" in types:
        return _of(Format.DOCX)
    if any(name.startswith("ppt/") for name in names):
        raise UnsupportedFormat("The file is a PowerPoint presentation.", _SAVE_AS_PDF)
    if "[Content_Types].xml" in names or any(name.startswith("Index/") for name in names):
        raise UnsupportedFormat("The file is an office document of a kind that is not read.", _SAVE_AS_PDF)
    return None


def _in_ole(data: bytes | mmap.mmap) -> FileType:
    """Tell the old Office formats apart by the names of their streams, which are stored in UTF-16."""

    def holds(stream: str) -> bool:
        return data.find(stream.encode("utf-16-le")) >= 0

    if holds("EncryptedPackage") and holds("EncryptionInfo"):
        raise EncryptedDocument(
            "The Office file is protected by a password.", "Remove the password in Office and upload it again."
        )
    if holds("WordDocument"):
        raise UnsupportedFormat(
            "The file is a Word 97-2003 document (DOC).", "Save it as DOCX or PDF and upload that."
        )
    if holds("PowerPoint Document"):
        raise UnsupportedFormat("The file is a PowerPoint 97-2003 presentation (PPT).", _SAVE_AS_PDF)
    if holds("__substg1.0_"):
        raise UnsupportedFormat("The file is an Outlook message (MSG).", _SAVE_AS_PDF)
    if holds("Workbook") or holds("Book"):
        return FileType(Format.SPREADSHEET, "application/vnd.ms-excel")
    raise UnsupportedFormat("The file is an old Office file of a kind that is not read.", _SAVE_AS_PDF)


def _of_text(data: bytes, extension: str) -> Format:
    """Which format of text `data` is in; raises `UnsupportedFormat` when it is no text."""
    hint = EXTENSIONS.get(extension)
    if _HTML_START.match(data[:_SAMPLE].removeprefix(b"\xef\xbb\xbf")):
        return Format.HTML
    head = decode(data[:_SAMPLE], declared_in_markup(data)).text.lstrip()
    if _XML_START.match(head[:200].encode("utf-8", "replace")):
        root = _XML_ROOT.search(head)
        return Format.HTML if root is not None and root.group(1).lower() == "html" else Format.XML
    if hint is Format.JSON and head[:1] in ("{", "["):
        return Format.JSON
    if not _readable(data):
        raise UnsupportedFormat(
            f"The content is no text and of no known format (the name ends in {extension or 'nothing'!r}).",
            f"Upload one of {READ_FORMATS}.",
        )
    if head[:1] in "[{" and hint in (None, Format.TEXT) and _opens_json(head):
        return Format.JSON
    if hint in (None, Format.HTML) and _MAIL_START.match(data[:_SAMPLE]) and b"MIME-Version:" in data[:_SAMPLE]:
        raise UnsupportedFormat("The file is an e-mail or a web archive (MIME).", _SAVE_AS_PDF)
    if hint is not None and _agrees(data, hint):
        return hint
    label, score = _classified(data)
    found = _LABELS.get(label) if score >= CONFIDENCE else None
    if hint in (Format.MARKDOWN, Format.CSV) and found in (None, Format.HTML, Format.MARKDOWN, Format.CSV):
        return hint
    return found or (hint if hint in _TEXT_FORMATS else None) or Format.TEXT


_TEXT_FORMATS: Final = frozenset(
    {Format.HTML, Format.XML, Format.JSON, Format.CSV, Format.MARKDOWN, Format.TEXT},
)


def _agrees(data: bytes, hint: Format) -> bool:
    """Whether the content bears out what the name says, so that no classifier could change the answer."""
    if hint is Format.TEXT:
        return is_prose(data)
    return hint in (Format.MARKDOWN, Format.CSV) and is_bare(data)


def _opens_json(head: str) -> bool:
    return re.match(r"""(?:\{\s*(?:"|\})|\[\s*(?:[\[{"\]\d-]|true|false|null))""", head) is not None


def _readable(data: bytes) -> bool:
    """Whether the beginning of `data` decodes to something a person could have written."""
    sample = decode(data[:_SAMPLE]).text
    return plausibility(sample[:20_000].replace("\x00", "")) > 0.3


@cache
def _classifier() -> "Magika":
    import onnxruntime  # slow to import, as is magika; listing a folder needs no classifier
    from magika import Magika

    class OneThread(Magika):
        """For one file at a time; further threads would wait for it busily, in every worker."""

        def _init_onnx_session(self) -> onnxruntime.InferenceSession:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            return onnxruntime.InferenceSession(self._model_path, options, providers=["CPUExecutionProvider"])

    return OneThread()


def _classified(data: bytes) -> tuple[str, float]:
    """Magika's label and how sure it is, 0 to 1."""
    result = _classifier().identify_bytes(data)
    if not result.ok:
        return "unknown", 0.0
    return str(result.output.label), float(result.score)
