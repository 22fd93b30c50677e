"""The blocks of a web page in document order: headings, paragraphs, list items and table rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, Tag

from crucible_assets.documents.parsed import CELL_SEPARATOR, one_line, tidy
from resources.vocabulary import SegmentKind

_SKIPPED: Final = frozenset(
    [
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "select",
        "option",
        "datalist",
    ]
)
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
        "legend",
    ]
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_CHROME_TAGS: Final = frozenset({"nav", "footer", "aside"})
_CHROME_ROLES: Final = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})
_CHROME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|menu|sidebar|footer|breadcrumbs?|comments?|related|share|social|cookies?|newsletter"
    r"|subscribe|promo|advert\w*|ads?|masthead)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_LONG_CELL: Final = 1_500  # characters; a cell with more than this lays out a page
_WIDEST: Final = 100  # columns that one cell may span
_DEEPEST: Final = 400


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """One block: its text, what it is, and whether it stands in the page's furniture (navigation, footer …)."""

    text: str
    kind: SegmentKind
    label: str
    level: int | None = None
    chrome: bool = False
    linked: float = 0.0  # share of characters that are links
    table_start: bool = False  # first row of a table


class _Walker:
    """Collects inline text until a block begins or ends."""

    def __init__(self) -> None:
        self.blocks: list[HtmlBlock] = []
        self._inline: list[str] = []
        self._linked = 0
        self._counts: dict[str, int] = {}

    def walk(self, node: Tag, tag: str = "p", chrome: bool = False, in_link: bool = False, depth: int = 0) -> None:
        """Visit the children of `node`; `tag` names the block that its inline text belongs to."""
        if depth > _DEEPEST:
            self._inline.append(node.get_text(" "))
            return
        for child in node.children:
            if isinstance(child, Tag):
                self._visit(child, tag, chrome, in_link, depth)
            elif type(child) in (NavigableString, CData):  # no comments, doctypes, scripts
                text = str(child) if tag == "pre" else re.sub(r"\s+", " ", str(child))
                self._inline.append(text)
                self._linked += len(text.strip()) if in_link else 0

    def _visit(self, child: Tag, tag: str, chrome: bool, in_link: bool, depth: int) -> None:
        name = child.name.lower()
        if name in _SKIPPED or _hidden(child):
            return
        if name == "br":
            self._inline.append("\n")
        elif name == "table" and (grid := _data_of(child)) is not None:
            self.flush(tag, chrome)
            self._table(child, grid, chrome or _is_chrome(child))
        elif name in _BLOCKS:
            self.flush(tag, chrome)
            inner = name if name in _HEADINGS or name in ("li", "pre", "dt", "dd") else _inherited(tag)
            inside = chrome or _is_chrome(child)
            self.walk(child, inner, inside, in_link, depth + 1)
            self.flush(inner, inside)
        else:
            self.walk(child, tag, chrome, in_link or name == "a", depth + 1)

    def flush(self, tag: str, chrome: bool) -> None:
        """End the block being collected."""
        raw = "".join(self._inline)
        text = raw.strip("\n") if tag == "pre" else tidy(raw)
        linked, self._inline, self._linked = self._linked, [], 0
        if not text.strip():
            return
        kind = SegmentKind.PARAGRAPH
        if tag in _HEADINGS:
            kind = SegmentKind.HEADING
        elif tag == "li":
            kind = SegmentKind.LIST_ITEM
        share = linked / max(1, len(text))
        self.blocks.append(HtmlBlock(text, kind, self._label(tag), _HEADINGS.get(tag), chrome, share))

    def _table(self, table: Tag, grid: list[list[str]], chrome: bool) -> None:
        caption = table.find("caption")
        if isinstance(caption, Tag):
            text = one_line(caption.get_text(" "))
            self.blocks.append(HtmlBlock(text, SegmentKind.PARAGRAPH, self._label("caption"), chrome=chrome))
        label = self._label("table")
        width = max((len(row) for row in grid), default=0)
        used = [column for column in range(width) if any(len(row) > column and row[column] for row in grid)]
        first = True
        for number, row in enumerate(grid, start=1):
            cells = [row[column] for column in used if column < len(row)]
            while cells and not cells[-1]:
                cells.pop()
            if any(cells):
                text = CELL_SEPARATOR.join(cells)
                kind = SegmentKind.TABLE_ROW
                self.blocks.append(HtmlBlock(text, kind, f"{label}, row {number}", chrome=chrome, table_start=first))
                first = False

    def _label(self, tag: str) -> str:
        word = {"p": "paragraph", "li": "list item", "pre": "paragraph", "dt": "paragraph", "dd": "paragraph"}
        name = word.get(tag, "heading" if tag in _HEADINGS else tag)
        self._counts[name] = self._counts.get(name, 0) + 1
        return f"{name} {self._counts[name]}"


def blocks_of(soup: BeautifulSoup) -> list[HtmlBlock]:
    """Every visible block of the page."""
    walker = _Walker()
    walker.walk(soup.body if soup.body is not None else soup)
    walker.flush("p", chrome=False)
    return walker.blocks


def _inherited(tag: str) -> str:
    """Paragraphs inside list items stay list items; headings do not lend their level to blocks inside."""
    return tag if tag in ("li", "pre", "dd") else "p"


def _hidden(tag: Tag) -> bool:
    return tag.has_attr("hidden") or _HIDDEN_STYLE.search(str(tag.get("style") or "")) is not None


def _is_chrome(tag: Tag) -> bool:
    if tag.name in _CHROME_TAGS or str(tag.get("role") or "").lower() in _CHROME_ROLES:
        return True
    classes = tag.get("class") or ""
    names = f"{classes if isinstance(classes, str) else ' '.join(classes)} {tag.get('id') or ''}"
    return _CHROME_NAMES.search(names) is not None


def _data_of(table: Tag) -> list[list[str]] | None:
    """The cells of a table that holds data; None for one that only lays out a page."""
    if str(table.get("role") or "").lower() in ("presentation", "none"):
        return None
    rows: list[list[str]] = []
    for row in _rows(table):
        cells: list[str] = []
        for cell in row.children:
            if not isinstance(cell, Tag) or cell.name not in ("td", "th"):
                continue
            parts: list[str] = []
            if not _collect(cell, parts):
                return None
            text = one_line("".join(parts))
            if len(text) > _LONG_CELL:
                return None
            cells.append(text)
            span = str(cell.get("colspan") or "1")
            cells.extend([""] * (min(int(span), _WIDEST) - 1 if span.isdigit() else 0))
        rows.append(cells)
    return rows if any(sum(1 for cell in row if cell) > 1 for row in rows) else None


def _rows(table: Tag) -> Iterator[Tag]:
    for child in table.children:
        if isinstance(child, Tag):
            if child.name == "tr":
                yield child
            elif child.name in ("thead", "tbody", "tfoot"):
                yield from _rows(child)


def _collect(node: Tag, parts: list[str], depth: int = 0) -> bool:
    """Gather the visible text of a cell; False when it holds a table of its own."""
    if depth > _DEEPEST:
        parts.append(node.get_text(" "))
        return True
    for child in node.children:
        if isinstance(child, Tag):
            if child.name == "table":
                return False
            if child.name in _SKIPPED or _hidden(child):
                continue
            apart = child.name in _BLOCKS or child.name == "br"
            parts.append(" " if apart else "")
            if not _collect(child, parts, depth + 1):
                return False
            parts.append(" " if apart else "")
        elif type(child) in (NavigableString, CData):
            parts.append(str(child))
    return True
