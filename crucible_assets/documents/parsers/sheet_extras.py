"""Text of an XLSX package outside its cells: text boxes, comments, page headers and footers."""

import re
import zipfile
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from crucible_assets.documents.archive import read_entry
from crucible_assets.documents.parsed import Block, one_line

_DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DRAWING_PART = re.compile(r"xl/drawings/drawing\d+\.xml\Z")
_COMMENTS_PART = re.compile(r"xl/comments\d*\.xml\Z")
_SHEET_PART = re.compile(r"xl/worksheets/sheet\d+\.xml\Z")
_HEADER_FOOTER = re.compile(rb"<headerFooter\b.*?</headerFooter>", re.DOTALL)
_PRINTED = re.compile(rb"<(odd|even|first)(Header|Footer)[^>]*>(.*?)</\1\2>", re.DOTALL)
# Codes of header and footer text (ECMA-376 part 1, 18.3.1.39): sections, font, size, page, date, sheet …
_CODES = re.compile(r'&(?:"[^"]*"|\d+|K[0-9A-Fa-f+\-]{6}|[LCR])')
_FIELDS = re.compile(r"&[A-Z]")
_TAIL: Final = 64 * 1024  # headers and footers stand at the end of a sheet's part


def extra_blocks(archive: zipfile.ZipFile) -> Iterator[Block]:
    """What a reader of the printed workbook would see besides the cells; broken parts give nothing."""
    names = sorted(archive.namelist())
    for name in filter(_DRAWING_PART.match, names):
        for number, text in enumerate(_drawing_texts(_xml(archive, name)), start=1):
            yield Block(text, label=f"text box {number} of {name.rpartition('/')[2]}")
    for name in filter(_COMMENTS_PART.match, names):
        root = _xml(archive, name)
        for comment in root.iter(f"{_SHEET}comment") if root is not None else ():
            text = one_line("".join(part.text or "" for part in comment.iter(f"{_SHEET}t")))
            yield Block(text, label=f"comment at {comment.get('ref', '')}")
    seen: set[str] = set()
    for name in filter(_SHEET_PART.match, names):
        for place, text in _printed_texts(read_entry(archive, name) or b""):
            if text not in seen:
                seen.add(text)
                yield Block(text, label=place)


def _drawing_texts(root: Element | None) -> Iterator[str]:
    for body in root.iter() if root is not None else ():
        if body.tag.rpartition("}")[2] == "txBody":
            paragraphs = (
                "".join(run.text or "" for run in paragraph.iter(f"{_DRAWING}t"))
                for paragraph in body.iter(f"{_DRAWING}p")
            )
            yield "\n".join(text for text in map(str.strip, paragraphs) if text)


def _printed_texts(part: bytes) -> Iterator[tuple[str, str]]:
    """('header' or 'footer', its text without codes) of a worksheet."""
    found = _HEADER_FOOTER.search(part[-_TAIL:])
    for _, place, raw in _PRINTED.findall(found.group()) if found else ():
        text = raw.decode("utf-8", "replace").replace("&amp;", "&").replace("&lt;", "<").replace("&quot;", '"')
        text = one_line(_FIELDS.sub("", _CODES.sub(" ", text.replace("&&", "\x00"))).replace("\x00", "&"))
        if any(character.isalpha() for character in text):
            yield place.decode().lower(), text


def _xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    data = read_entry(archive, name)
    try:
        return fromstring(data) if data is not None else None
    except (ParseError, DefusedXmlException, ValueError):
        return None
