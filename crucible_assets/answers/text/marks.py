"""Marks by which a sentence cites: [1], [2][3], [1, 3], [2-4], 【1】, [^1], and links of them.

Of a text that is still being streamed it may be that nothing can be said yet: then the answer is None.
"""

import regex

from resources.models.reader.spans import Span

_NUMBERS = r"[\s^]*\d{1,3}(?:\s*[-–,;、，]\s*\^?\d{1,3})*\s*"
_MARK = regex.compile(rf"\[{_NUMBERS}\]|【{_NUMBERS}(?:†[^】\n]*)?】|［{_NUMBERS}］")
_MARK_BEGUN = regex.compile(r"[\[［][\s\d^,;、，–-]*|【(?:[\s\d^,;、，–-]*|[\s\d^,;、，–-]*†[^】\n]*)")
_LINK_BEHIND = regex.compile(r"\((?:#|https?://)[^\s()]*\)")
_LINK_BEGUN = regex.compile(r"\((?:#[^\s()]*|h|ht|htt|https?|https?:|https?:/|https?://[^\s()]*)?")
_RANGE = regex.compile(r"(\d{1,3})\s*[-–]\s*\^?(\d{1,3})")
_LONGEST_MARK = 60  # characters; an opening bracket with more behind it opens no mark
_MOST_IN_RANGE = 50
_MOST_MARKS = 60  # behind a sentence; more of them are marks of nothing


def without_marks(text: str) -> str:
    """The same text, as long, with round brackets where it has marks of its own, as papers do for their references.

    So shown to a model, a copied sentence cites what the model cites, and not what its author did.
    """
    return str(_MARK.sub(lambda mark: f"({mark.group()[1:-1]})", text))


def labels_of(mark: str) -> list[int]:
    """The labels that a mark names, with all of a range."""
    mark = mark.partition("†")[0].partition("(")[0]
    labels: list[int] = []
    for part in regex.split(r"[,;、，]", mark):
        ends = _RANGE.search(part)
        if ends is not None and 0 <= int(ends.group(2)) - int(ends.group(1)) <= _MOST_IN_RANGE:
            labels += range(int(ends.group(1)), int(ends.group(2)) + 1)
        else:
            labels += map(int, regex.findall(r"\d{1,3}", part))
    return labels


def mark_end(text: str, at: int, *, final: bool) -> int | None:
    """Where the citation mark at `at` ends; 0 when there is none, None when it may be one that is not complete."""
    match = _MARK.match(text, at)
    if match is not None:
        end = match.end()
        behind = text[end : end + 300]
        if not final and (not behind or _LINK_BEGUN.fullmatch(behind)) and len(behind) < 300:
            # a full stop, a blank or another mark settles it; of a link the end must be seen
            return None
        link = _LINK_BEHIND.match(text, end)
        return int(link.end() if link is not None else end)
    if final or len(text) - at >= _LONGEST_MARK:
        return 0
    return None if _MARK_BEGUN.fullmatch(text, at) else 0


def marks_behind(text: str, at: int, *, final: bool) -> tuple[int, list[Span]] | None:
    """Where the marks end that follow a sentence's end at `at`, and these; None when more of them may come."""
    end = at
    marks: list[Span] = []
    while True:
        begin = end
        while begin < len(text) and text[begin].isspace():
            begin += 1
        if begin == len(text):
            if not final:
                return None
            break
        if len(marks) == _MOST_MARKS:
            break
        mark = mark_end(text, begin, final=final)
        if mark is None:
            return None
        if not mark:
            break
        if "\n" in text[end:begin]:
            alone = _alone(text, mark, final=final)
            if alone is None:
                return None
            if not alone:
                break
        marks.append(Span(begin, mark))
        end = mark
    if marks and at > 0 and text[at - 1] in ".。" and text[end : end + 1] in (".", "。"):  # `Text. [1].`
        end += 1
        marks[-1] = Span(marks[-1].start, end)
    return end, marks


def _alone(text: str, at: int, *, final: bool) -> bool | None:
    """Whether nothing but marks and full stops is left on the line."""
    while True:
        while at < len(text) and text[at] in " \t.。":
            at += 1
        if at == len(text):
            return True if final else None
        if text[at] == "\n":
            return True
        mark = mark_end(text, at, final=final)
        if mark is None:
            return None
        if not mark:
            return False
        at = mark
