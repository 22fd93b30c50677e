"""Markdown as HTML that is safe to show, whatever a document or a model has written into it.

Two locks: the Markdown parser takes no HTML and makes no images, and what it made passes a list of allowed elements.
Signs that turn the order of what is seen are taken out. Only links remain that lead to the web or to a mail address;
nothing is fetched when the page is shown.
"""

from functools import cache

import nh3
import regex
from markdown_it import MarkdownIt

_TURNING = regex.compile(
    r"[\u202a-\u202e\u2066-\u2069]|&#(?:823[4-8]|829[4-7]|x20(?:2[a-e]|6[6-9]));", regex.IGNORECASE
)
_ELEMENTS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_LINKS = ("http://", "https://", "mailto:")


def to_html(markdown: str) -> str:
    """Markdown (CommonMark, tables, ~~struck~~) as HTML without scripts, styles, forms, frames, images and events."""
    return nh3.clean(
        _TURNING.sub("", _parser().render(markdown)),
        tags=_ELEMENTS,
        attributes={"a": {"href", "title"}},
        attribute_filter=_only_web,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _only_web(element: str, attribute: str, value: str) -> str | None:
    """Links within the page's own site are none that a document may make."""
    return value if attribute != "href" or value.lower().startswith(_LINKS) else None


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("image")
