"""XML: prose as paragraphs, records as 'name: value | name: value', labelled with the path of the element.

Entities that a file declares itself are refused, so neither local files nor exponential expansions can be reached;
nothing external is ever loaded.
"""

import io
import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from crucible_assets.documents.charset import declared_in_markup, decode
from crucible_assets.documents.errors import DamagedDocument, UnsupportedFormat
from crucible_assets.documents.parsed import (
    CELL_SEPARATOR,
    LINE_BREAK,
    PARAGRAPH_BREAK,
    Block,
    Draft,
    assemble,
    one_line,
)
from crucible_assets.documents.parsers.office import language_code
from resources.vocabulary import SegmentKind

MAX_DEPTH: Final = 500
_SHORT: Final = 200  # characters up to which an element is shown with its name
# element names of prose vocabularies (DocBook, TEI, JATS, DITA, XHTML, SVG) whose name says nothing of the content
_PROSE: Final = frozenset(
    [
        "p",
        "para",
        "simpara",
        "ab",
        "l",
        "s",
        "seg",
        "div",
        "section",
        "sec",
        "body",
        "text",
        "tspan",
        "span",
        "desc",
        "note",
        "abstract",
        "caption",
        "quote",
        "q",
        "blockquote",
        "td",
        "th",
        "entry",
        "cell",
        "item",
        "li",
        "listitem",
        "term",
        "def",
        "line",
        "verse",
    ]
)
_TITLES: Final = frozenset(["title", "head", "heading", "h1", "h2", "h3", "h4", "h5", "h6", "article-title"])
_ROWS: Final = frozenset(["tr", "row"])
_INLINE: Final = frozenset(
    [
        "b",
        "i",
        "u",
        "em",
        "strong",
        "emphasis",
        "hi",
        "sup",
        "sub",
        "italic",
        "bold",
        "sc",
        "a",
        "link",
        "xref",
        "ref",
        "ulink",
        "ext-link",
        "span",
        "tspan",
        "code",
        "monospace",
        "term",
        "name",
        "foreign",
        "quote",
        "q",
        "footnoteref",
        "br",
        "lb",
    ]
)


def parse_xml(data: bytes) -> Draft:
    """Read an XML document of any vocabulary."""
    root = _tree(data)
    blocks = list(_blocks(root, "/" + _name(root)))
    text, segments = assemble(blocks)
    titles = (one_line("".join(e.itertext())) for e in root.iter() if _name(e) in _TITLES)
    language = next((value for key, value in root.attrib.items() if key.rpartition("}")[2] == "lang"), "")
    return Draft(
        text,
        segments,
        "xml",
        title=next((title for title in titles if title), None),
        language=language_code(language),
        metadata={"root": _name(root)},
    )


def _tree(data: bytes) -> Element:
    """Parse without entities and with bounded depth."""
    if not data.lstrip().startswith(b"<"):  # UTF-16 or EBCDIC, with or without a mark: expat reads UTF-8 surely
        decoded = decode(data, declared_in_markup(data)).text
        data = re.sub(r"\A\s*<\?xml[^>]*\?>", "", decoded).encode("utf-8", "replace")
    depth = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(data.lstrip()), events=("start", "end"), forbid_external=True):
            if event == "start":
                root = element if root is None else root
                depth += 1
                if depth > MAX_DEPTH:
                    raise DamagedDocument(
                        f"The elements are nested deeper than {MAX_DEPTH} levels.",
                        "Check how the file was made; no document needs that.",
                    )
            else:
                depth -= 1
    except DefusedXmlException as error:
        raise UnsupportedFormat(
            "The file declares XML entities, which are refused because they can read files or exhaust memory.",
            "Replace the entities by their text, remove the DOCTYPE and upload it again.",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise DamagedDocument(
            f"The file is no well-formed XML ({error}).", "Mend it there, or export it again from where it came."
        ) from error
    if root is None:
        raise DamagedDocument("The file holds no XML element.", "Export it again from where it came.")
    return root


def _name(element: Element) -> str:
    """The element's name without its namespace; '' for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _blocks(element: Element, path: str) -> Iterator[Block]:
    """Blocks of `element` and what is in it, depth first, in document order."""
    name = _name(element)
    if not name:
        return
    children = [child for child in element if _name(child)]
    if name in _ROWS and children:
        cells = [one_line("".join(child.itertext())) for child in children]
        yield Block(CELL_SEPARATOR.join(cells), SegmentKind.TABLE_ROW, label=path, separator=LINE_BREAK)
    elif not children or _is_mixed(element, children):
        yield from _leaf(element, name, path)
    elif _is_record(children):
        cells = [f"{key}: {value}" for key, value in _attributes(element)]
        for child in children:
            cells += [f"{_name(child)} {key}: {value}" for key, value in _attributes(child)]
            if value := one_line(child.text or ""):
                cells.append(f"{_name(child)}: {value}")
        yield Block(CELL_SEPARATOR.join(cells), SegmentKind.TABLE_ROW, label=path, separator=LINE_BREAK)
    else:
        if attributes := _attributes(element):
            yield Block(CELL_SEPARATOR.join(f"{name} {key}: {value}" for key, value in attributes), label=path)
        yield from _loose(element.text, path)
        seen: dict[str, int] = {}
        for child in children:
            seen[_name(child)] = seen.get(_name(child), 0) + 1
            yield from _blocks(child, f"{path}/{_name(child)}[{seen[_name(child)]}]")
            yield from _loose(child.tail, path)


def _leaf(element: Element, name: str, path: str) -> Iterator[Block]:
    value = one_line("".join(element.itertext()))
    if name in _TITLES:
        yield Block(value, SegmentKind.HEADING, label=path, level=min(6, max(1, path.count("/") - 1)))
        return
    cells = [f"{name} {key}: {text}" for key, text in _attributes(element)] if name not in _PROSE else []
    if value:
        cells.append(value if name in _PROSE or len(value) > _SHORT or len(element) else f"{name}: {value}")
    is_line = len(value) <= _SHORT and name not in _PROSE
    yield Block(CELL_SEPARATOR.join(cells), label=path, separator=LINE_BREAK if is_line else PARAGRAPH_BREAK)


def _loose(text: str | None, path: str) -> Iterator[Block]:
    """Text that stands between elements."""
    if text and text.strip():
        yield Block(one_line(text), label=path)


def _attributes(element: Element) -> list[tuple[str, str]]:
    """Attributes that hold data: no namespaced ones (xml:lang, xlink:href, xsi:type)."""
    return [(key, one_line(value)) for key, value in element.attrib.items() if "}" not in key and value.strip()]


def _is_mixed(element: Element, children: list[Element]) -> bool:
    """Whether text and inline elements run together, as in a paragraph."""
    if not all(_name(child) in _INLINE for child in element.iter() if child is not element and _name(child)):
        return False
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in children)


def _is_record(children: list[Element]) -> bool:
    """Whether the children are named values: no children of their own, short, and none of them prose."""
    return (
        all(
            (not len(child) and len(child.text or "") <= _SHORT and _name(child) not in _PROSE | _TITLES)
            or (not len(child) and _name(child) == "title" and len(children) > 2)
            for child in children
        )
        and len({_name(child) for child in children}) > len(children) // 2
    )
