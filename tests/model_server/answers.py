"""Ready-made answerers: from labelled lines, from a script. Those from gold labels are in `gold.py`."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.model_server.schemas import Form
from tests.model_server.shaping import Entity, Finding, Lookup, cell, entity_rows, shaped
from tests.model_server.verdicts import verdict
from tests.model_server.view import Answerer, Json, OutputMode, Reply, RequestView
from tests.model_server.wire import dumps

MEMORY = 512  # documents whose reading is remembered
_LINE = re.compile(r"^[ \t>*|-]*([^\W\d][\w .()/-]{0,80}?)[ \t]*[:=|][ \t]*(\S.*?)[ \t|]*$", re.MULTILINE)


class AnswersError(ValueError):
    """A file or mapping of answers that cannot be used; the message says which line and why."""


class ScriptExhaustedError(LookupError):
    """More requests came than the script has replies."""


def answer_from(
    view: RequestView,
    lookup: Lookup,
    everything: Callable[[], Mapping[str, Json]],
    entities: Callable[[], Sequence[Entity]] | None = None,
) -> str:
    """The text of an answer made of findings: JSON of the asked shape, all findings without a schema, or prose.

    `entities` lists those of the document, where it is known to have any.
    """
    if view.schema is not None and view.form is Form.ROWS and entities is not None:
        return _dumps(entity_rows(view.schema, entities()))
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


class Remembered:
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
        if len(known) > MEMORY:
            known.popitem(last=False)
        return result


def folded(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


@dataclass(frozen=True, slots=True)
class _Lines:
    """The labelled lines of a text or of one entity in it, by folded name."""

    entity: Finding | None
    lines: dict[str, list[Finding]]

    def lookup(self, name: str) -> Sequence[Finding]:
        return self.lines.get(folded(name), ())


class LabelledLines:
    """Answers each variable from lines `name: value` of the document; a variable without a line is absent.

    Names are compared without regard to case, spaces and underscores. Several lines are several values. The line
    is the quote. A line `Entity: name` begins the lines of an entity; a question with a line `Row: <name>` is about
    that entity.
    """

    def __init__(self) -> None:
        self._parts = Remembered(_labelled)

    def __call__(self, view: RequestView) -> Reply:
        whole, entities = self._parts(view.document)
        row = view.asked.row
        part = whole
        if row is not None and entities:
            part = next((one for one in entities if folded(str(one.entity.value)) == folded(row)), _Lines(None, {}))
        return Reply(
            answer_from(
                view,
                part.lookup,
                lambda: {name: found[0].value for name, found in part.lines.items()},
                (lambda: [Entity(one.entity.value, one.entity.quote, one.lookup) for one in entities])
                if entities
                else None,
            )
        )


def _labelled(document: str) -> tuple[_Lines, list[_Lines]]:
    """All lines of the text, and those of each entity."""
    whole, entities = _Lines(None, {}), []
    for found in _LINE.finditer(document):
        name, finding = folded(found.group(1)), Finding(found.group(2), found.group().strip())
        whole.lines.setdefault(name, []).append(finding)
        if name == "entity":
            entities.append(_Lines(finding, {}))
        elif entities:
            entities[-1].lines.setdefault(name, []).append(finding)
    return whole, entities


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
