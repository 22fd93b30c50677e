"""What a text is beyond doubt, so that the classifier need not be asked.

Only clean UTF-8 without a mark of any other format is beyond doubt. Whatever holds a control character, a broken
byte, a tag, or columns gets its second opinion.
"""

import re
from typing import Final

LONGEST: Final = (
    64 * 1024
)  # bytes; beyond, the classifier's few milliseconds are small beside the rest of the reading
_LEAST: Final = 100  # characters; less says too little
_LINE: Final = 40  # characters that lines of prose have on average; lists and labelled fields are shorter
_TIGHT_EVERY: Final = 300  # characters to each separator without a space after it that prose may have
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]")
_MARKUP = re.compile(r"""<[\w/!?]|[{\[]\s*["{\[]""")  # tags; objects and lists of JSON
_MARKS = re.compile(
    r"[{}|`\t\\]"  # code, tables
    r"|\]\(|\*\*|__"  # links and emphasis of Markdown
    r"|^[ ]{0,3}(?:[#>*+•-]|\d{1,3}[.)])[ \t]*\S"  # its headings, quotations and lists
    r"|^[ ]*[-=~_*]{3,}[ ]*$",  # its rules and underlines
    re.MULTILINE,
)
_TIGHT = re.compile(r"[,;](?=[^\s\d'\"”’»)\]])")  # as between cells


def is_prose(data: bytes) -> bool:
    """Whether `data` is clean running text: no marks, no columns, no list of short lines."""
    text = _clean(data)
    if text is None or len(text) < _LEAST or text[0] in '[("' or _MARKS.search(text):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if len(text) < _LINE * len(lines) or len(_TIGHT.findall(text)) * _TIGHT_EVERY > len(text):
        return False
    return not any(_in_columns(lines, separator) for separator in ",;:")


def is_bare(data: bytes) -> bool:
    """Whether `data` is clean text that cannot be taken for HTML, XML or JSON."""
    text = _clean(data)
    return text is not None and text[0] not in "[{"


def _clean(data: bytes) -> str | None:
    """The text of well-formed UTF-8 without controls, tags and braces of JSON; None when it is not that."""
    if len(data) > LONGEST:
        return None
    try:
        text = data.decode("utf-8").replace("\r\n", "\n").strip()
    except UnicodeDecodeError:
        return None
    return text if text and not _CONTROLS.search(text) and not _MARKUP.search(text) else None


def _in_columns(lines: list[str], separator: str) -> bool:
    """Whether every line has the same number of separators, at least one."""
    counts = {line.count(separator) for line in lines}
    return len(lines) > 1 and len(counts) == 1 and 0 not in counts
