"""Plain text and Markdown. The text stays as it stands in the file; segments map it to its paragraphs."""

import re
from itertools import pairwise

from crucible_assets.documents.charset import decode
from crucible_assets.documents.parsed import Draft, clean
from resources.vocabulary import Segment, SegmentKind

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_LIST_MARKER = re.compile(r"\s*(?:[-*+•‣▪]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+\S")
_ATX = re.compile(r" {0,3}(#{1,6})(?:\s+(.*?))?\s*#*\s*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_FIELD = re.compile(r"^([A-Za-z][\w-]*):[ \t]*(.+?)[ \t]*$", re.MULTILINE)


def parse_text(data: bytes) -> Draft:
    """Read plain text in any encoding; a segment is a run of lines without a blank one."""
    text, metadata, warnings = _decoded(data)
    breaks = [(0, 0), *((found.start(), found.end()) for found in _BLANK_LINES.finditer(text)), (len(text), 0)]
    segments = tuple(
        Segment(
            start,
            end,
            SegmentKind.LIST_ITEM if _LIST_MARKER.match(text, start, end) else SegmentKind.PARAGRAPH,
            label=f"paragraph {number}",
        )
        for number, ((_, start), (end, _)) in enumerate(pairwise(breaks), start=1)
        if start < end
    )
    return Draft(text, segments, "text", metadata=metadata, warnings=warnings)


def parse_markdown(data: bytes) -> Draft:
    """Read Markdown as it stands, marks included, with headings, list items and table rows told apart."""
    text, metadata, warnings = _decoded(data)
    front = _FRONT_MATTER.match(text)
    fields = dict(_FRONT_FIELD.findall(front.group(1))) if front else {}
    segments = tuple(_markdown_segments(text, front.end() if front else 0))
    first = next((s for s in segments if s.kind is SegmentKind.HEADING), None)
    title = fields.get("title", "").strip("\"'") or (first and text[first.start : first.end].strip("# \n=-")) or None
    return Draft(
        text,
        segments,
        "markdown",
        title=title,
        author=fields.get("author", "").strip("\"'") or None,
        created=fields.get("date", "").strip("\"'")[:10] or None,
        language=fields.get("lang") or fields.get("language") or None,
        metadata=metadata,
        warnings=warnings,
    )


def _decoded(data: bytes) -> tuple[str, dict[str, str], tuple[str, ...]]:
    decoded = decode(data)
    warnings = []
    if decoded.replaced:
        warnings.append(f"{decoded.replaced:,} bytes mean nothing in {decoded.encoding} and were replaced by U+FFFD.")
    if "\x00" in decoded.text:
        warnings.append(f"{decoded.text.count(chr(0)):,} NUL characters were left out.")
    return clean(decoded.text).strip(), {"encoding": decoded.encoding}, tuple(warnings)


def _markdown_segments(text: str, start: int) -> list[Segment]:
    """Cut Markdown into blocks line by line; front matter before `start` is one block."""
    segments: list[Segment] = []
    counts: dict[SegmentKind, int] = {}
    open_from: int | None = None  # where the block being collected began
    open_kind = SegmentKind.PARAGRAPH
    fence: str | None = None

    def close(end: int, kind: SegmentKind | None = None, level: int | None = None) -> None:
        nonlocal open_from
        if open_from is None:
            return
        stretch = text[open_from:end]
        begin = open_from + len(stretch) - len(stretch.lstrip())
        finish = open_from + len(stretch.rstrip())
        open_from = None
        if begin >= finish:
            return
        chosen = kind or open_kind
        counts[chosen] = counts.get(chosen, 0) + 1
        label = f"{chosen.value.lower().replace('_', ' ')} {counts[chosen]}"
        segments.append(Segment(begin, finish, chosen, label=label, level=level))

    if start:
        open_from = 0
        close(start)
    lines = [(found.start(), found.group()) for found in re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text[start:])]
    lines = [(start + offset, line) for offset, line in lines]
    for (offset, line), (_, following) in pairwise([*lines, (len(text), "")]):
        if fence is not None:
            if line.strip().startswith(fence):
                fence = None
                close(offset + len(line))
            continue
        mark = _FENCE.match(line)
        atx = _ATX.match(line)
        if mark is not None:
            close(offset)
            fence, open_from, open_kind = mark.group(1), offset, SegmentKind.PARAGRAPH
        elif not line.strip():
            close(offset)
        elif atx is not None:
            close(offset)
            open_from = offset
            close(offset + len(line), SegmentKind.HEADING, len(atx.group(1)))
        elif open_from is not None and open_kind is SegmentKind.PARAGRAPH and _SETEXT.match(line):
            close(offset + len(line), SegmentKind.HEADING, 1 if "=" in line else 2)
        elif "|" in line and (_TABLE_RULE.match(following) or _in_table(segments, text, offset)):
            close(offset)
            open_from = offset
            close(offset + len(line), SegmentKind.TABLE_ROW)
        elif _LIST_MARKER.match(line):
            close(offset)
            open_from, open_kind = offset, SegmentKind.LIST_ITEM
        elif open_from is None:
            open_from, open_kind = offset, SegmentKind.PARAGRAPH
    close(len(text))
    return segments


def _in_table(segments: list[Segment], text: str, offset: int) -> bool:
    """Whether the line at `offset` follows a table row directly."""
    last = segments[-1] if segments else None
    return last is not None and last.kind is SegmentKind.TABLE_ROW and text[last.end : offset].count("\n") == 1
