"""An answer as JSON, as Markdown, and as HTML that is safe to show.

From JSON and from Markdown the same answer comes back: one statement a paragraph, its labels at its end. What a text
holds that would be read as part of this form stands as a character reference (`&#91;` for `[`), which Markdown shows
as the character itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

from resources.statements import AnswerStatus, Support

_SOURCES = "## Sources"
_UNANSWERED = {
    AnswerStatus.ABSTAINED: "> **No answer.**",
    AnswerStatus.FAILED: "> **The answer failed.**",
    AnswerStatus.RUNNING: "> **The answer is being written.**",
    AnswerStatus.WITHDRAWN: "> **The answer is withdrawn:** the documents that it rested on were deleted or changed.",
}
_SUFFIXES = {
    Support.UNSUPPORTED: "(not in the sources)",
    Support.UNCHECKED: "(not checked)",
    Support.PARTLY: "(partly supported)",
}
_LINE_END_OR_EDGE = regex.compile(r"[\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00]|^\s|\s$|#$")
_BEGINS_REFERENCE = regex.compile(r"&(?=#?\w+;)")
_REFERENCE = regex.compile(r"&amp;(?=#?\w+;)|&#(\d{1,7});")
_LEAD = regex.compile(r"(?:#{1,6}|[-*+]|\d{1,3}[.)])\s(?=\S)")
_OPENING = regex.compile(
    r"^(?:[\[>|~`=<#]|-{2,}|_{3}|\*{3}|[-*+]$|\d{1,9}[.)](?=\s|$)|[-*+_](?=\s))"
)  # what a paragraph must not begin with by itself
_LABELS = regex.compile(r" ((?:\[\d+\])+)$")
_LOOKS_LIKE_LABEL = regex.compile(r"\[(?=\d+\]$)")
_LOOKS_LIKE_SUFFIX = regex.compile(r"\((?=(?:not in the sources|not checked|partly supported)\)$)")
_LOOKS_LIKE_PAGE = regex.compile(r",(?= page \d+$)")
_SOURCE = regex.compile(r"- \[(?P<label>\d+)\] (?P<document>.*?)(?:, page (?P<page>\d+))?")
_LITERAL = regex.compile(r"[\\`*_~\[\]<!|]")


@dataclass(frozen=True, slots=True)
class StatementText:
    """A statement as a reader sees it: Markdown without citation marks, and the labels of the sources it cites."""

    text: str
    support: Support
    labels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("a statement without words")


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source under its label; `page` counts from 1, None where the document has no pages."""

    label: int
    document: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer as it is shown. `abstention` says why nothing is answered, and stands exactly with ABSTAINED."""

    question: str
    status: AnswerStatus
    abstention: str | None = None
    statements: tuple[StatementText, ...] = ()
    sources: tuple[SourceText, ...] = ()

    def __post_init__(self) -> None:
        if (self.status is AnswerStatus.ABSTAINED) != (self.abstention is not None):
            raise ValueError(f"an answer that is {self.status} and says why it abstains: {self.abstention!r}")


def to_json(answer: AnswerText) -> dict[str, Any]:
    """The answer as JSON: question, status, abstention, statements, sources."""
    return {
        "question": answer.question,
        "status": answer.status.value,
        "abstention": answer.abstention,
        "statements": [
            {"text": one.text, "support": one.support.value, "labels": list(one.labels)} for one in answer.statements
        ],
        "sources": [
            {"label": one.label, "document": one.document, "page": one.page} for one in answer.sources
        ],
    }  # fmt: skip


def from_json(data: Mapping[str, Any]) -> AnswerText:
    """The answer that `to_json` wrote. Raises KeyError, ValueError or TypeError for anything else."""
    return AnswerText(
        str(data["question"]),
        AnswerStatus(data["status"]),
        None if data["abstention"] is None else str(data["abstention"]),
        tuple(
            StatementText(str(one["text"]), Support(one["support"]), tuple(map(int, one["labels"])))
            for one in data["statements"]
        ),
        tuple(
            SourceText(int(one["label"]), str(one["document"]), None if one["page"] is None else int(one["page"]))
            for one in data["sources"]
        ),
    )


def to_markdown(answer: AnswerText) -> str:
    """The answer as Markdown: what is not in the sources struck through, what is not checked marked as such."""
    blocks = [f"# {_literal(answer.question)}"]
    if answer.status in _UNANSWERED:
        blocks.append(f"{_UNANSWERED[answer.status]} {_literal(answer.abstention or '')}".rstrip())
    blocks += map(_statement_line, answer.statements)
    if answer.sources:
        blocks.append(_SOURCES)
        blocks.append("\n".join(map(_source_line, answer.sources)))
    return "\n\n".join(blocks) + "\n"


def from_markdown(markdown: str) -> AnswerText:
    """The answer that `to_markdown` wrote. Raises ValueError for a text of another form."""
    lines = [line for line in markdown.split("\n") if line]
    if not lines or not lines[0].startswith("#"):
        raise ValueError("an answer begins with its question as a heading: # …")
    status, abstention = AnswerStatus.ANSWERED, None
    statements: list[StatementText] = []
    sources: list[SourceText] = []
    among_sources = False
    for line in lines[1:]:
        state = next((one for one, words in _UNANSWERED.items() if line.startswith(words)), None)
        if among_sources:
            sources.append(_read_source(line))
        elif line == _SOURCES:
            among_sources = True
        elif state is not None:
            status = state
            if state is AnswerStatus.ABSTAINED:
                abstention = _read(line[len(_UNANSWERED[state]) :].removeprefix(" "))
        else:
            statements.append(_read_statement(line))
    return AnswerText(
        _read(lines[0].removeprefix("#").removeprefix(" ")), status, abstention, tuple(statements), tuple(sources)
    )


def _statement_line(statement: StatementText) -> str:
    lead = _LEAD.match(statement.text)
    head = lead.group() if lead is not None and lead.group()[-1] == " " else ""
    body = statement.text[len(head) :]
    if statement.support is Support.UNSUPPORTED:
        # nothing in it may end the striking through, or hide what is said behind it
        body = f"~~{_literal(body)}~~"
    else:
        body = _OPENING.sub(_reference, _written(body), count=1)
        body = body[:-1] + "&#92;" if body.endswith("\\") else body
    line = head + body
    if line == _SOURCES:
        line = _reference_to(line[0]) + line[1:]
    for pattern in (_LOOKS_LIKE_LABEL, _LOOKS_LIKE_SUFFIX):
        line = pattern.sub(_reference, line)
    suffix = _SUFFIXES.get(statement.support)
    line = line if suffix is None else f"{line} {suffix}"
    return line + (" " + "".join(f"[{label}]" for label in statement.labels) if statement.labels else "")


def _read_statement(line: str) -> StatementText:
    labels: tuple[int, ...] = ()
    if (match := _LABELS.search(line)) is not None:
        labels = tuple(map(int, regex.findall(r"\d+", match.group(1))))
        line = line[: match.start()]
    support = next((one for one, suffix in _SUFFIXES.items() if line.endswith(f" {suffix}")), Support.SUPPORTED)
    if support is not Support.SUPPORTED:
        line = line[: -len(_SUFFIXES[support]) - 1]
    if support is Support.UNSUPPORTED:
        lead = _LEAD.match(line)
        head = lead.group() if lead is not None else ""
        line = head + line[len(head) :].removeprefix("~~").removesuffix("~~")
    return StatementText(_read(line), support, labels)


def _source_line(source: SourceText) -> str:
    name = _LOOKS_LIKE_PAGE.sub(_reference, _literal(source.document))
    return f"- [{source.label}] {name}" + (f", page {source.page}" if source.page is not None else "")


def _read_source(line: str) -> SourceText:
    match = _SOURCE.fullmatch(line)
    if match is None:
        raise ValueError(f"this is no line of a source: {line!r}; such as: - [1] report.pdf, page 3")
    page = match["page"]
    return SourceText(int(match["label"]), _read(match["document"]), None if page is None else int(page))


def _written(text: str) -> str:
    """The text on one line, with references for what ends lines, begins references, or is blank at the ends."""
    return str(_LINE_END_OR_EDGE.sub(_reference, _BEGINS_REFERENCE.sub("&amp;", text)))


def _literal(text: str) -> str:
    """A text of which nothing is Markdown, on one line."""
    plain = _LITERAL.sub(_reference, _BEGINS_REFERENCE.sub("&amp;", text))
    return str(_LINE_END_OR_EDGE.sub(_reference, plain))


def _reference(match: "regex.Match[str]") -> str:
    """The first character of a match as a reference, the rest as it is."""
    return _reference_to(match.group()[0]) + str(match.group()[1:])


def _reference_to(character: str) -> str:
    return f"&#{ord(character)};"


def _read(text: str) -> str:
    return str(_REFERENCE.sub(lambda match: chr(int(match[1])) if match[1] else "&", text))
