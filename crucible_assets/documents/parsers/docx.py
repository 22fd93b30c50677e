"""Word documents (DOCX): headers, body in document order with tables, notes, comments, footers."""

from collections.abc import Iterator
from typing import Final

from crucible_assets.documents.parsed import (
    CELL_SEPARATOR,
    LINE_BREAK,
    PARAGRAPH_BREAK,
    Block,
    Draft,
    assemble,
    one_line,
)
from crucible_assets.documents.parsers.docx_package import DocxPackage, Node, W
from crucible_assets.documents.parsers.docx_styles import (
    BULLET,
    Numbering,
    Style,
    numbered,
    outline,
    read_styles,
)
from crucible_assets.documents.parsers.office import office_properties
from resources.vocabulary import SegmentKind

_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_TEXT: Final = frozenset({f"{W}t", f"{_M}t"})
_SKIPPED: Final = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "delInstrText", "rPr", "pPr", "sdtPr")
)
_CHARACTERS: Final = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
}
_NOTES: Final = (("footnotes", "footnote"), ("endnotes", "endnote"), ("comments", "comment"))
_DEEPEST: Final = 12  # tables inside tables


def parse_docx(data: bytes) -> Draft:
    """Read a Word document as it shows when all changes are accepted, with Word's automatic numbers.

    Headers come first and footers last, each distinct one once; notes and comments follow the body.
    """
    package = DocxPackage.open(data)
    reader = _Reader(read_styles(package.related("styles")), Numbering.of(package.related("numbering")))
    headers = list(_distinct(reader, package.related("header"), "header"))
    body = list(reader.container(package.body()))
    notes = [block for kind, name in _NOTES for root in package.related(kind) for block in _notes(reader, root, name)]
    footers = list(_distinct(reader, package.related("footer"), "footer"))
    text, segments = assemble([*headers, *body, *notes, *footers])
    properties = office_properties(package.core_properties())
    first = next((block for block in body if block.kind is SegmentKind.HEADING and block.level == 1), None)
    return Draft(
        text,
        segments,
        "docx",
        title=properties.title or (one_line(first.text)[:300] if first is not None else None),
        author=properties.author,
        created=properties.created,
        language=properties.language,
        metadata=properties.other,
    )


def _distinct(reader: "_Reader", roots: list[Node], label: str) -> Iterator[Block]:
    """The paragraphs of headers or footers, without those that an earlier one had."""
    seen: set[str] = set()
    for root in roots:
        for block in reader.container(root):
            if block.text not in seen:
                seen.add(block.text)
                yield Block(block.text, block.kind, label=label, separator=block.separator)


def _notes(reader: "_Reader", root: Node, name: str) -> Iterator[Block]:
    """Footnotes, endnotes or comments; the separators that Word keeps among them are left out."""
    for element in root.findall(f"{W}{name}"):
        if element.get(f"{W}type") in ("separator", "continuationSeparator", "continuationNotice"):
            continue
        number = element.get(f"{W}id", "")
        author = element.get(f"{W}author")
        label = f"{name} {number}" + (f" by {author}" if author else "")
        for block in reader.container(element):
            yield Block(block.text, block.kind, label=label)


class _Reader:
    """Walks containers of paragraphs and tables, and counts both for the labels."""

    def __init__(self, styles: dict[str, Style], numbering: Numbering) -> None:
        self._styles = styles
        self._numbering = numbering
        self._paragraphs = 0
        self._tables = 0

    def container(self, element: Node, depth: int = 0) -> Iterator[Block]:
        """Blocks of whatever holds paragraphs and tables: body, cell, content control, note, text box."""
        for child in element:
            if child.tag == f"{W}p":
                yield from self._paragraph(child, depth)
            elif child.tag == f"{W}tbl":
                yield from self._table(child, depth)
            elif child.tag == f"{_MC}AlternateContent":
                yield from self.container(_chosen(child), depth)
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self.container(child, depth)  # w:sdt, w:customXml, w:ins, w:smartTag …

    def _paragraph(self, element: Node, depth: int) -> Iterator[Block]:
        boxes: list[Node] = []
        text = "".join(_run_text(element, boxes)).strip()
        properties = element.find(f"{W}pPr")
        reference = properties.find(f"{W}pStyle") if properties is not None else None
        style_id = reference.get(f"{W}val", "") if reference is not None else ""
        style = self._styles.get(style_id, Style())
        if text:
            self._paragraphs += 1
            number = self._number(properties, style_id, style)
            level = outline(properties) or style.heading
            is_item = bool(number) and level is None
            kind = SegmentKind.HEADING if level else SegmentKind.LIST_ITEM if is_item else SegmentKind.PARAGRAPH
            yield Block(
                f"{number} {text}".strip(),
                kind,
                label=f"paragraph {self._paragraphs}",
                level=level,
                separator=LINE_BREAK if number == BULLET else PARAGRAPH_BREAK,
            )
        if depth < _DEEPEST:
            for box in boxes:
                yield from self.container(box, depth + 1)

    def _number(self, properties: Node, style_id: str, style: Style) -> str:
        number_id, level = numbered(properties)
        if number_id is None and style.number_id is not None:
            number_id = style.number_id
            if level is None:
                level = style.number_level
            if level is None:
                level = self._numbering.level_of_style(number_id, style_id)
        if number_id is None or number_id == "0":  # 0 takes numbering away
            return ""
        return self._numbering.next_label(number_id, level or 0)

    def _table(self, element: Node, depth: int) -> Iterator[Block]:
        """One block per row; a table of a single cell only frames its paragraphs."""
        if depth >= _DEEPEST:
            return
        self._tables += 1
        number = self._tables
        rows = [list(_cells(row)) for row in _rows(element)]
        if all(len(row) <= 1 for row in rows):
            for row in rows:
                for cell in row:
                    yield from self.container(cell, depth + 1)
            return
        for index, row in enumerate(rows, start=1):
            texts = []
            for cell in row:
                continues = _vertical_merge(cell)
                blocks = list(self.container(cell, depth + 1))
                texts.append("" if continues else one_line(" ".join(block.text for block in blocks)))
            yield Block(
                CELL_SEPARATOR.join(texts) if any(texts) else "",
                SegmentKind.TABLE_ROW,
                label=f"table {number}, row {index}",
                separator=LINE_BREAK if index > 1 else PARAGRAPH_BREAK,
            )


def _rows(table: Node) -> Iterator[Node]:
    for child in table:
        if child.tag == f"{W}tr":
            if child.find(f"{W}trPr/{W}del") is None:
                yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins"):
            yield from _rows(child)


def _cells(row: Node) -> Iterator[Node]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml"):
            yield from _cells(child)


def _vertical_merge(cell: Node) -> bool:
    """Whether the cell only continues the one above it."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(f"{W}val", "continue") == "continue"


def _chosen(alternatives: Node) -> Node:
    """Of alternative contents the first choice, which current applications show."""
    choice = alternatives.find(f"{_MC}Choice")
    fallback = alternatives.find(f"{_MC}Fallback")
    return choice if choice is not None else fallback if fallback is not None else ()


def _run_text(element: Node, boxes: list[Node]) -> Iterator[str]:
    """The characters of a paragraph; text boxes anchored in it are collected in `boxes`."""
    for child in element:
        if child.tag in _TEXT:
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag == f"{W}footnoteReference" or child.tag == f"{W}endnoteReference":
            yield f"[{child.get(f'{W}id', '')}]"
        elif child.tag == f"{W}txbxContent":
            boxes.append(child)
        elif child.tag == f"{_MC}AlternateContent":
            yield from _run_text(_chosen(child), boxes)
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _run_text(child, boxes)
