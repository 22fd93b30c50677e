"""Web pages: the main content where a page has furniture round it, everything where it has not.

Trafilatura names the main content; the blocks of our own walk that belong to it are kept, so that every block
keeps its place in the page. Tables and headings are never dropped with the furniture, and when the main content
would be a small part of the page's prose, the whole page is kept.
"""

import re
from collections.abc import Sequence
from typing import Final

import trafilatura
from bs4 import BeautifulSoup

from crucible_assets.documents.charset import declared_in_markup, decode
from crucible_assets.documents.parsed import LINE_BREAK, PARAGRAPH_BREAK, Block, Draft, assemble, one_line
from crucible_assets.documents.parsers.html_blocks import HtmlBlock, blocks_of
from crucible_assets.documents.parsers.office import iso_date, language_code
from resources.vocabulary import SegmentKind

_SQUASHED = re.compile(r"[\W_]+")
_LONG: Final = 30  # squashed characters from which a block is found anywhere in the main content
_NEAR: Final = 120  # how far after the last kept block a short one may stand
MINIMUM_CHROME: Final = 0.03  # share of a page's characters in its furniture from which it is taken for a web page
MINIMUM_COVERAGE: Final = 0.3  # share of the prose outside the furniture that the main content must hold
_DATES: Final = ("article:published_time", "datepublished", "dc.date", "dcterms.created", "dcterms.date", "date")
_AUTHORS: Final = ("author", "article:author", "dc.creator", "dcterms.creator")


def parse_html(data: bytes) -> Draft:
    """Read a web page."""
    decoded = decode(data, declared_in_markup(data))
    soup = BeautifulSoup(decoded.text, "lxml")
    blocks = blocks_of(soup)
    kept = main_blocks(blocks, decoded.text)
    warnings = []
    if len(kept) < len(blocks):
        warnings.append(f"{len(blocks) - len(kept):,} blocks of navigation and other page furniture were left out.")
    text, segments = assemble(_as_block(block) for block in kept)
    meta = _meta(soup)
    heading = next((one_line(block.text) for block in kept if block.kind is SegmentKind.HEADING), None)
    title = one_line(soup.title.get_text()) if soup.title is not None else ""
    root = soup.html
    declared = str(root.get("lang") or root.get("xml:lang") or "") if root is not None else ""
    return Draft(
        text,
        segments,
        "html",
        title=meta.get("og:title") or title or heading,
        author=next((meta[name] for name in _AUTHORS if name in meta), None),
        created=next((date for name in _DATES if (date := iso_date(meta.get(name, "")))), None),
        language=language_code(declared or meta.get("language", "")),
        metadata={
            "encoding": decoded.encoding,
            **{name: meta[name] for name in ("description", "keywords") if name in meta},
        },
        warnings=tuple(warnings),
    )


def main_blocks(blocks: Sequence[HtmlBlock], page: str) -> Sequence[HtmlBlock]:
    """The blocks to keep: those of the main content, or all of them for pages that are no web pages."""
    total = sum(len(block.text) for block in blocks)
    furniture = sum(len(block.text) for block in blocks if block.chrome or block.linked > 0.6)
    if furniture < MINIMUM_CHROME * total:
        return blocks
    found = trafilatura.bare_extraction(page, include_comments=False, include_tables=True, with_metadata=False)
    main = squash(getattr(found, "text", None) or "")
    kept = _matching(blocks, main)
    prose = sum(
        len(block.text) for block in blocks if not block.chrome and block.linked < 0.3 and len(block.text) > 80
    )
    if sum(len(block.text) for block in kept) < MINIMUM_COVERAGE * prose:
        return blocks
    return kept


def _matching(blocks: Sequence[HtmlBlock], main: str) -> list[HtmlBlock]:
    """The blocks whose text stands in `main`, in order; and tables and first-level headings outside furniture."""
    kept = []
    cursor = 0
    for block in blocks:
        key = squash(block.text)
        essential = not block.chrome and (
            block.kind is SegmentKind.TABLE_ROW or (block.kind is SegmentKind.HEADING and block.level == 1)
        )
        at = main.find(key, cursor, None if len(key) >= _LONG else cursor + len(key) + _NEAR) if key else -1
        if at < 0 and len(key) >= _LONG and key in main:
            kept.append(block)  # trafilatura put it elsewhere
        elif at >= 0:
            cursor = at + len(key)
            kept.append(block)
        elif essential or _mostly_in(block.text, main):
            kept.append(block)
    return kept


def _mostly_in(text: str, main: str) -> bool:
    """Whether most sentences of a longer block are in `main` (trafilatura dropped a part of it, or split it)."""
    sentences = [key for part in re.split(r"(?<=[.!?;:])\s+|\n", text) if len(key := squash(part)) >= _LONG]
    return bool(sentences) and 2 * sum(sentence in main for sentence in sentences) > len(sentences)


def squash(text: str) -> str:
    """Letters and digits only, folded: what survives any reformatting."""
    return _SQUASHED.sub("", text).casefold()


def _as_block(block: HtmlBlock) -> Block:
    follows = block.kind is SegmentKind.LIST_ITEM or (block.kind is SegmentKind.TABLE_ROW and not block.table_start)
    separator = LINE_BREAK if follows else PARAGRAPH_BREAK
    return Block(block.text, block.kind, label=block.label, level=block.level, separator=separator)


def _meta(soup: BeautifulSoup) -> dict[str, str]:
    """The page's meta elements by lower-case name; the first of each."""
    values: dict[str, str] = {}
    for tag in soup.find_all("meta"):
        name = str(tag.get("property") or tag.get("name") or tag.get("itemprop") or tag.get("http-equiv") or "")
        content = one_line(str(tag.get("content") or ""))
        if name and content:
            values.setdefault(name.lower(), content[:1000])
    return values
