"""Answers from gold labels: of documents, and of the entities in them."""

import json
import re
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.model_server.answers import MEMORY, AnswersError, LabelledLines, Remembered, answer_from, as_reply, folded
from tests.model_server.locate import mention, mentions, place, sentence
from tests.model_server.schemas import Form, is_closed, property_named
from tests.model_server.shaping import Entity, Finding
from tests.model_server.view import Answerer, Json, Reply, RequestView

Labels = Mapping[str, Sequence[Json]]
Gold = Labels | Sequence[Mapping[str, Any]]
ENTITY = "_entity"
_WHOLE: tuple[int, int | None] = (0, None)
_MENTIONS = 20  # of an entity's name that are looked round


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled entity where a text has it: its labels, and the stretches in which its values are looked for.

    These are the sentences that name it, then what follows until another is named, then the whole text.
    """

    name: str
    quote: str
    labels: Labels
    stretches: tuple[tuple[int, int | None], ...]


class GoldAnswers:
    """Answers from labels: `{document: {variable: [values]}}`, or with entities `{document: [{"_entity": name, …}]}`.

    A document is named by words that stand in it (a marker), or by its whole text; a chunk is recognised by the
    lines it shares with that text. A value is told only where it can be found in the text that was sent, quoted by
    its sentence; so is an entity, and its values are looked for near its name first. Yes/no values and values of a
    closed list need not stand there: they quote the sentence that comes closest to the variable's name. A question
    with a line `Row: <name>` is about that entity. What is not labelled is answered by `otherwise`.
    """

    def __init__(self, gold: Mapping[str, Gold], otherwise: Answerer | None = None) -> None:
        self._gold = dict(gold)
        self._otherwise = otherwise or LabelledLines()
        self._markers = _marker_index(self._gold)
        self._line_owner = _line_index(self._gold)
        self._document = Remembered(self._find)
        self._rows = Remembered(self._rows_in)
        self._findings: OrderedDict[tuple[Any, ...], tuple[Finding, ...]] = OrderedDict()

    def __call__(self, view: RequestView) -> Reply:
        key = self.document_of(view)
        if key is None:
            return _noted(self._otherwise(view), "no gold for this document")
        gold = self._gold[key]
        if isinstance(gold, Mapping):
            return Reply(
                answer_from(
                    view,
                    lambda name: self._found(view, name, gold.get(name, ())),
                    lambda: {name: list(values) for name, values in gold.items()},
                )
            )
        rows: Sequence[Row] = self._rows(view.document)
        return Reply(
            answer_from(
                view,
                lambda name: self._of_rows(view, name, rows),
                lambda: {"rows": [dict(row.labels) for row in rows]},
                lambda: [Entity(row.name, row.quote, self._lookup(view, row)) for row in rows],
            )
        )

    def document_of(self, view: RequestView) -> str | None:
        """The labelled document that a request is about, by its name in the labels; None when there is none."""
        key: str | None = self._document(view.document) or self._marker_in(view.prompt)
        return key

    def _lookup(self, view: RequestView, row: Row) -> Callable[[str], Sequence[Finding]]:
        return lambda name: self._found(view, name, row.labels.get(name, ()), row)

    def _of_rows(self, view: RequestView, name: str, rows: Sequence[Row]) -> Sequence[Finding]:
        """A variable's values of the entity that is asked about, or of all of them."""
        wanted = view.asked.row
        return [
            finding
            for row in rows
            if wanted is None or folded(row.name) == folded(wanted)
            for finding in self._found(view, name, row.labels.get(name, ()), row)
        ]

    def _rows_in(self, document: str) -> Sequence[Row]:
        key = self._document(document)
        gold = self._gold[key] if key is not None else ()
        entities = [] if isinstance(gold, Mapping) else list(gold)
        placed: list[tuple[int, Mapping[str, Any], str, list[tuple[int, int]]]] = []
        for entity in entities:
            name, quote = str(entity[ENTITY]), entity.get("_quote")
            where = place(quote or name, document)
            if where is None:
                continue  # not in this chunk
            start, end = where if quote else _around(document, *where)
            placed.append((where[0], entity, document[start:end], mentions(name, document, _MENTIONS)))
        placed.sort(key=lambda one: one[0])
        everybody = sorted((at, index) for index, one in enumerate(placed) for at, _ in one[3])
        rows: list[Row] = []
        for index, (_, entity, words, named) in enumerate(placed):
            labels = {key: _listed(value) for key, value in entity.items() if key not in (ENTITY, "_quote")}
            sentences = [_around(document, *where) for where in named]
            until_next = [(at, _next(everybody, at, index)) for at, _ in named]
            rows.append(Row(str(entity[ENTITY]), words, labels, (*sentences, *until_next, _WHOLE)))
        return rows

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

    def _found(
        self, view: RequestView, name: str, values: Sequence[Json], row: Row | None = None
    ) -> Sequence[Finding]:
        document, closed = view.document, _closed(view, name)
        memory = (document, name, row.name if row else None, row.stretches if row else (), closed)
        if memory in self._findings:
            return self._findings[memory]
        stretches = row.stretches if row else (_WHOLE,)
        found: list[Finding] = []
        for value in values:
            quote = value.get("quote") if isinstance(value, Mapping) else None
            plain = value.get("value") if isinstance(value, Mapping) else value
            if quote is not None:
                if quote in document:
                    found.append(Finding(plain, quote))
            elif where := _placed(plain, document, stretches):
                found.append(Finding(plain, sentence(document, *where)))
            elif plain is not None and (closed or isinstance(plain, bool)):
                found.append(Finding(plain, row.quote if row else mention(document, name)))
        result = self._findings[memory] = tuple(found)
        if len(self._findings) > 16 * MEMORY:
            self._findings.popitem(last=False)
        return result


def _placed(value: Json, document: str, stretches: Sequence[tuple[int, int | None]]) -> tuple[int, int] | None:
    for start, end in stretches:
        if where := place(value, document if (start, end) == _WHOLE else document[start:end]):
            return where[0] + start, where[1] + start
    return None


def _next(mentioned: Sequence[tuple[int, int]], at: int, index: int) -> int | None:
    """Where, after a place, another entity than the one with this index is named."""
    position = bisect_right(mentioned, (at, len(mentioned)))
    while position < len(mentioned) and mentioned[position][1] == index:
        position += 1
    return mentioned[position][0] if position < len(mentioned) else None


def _around(document: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence round a stretch stands."""
    words = sentence(document, start, end)
    at = document.find(words, max(0, end - len(words)))
    return at, at + len(words)


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else () if value is None else (value,)


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


def _noted(answer: Any, note: str) -> Reply:
    reply = as_reply(answer)
    return Reply(reply.text, reply.finish, reply.note or note)


def read_gold(path: Path, documents: Path | None = None) -> dict[str, Gold]:
    """Gold labels of a JSONL file: `{"doc": name, "gold": {variable: [values]}}`, one document a line.

    `gold` may be a list of entities, `[{"_entity": name, variable: value or [values], …}]`.

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
                labels = _labels(record["gold"])
                key = record.get("text") or record.get("marker") or _text_of(documents, record["doc"])
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise AnswersError(
                    f'{path}, line {number}: expected {{"doc": …, "gold": {{variable: [values]}}}}: {error!r}'
                ) from error
            gold[key] = labels
    return gold


def _labels(gold: Json) -> Gold:
    """Labels as a file has them; raises KeyError or AttributeError for another shape."""
    if isinstance(gold, list):
        for entity in gold:
            entity[ENTITY]
        return gold
    return {name: values if isinstance(values, list) else [values] for name, values in gold.items()}


def _text_of(documents: Path | None, name: str) -> str:
    if documents is not None and (file := documents / name).is_file():
        try:
            return file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return name  # not a text file: recognised by its name
    return name
