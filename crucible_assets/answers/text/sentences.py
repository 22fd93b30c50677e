"""What a model says, sentence by sentence with the labels that each cites, while it is being streamed.

The reader looks at the text one character at a time, so that what it gives cannot depend on how the stream was cut.
"""

from dataclasses import dataclass

import regex

from crucible_assets.answers.text.endings import TERMINATOR, continues
from crucible_assets.answers.text.marks import labels_of, mark_end, marks_behind
from resources.models.reader.spans import Span

LONGEST = 4000
"""Characters of a sentence; of a longer one the rest is a sentence of its own."""

_ITEM = regex.compile(r"[ \t]*(?:[-*+•▪◦·–]|\d{1,3}[.)])[ \t]+")
_BREAK = regex.compile(r"[ \t]*(?:[-*+•▪◦·–][ \t]|\d{1,3}[.)][ \t]|#{1,6}[ \t]|\||>|```|~~~|(?=\n))")
_BREAK_BEGUN = regex.compile(r"[ \t]*(?:[-*+•▪◦·–]|\d{1,3}[.)]?|#{1,6}|`{1,2}|~{1,2})?")
_FENCE = regex.compile(r"[ \t]*(`{3,12}(?!`)|~{3,12}(?!~))")
_LONGEST_FENCED = 20_000  # characters; of fenced code that is not closed by then the rest is a sentence of its own
_LINE_ITSELF = regex.compile(r"[ \t]*(?:#{1,6}[ \t].*|\|.*|(?:\*\*|__)[^*_\n]+(?:\*\*|__):?[ \t]*)")
_TICKS = regex.compile(r"`+")
_LONGEST_CODE = 400  # characters; backticks that are not closed by then are characters like others
_BLANKS = regex.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in Markdown without its citation marks, and the labels that it cites, each once, in order."""

    text: str
    labels: tuple[int, ...]


class SentenceReader:
    """Makes sentences of a stream of text: plain or light Markdown with marks like [1], [2][3], [1, 3], 【1】, [^1].

    A mark belongs to the sentence that it stands in or behind, also on a line of its own; at the beginning of a line
    with other words it belongs to these. Headings, list items, rows of tables and fenced code are sentences.
    """

    def __init__(self) -> None:
        self._text = ""
        self._scan = _Scan()

    def feed(self, stretch: str) -> list[Said]:
        """Sentences that are complete with this stretch."""
        found: list[Said] = []
        for character in stretch.replace("\r\n", "\n").replace("\r", "\n"):
            self._text += character
            if not character.isalnum() or not self._text[-2:-1].isalnum():
                found += self._complete(final=False)
        return found

    def end(self) -> list[Said]:
        """What is left when the stream has ended."""
        found = self._complete(final=True)
        self._text, self._scan = "", _Scan()
        return found

    def _complete(self, *, final: bool) -> list[Said]:
        found: list[Said] = []
        while True:
            cut = _next(self._text, self._scan, final=final)
            if cut is None:
                return found
            said = _said(self._text[:cut], self._scan.marks, self._scan.verbatim)
            self._text, self._scan = self._text[cut:], _Scan()
            if said.text or said.labels:
                found.append(said)


def read_sentences(text: str) -> list[Said]:
    """All sentences of a text that is there already."""
    reader = SentenceReader()
    return [*reader.feed(text), *reader.end()]


class _Scan:
    """How far the beginning of the held text was looked at, and what was found in it."""

    __slots__ = ("at", "begun", "marks", "verbatim")

    def __init__(self) -> None:
        self.at = 0
        self.begun = False  # whether words of the sentence were seen
        self.marks: list[Span] = []
        self.verbatim: list[Span] = []  # code, in which blanks and brackets are kept

    def with_marks_behind(self, text: str, at: int, *, final: bool) -> int | None:
        """Where the marks behind a sentence's end at `at` end, which are its own; None when more may come."""
        behind = marks_behind(text, at, final=final)
        if behind is None:
            return None
        self.marks += behind[1]
        return behind[0]


def _next(text: str, scan: _Scan, *, final: bool) -> int | None:
    """Where the first sentence of the text ends with all that belongs to it; None when that cannot be said yet."""
    while scan.at < len(text):
        at = scan.at
        character = text[at]
        if not scan.begun:
            step = _begin(text, scan, final=final)
            if step is None:
                return None
            if step:
                return step
            continue
        if character == "\n":
            ends = _ends_line(text, at, final=final)
            if ends is None:
                return None
            if ends:
                return scan.with_marks_behind(text, at, final=final)
        elif character == "`":
            code = _code(text, at, final=final)
            if code is None:
                return None
            if code > at + 1:
                scan.verbatim.append(Span(at, code))
            scan.at = code
            continue
        elif character in "[【［":
            mark = mark_end(text, at, final=final)
            if mark is None:
                return None
            if mark:
                scan.marks.append(Span(at, mark))
                scan.at = mark
                continue
        elif (match := TERMINATOR.match(text, at)) is not None:
            if match.end() == len(text) and not final:
                return None
            end = _sentence_end(text, match, scan, final=final)
            if end is None:
                return None
            if end:
                return end
            scan.at = match.end()
            continue
        elif at >= LONGEST and character.isspace():
            return at
        scan.at += 1
    return len(text) if final and text else None


def _begin(text: str, scan: _Scan, *, final: bool) -> int | None:
    """Step over what comes before the first word; a length when a whole block was found there, 0 to go on."""
    at = scan.at
    if text[at].isspace():
        scan.at += 1
        return 0
    line = text.rfind("\n", 0, at) + 1
    rest = text[line:]
    if not final and "\n" not in rest and _BREAK_BEGUN.fullmatch(rest):
        return None
    fence = _FENCE.match(text, line)
    if fence is not None:
        if not final and not text.endswith("\n") and len(text) < _LONGEST_FENCED:
            return None  # only a whole line closes it
        close = regex.compile(rf"\n[ \t]*{regex.escape(fence.group(1))}[ \t]*(?:\n|$)").search(text, fence.end())
        if close is None or (not final and not close.group().endswith("\n")):
            if not final and len(text) < _LONGEST_FENCED:
                return None
            end = len(text)
        else:
            end = close.end()
        scan.verbatim.append(Span(at, end))
        return end
    item = _ITEM.match(text, line)
    if item is not None and item.end() > at:
        scan.at = item.end()
        if scan.at == len(text) and not final:
            scan.at = at
            return None
    scan.begun = True
    return 0


def _ends_line(text: str, at: int, *, final: bool) -> bool | None:
    """Whether the line end at `at` ends a sentence; None when that cannot be said yet."""
    begin = text.rfind("\n", 0, at) + 1
    if _LINE_ITSELF.fullmatch(text, begin, at):
        return True
    rest = text[at + 1 :]
    if not final and "\n" not in rest and _BREAK_BEGUN.fullmatch(rest):
        return None
    return _BREAK.match(rest) is not None or not rest.strip()


def _sentence_end(text: str, match: "regex.Match[str]", scan: _Scan, *, final: bool) -> int | None:
    """Where the sentence ends that has a terminator, with the marks behind it; 0 when it goes on."""
    behind = marks_behind(text, match.end(), final=final)
    if behind is None:
        return None
    end, marks = behind
    after = end
    while after < len(text) and text[after].isspace():
        after += 1
    if after == len(text) and not final:
        return None
    marked = bool(marks) or any(mark.end == match.start() for mark in scan.marks)
    parted = end > match.end() or after > end or after == len(text) or match["wide"]
    if parted and not final and _undecided(text, after):
        return None
    if not parted or continues(text, match, after, marked=marked):
        return 0
    scan.marks += marks
    return end


def _undecided(text: str, after: int) -> bool:
    """Whether the word behind a terminator is not complete yet, on which ordinals depend."""
    return text[after:].isalnum() and "\n" not in text[after:]


def _code(text: str, at: int, *, final: bool) -> int | None:
    """Where the code span at `at` ends; behind the backticks when it is none, None when it is not complete."""
    ticks = _TICKS.match(text, at)
    assert ticks is not None, "only called at a backtick"
    if ticks.end() == len(text) and not final:
        return None
    for other in _TICKS.finditer(text, ticks.end(), ticks.end() + _LONGEST_CODE):
        if other.group() == ticks.group():
            return None if other.end() == len(text) and not final else other.end()
    stretch = text[ticks.end() : ticks.end() + _LONGEST_CODE]
    open_ = not final and len(stretch) < _LONGEST_CODE and "\n\n" not in stretch
    return None if open_ else at + 1 if len(ticks.group()) == 1 else ticks.end()


def _said(text: str, marks: list[Span], verbatim: list[Span]) -> Said:
    labels: dict[int, None] = {}
    for mark in marks:
        labels |= dict.fromkeys(labels_of(text[mark.start : mark.end]))
    parts: list[str] = []
    at = 0
    for mark in [*sorted(marks, key=lambda one: one.start), Span(len(text), len(text))]:
        stretch = _tidied(text, at, mark.start, verbatim)
        if parts and stretch[:1] and stretch[0] in ".,;:!?。！？、，)»”":
            parts[-1] = parts[-1].rstrip()
        parts.append(stretch)
        at = mark.end
    joined = "".join(parts).strip()
    return Said(joined.replace("  ", " ") if not verbatim else joined, tuple(labels))


def _tidied(text: str, start: int, end: int, verbatim: list[Span]) -> str:
    """A stretch with every run of white space as one blank, apart from code."""
    parts: list[str] = []
    at = start
    for span in verbatim:
        if start <= span.start < end:
            parts += [_BLANKS.sub(" ", text[at : span.start]), text[span.start : span.end]]
            at = span.end
    return "".join([*parts, _BLANKS.sub(" ", text[at:end])])
