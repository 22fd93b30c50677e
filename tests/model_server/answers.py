"""Ready-made answerers: from gold labels, from labelled lines, from a script."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.model_server.locate import mention, place, sentence
from tests.model_server.schemas import Form, is_closed, property_named
from tests.model_server.shaping import Finding, Lookup, cell, shaped
from tests.model_server.verdicts import verdict
from tests.model_server.view import Answerer, Json, OutputMode, Reply, RequestView
from tests.model_server.wire import dumps

Gold = Mapping[str, Sequence[Json]]
_MEMORY = 512  # documents whose reading is remembered
_LINE = re.compile(r"^[ \t>*|-]*([^\W\d][\w .()/-]{0,80}?)[ \t]*[:=|][ \t]*(\S.*?)[ \t|]*$", re.MULTILINE)


class AnswersError(ValueError):
    """A file or mapping of answers that cannot be used; the message says which line and why."""


class ScriptExhaustedError(LookupError):
    """More requests came than the script has replies."""


def answer_from(view: RequestView, lookup: Lookup, everything: Callable[[], Mapping[str, Json]]) -> str:
    """The text of an answer made of findings: JSON of the asked shape, all findings without a schema, or prose."""
    if view.schema is not None and view.form in (Form.CELL, Form.VERDICT):
        findings = lookup(view.properties[0]) if view.properties else ()
        if view.form is Form.VERDICT:
            return _dumps(verdict(view.asked.value, findings))
        return _dumps(cell(view.schema, findings))
    if view.schema is not None:
        return _dumps(shaped(view.schema, lookup))
    if view.mode is OutputMode.JSON_OBJECT:
        return _dumps(everything())
    return f"I have read {len(view.document.split())} words and was asked: {view.question[-200:].strip()}"


def _dumps(value: Json) -> str:
    return dumps(value).decode()


class _Remembered:
    """Results by document, the most recently used ones."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._known: OrderedDict[str, Any] = OrderedDict()

    def __call__(self, document: str) -> Any:
        known = self._known
        if document in known:
            known.move_to_end(document)
            return known[document]
        result = known[document] = self._make(document)
        if len(known) > _MEMORY:
            known.popitem(last=False)
        return result


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


class LabelledLines:
    """Answers each variable from lines `name: value` of the document; a variable without a line is absent.

    Names are compared without regard to case, spaces and underscores. Several lines are several values. The line
    is the quote.
    """

    def __init__(self) -> None:
        self._lines = _Remembered(_labelled)

    def __call__(self, view: RequestView) -> Reply:
        lines: dict[str, list[Finding]] = self._lines(view.document)
        return Reply(
            answer_from(
                view,
                lambda name: lines.get(_folded(name), ()),
                lambda: {name: found[0].value for name, found in lines.items()},
            )
        )


def _labelled(document: str) -> dict[str, list[Finding]]:
    lines: dict[str, list[Finding]] = {}
    for found in _LINE.finditer(document):
        line = found.group().strip()
        lines.setdefault(_folded(found.group(1)), []).append(Finding(found.group(2), line))
    return lines


class GoldAnswers:
    """Answers from labels: `{document: {variable: [values]}}`.

    A document is named by words that stand in it (a marker), or by its whole text; a chunk is recognised by the
    lines it shares with that text. A value is told only where it can be found in the text that was sent, quoted by
    its sentence. Yes/no values and values of a closed list need not stand there: they quote the sentence that
    comes closest to the variable's name. What is not labelled is answered by `otherwise`.
    """

    def __init__(self, gold: Mapping[str, Gold], otherwise: Answerer | None = None) -> None:
        self._gold = dict(gold)
        self._otherwise = otherwise or LabelledLines()
        self._markers = _marker_index(self._gold)
        self._line_owner = _line_index(self._gold)
        self._document = _Remembered(self._find)
        self._findings: OrderedDict[tuple[str, str, bool], tuple[Finding, ...]] = OrderedDict()

    def __call__(self, view: RequestView) -> Reply:
        key: str | None = self._document(view.document) or self._marker_in(view.prompt)
        if key is None:
            return _noted(self._otherwise(view), "no gold for this document")
        labels = self._gold[key]
        text = view.document
        return Reply(
            answer_from(
                view,
                lambda name: self._found(text, name, labels.get(name, ()), closed=_closed(view, name)),
                lambda: {name: list(values) for name, values in labels.items()},
            )
        )

    def _find(self, document: str) -> str | None:
        if document in self._gold:
            return document
        votes: dict[str, int] = {}
        for line in document.splitlines():
            owner = self._line_owner.get(" ".join(line.split()))
            if owner:
                votes[owner] = votes.get(owner, 0) + 1
        if votes:
            return max(votes, key=lambda key: votes[key])
        return self._marker_in(document)

    def _marker_in(self, text: str) -> str | None:
        words = set(re.findall(r"\w+", text))
        candidates = [
            marker for word in words & self._markers.keys() for marker in self._markers[word] if marker in text
        ]
        return max(candidates, key=len, default=None)

    def _found(self, document: str, name: str, values: Sequence[Json], *, closed: bool) -> Sequence[Finding]:
        memory = (document, name, closed)
        if memory in self._findings:
            return self._findings[memory]
        found: list[Finding] = []
        for value in values:
            quote = value.get("quote") if isinstance(value, Mapping) else None
            plain = value.get("value") if isinstance(value, Mapping) else value
            if quote is not None:
                if quote in document:
                    found.append(Finding(plain, quote))
            elif where := place(plain, document):
                found.append(Finding(plain, sentence(document, *where)))
            elif plain is not None and (closed or isinstance(plain, bool)):
                found.append(Finding(plain, mention(document, name)))
        result = self._findings[memory] = tuple(found)
        if len(self._findings) > 16 * _MEMORY:
            self._findings.popitem(last=False)
        return result


def _closed(view: RequestView, name: str) -> bool:
    """Whether a variable's values are a closed list or yes/no, by the schema."""
    if view.form is Form.CELL:
        return view.asked.is_closed(name)
    if view.form is Form.VERDICT:  # who verifies knows the labels, whether or not the question says the type
        return view.asked.type_of(name) is None or view.asked.is_closed(name)
    schema = view.schema
    part = property_named(schema, schema, name) if schema is not None else None
    return schema is not None and part is not None and is_closed(part, schema)


def _marker_index(keys: Iterable[str]) -> dict[str, list[str]]:
    """Markers by their rarest word, so that a text is searched only for those it may hold."""
    split = {key: set(re.findall(r"\w+", key)) for key in keys if "\n" not in key}
    count: dict[str, int] = {}
    for words in split.values():
        for word in words:
            count[word] = count.get(word, 0) + 1
    index: dict[str, list[str]] = {}
    for key, words in split.items():
        if words:
            index.setdefault(min(words, key=lambda word: (count[word], -len(word), word)), []).append(key)
    return index


def _line_index(keys: Iterable[str]) -> dict[str, str]:
    """Which text a line belongs to, for lines that stand in one text only ('' in several)."""
    owner: dict[str, str] = {}
    for key in keys:
        if "\n" in key:
            for line in {" ".join(line.split()) for line in key.splitlines()}:
                if len(line) >= 20:
                    owner[line] = key if line not in owner else ""
    return owner


class Script:
    """Explicit replies in order of arrival; then `then`, or ScriptExhaustedError."""

    def __init__(
        self, replies: Iterable[Reply | str | Mapping[str, Any] | Sequence[Any]], then: Answerer | None = None
    ) -> None:
        self._replies = list(replies)
        self._given = 0
        self._then = then

    def __call__(self, view: RequestView) -> Reply:
        if self._given < len(self._replies):
            self._given += 1
            return as_reply(self._replies[self._given - 1])
        if self._then is None:
            raise ScriptExhaustedError(
                f"request {view.number} came after all {len(self._replies)} replies were given"
            )
        return as_reply(self._then(view))


def as_reply(answer: Reply | str | Mapping[str, Any] | Sequence[Any]) -> Reply:
    """What an answerer returned, as a Reply."""
    if isinstance(answer, Reply):
        return answer
    return Reply(answer if isinstance(answer, str) else _dumps(answer))


def _noted(answer: Reply | str | Mapping[str, Any] | Sequence[Any], note: str) -> Reply:
    reply = as_reply(answer)
    return Reply(reply.text, reply.finish, reply.note or note)


def read_gold(path: Path, documents: Path | None = None) -> dict[str, Gold]:
    """Gold labels of a JSONL file: `{"doc": name, "gold": {variable: [values]}}`, one document a line.

    The document is recognised by `text` or `marker` when the line has one of them, else by the text of the file
    `documents/doc`, else by its name in the prompt. Raises AnswersError.
    """
    gold: dict[str, Gold] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                labels = {
                    name: values if isinstance(values, list) else [values] for name, values in record["gold"].items()
                }
                key = record.get("text") or record.get("marker") or _text_of(documents, record["doc"])
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise AnswersError(
                    f'{path}, line {number}: expected {{"doc": …, "gold": {{variable: [values]}}}}: {error!r}'
                ) from error
            gold[key] = labels
    return gold


def _text_of(documents: Path | None, name: str) -> str:
    if documents is not None and (file := documents / name).is_file():
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return name  # not a text file: recognised by its name
    return name
