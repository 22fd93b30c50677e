"""The parts of a DOCX package, parsed without entities, network or bounds beyond lxml's own.

Parts are read straight from the container rather than through python-docx: that refuses macro-enabled documents
and templates, fails as a whole when one picture is missing, and leaves out content controls.
"""

import posixpath
import zipfile
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from crucible_assets.documents.archive import open_archive, read_entry
from crucible_assets.documents.errors import DamagedDocument

Node = Any  # lxml's elements carry no types
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_REPAIR: Final = "Open it in Word or LibreOffice, save it again as DOCX and upload that."
_STRICT: Final = (  # ISO/IEC 29500 Strict says the same under other namespaces
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)


@dataclass(frozen=True, slots=True)
class DocxPackage:
    """An opened package; `main` is the name of the part that holds the body."""

    archive: zipfile.ZipFile
    main: str

    @classmethod
    def open(cls, data: bytes) -> "DocxPackage":
        """Open the container and find its main part; raises what `open_archive` raises and `DamagedDocument`."""
        archive = open_archive(data)
        names = set(archive.namelist())
        main = "word/document.xml"
        relations = _relations(_xml(archive, "_rels/.rels"))
        for kind, target in relations:
            if kind == "officeDocument" and (name := target.lstrip("/")) in names:
                main = name
        if main not in names:
            raise DamagedDocument("The Word document has no body (word/document.xml is missing).", _REPAIR)
        return cls(archive, main)

    def body(self) -> Node:
        """The `w:body` element."""
        root = _xml(self.archive, self.main)
        body = root.find(f"{W}body") if root is not None else None
        if body is None:
            raise DamagedDocument("The Word document's body is empty or no WordprocessingML.", _REPAIR)
        return body

    def related(self, kind: str) -> list[Node]:
        """The roots of the parts that the body refers to as `kind`: 'styles', 'numbering', 'header', 'footnotes'."""
        folder, name = posixpath.split(self.main)
        relations = _relations(_xml(self.archive, f"{folder}/_rels/{name}.rels"))
        names = {
            target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target)): None
            for found, target in relations
            if found == kind
        }
        roots = (_xml(self.archive, part) for part in names)
        return [root for root in roots if root is not None]

    def core_properties(self) -> bytes | None:
        """docProps/core.xml, when there is one."""
        return read_entry(self.archive, "docProps/core.xml")


def _xml(archive: zipfile.ZipFile, name: str) -> Node:
    """The root of an XML part, None when the part is missing; raises `DamagedDocument` when it is broken."""
    data = read_entry(archive, name)
    if data is None:
        return None
    for strict, transitional in _STRICT:
        data = data.replace(strict, transitional)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DamagedDocument(f"The part {name!r} of the Word document is broken ({error}).", _REPAIR) from error


def _relations(root: Node) -> list[tuple[str, str]]:
    """(last word of the type, target) of each relationship to a part inside the package."""
    if root is None:
        return []
    return [
        (element.get("Type", "").rpartition("/")[2], element.get("Target", ""))
        for element in root
        if isinstance(element.tag, str) and element.get("TargetMode") != "External"
    ]
