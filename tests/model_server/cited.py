"""An answerer for questions over labelled sources: it says what a test wants, with marks like [1].

It tells by the answer's schema what a request is for. What is not scripted has a plain default: questions are taken
as they stand, a statement follows where all its longer words are cited, and nothing is remembered.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.model_server.view import Reply, RequestView

_SOURCE = re.compile(
    r'^Source \[(\d+)\], document: ("[^\n]*")\n<source-([0-9a-f]{16})>\n(.*?)\n</source-\3>$',
    re.DOTALL | re.MULTILINE,
)
_STATEMENT = re.compile(
    r"^Number (\d+):\n<statement-([0-9a-f]{16})>\n(.*?)\n</statement-\2>"
    r"((?:\n<cited-([0-9a-f]{16})>\n.*?\n</cited-\5>)*)",
    re.DOTALL | re.MULTILINE,
)
_NEGATIONS = {"no", "not"}
_LISTED = re.compile(r"^(\d+)\. (\"[^\n]*\")$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """A source as it was shown."""

    label: int
    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for an answer, read."""

    sources: tuple[LabelledSource, ...]
    questions: tuple[str, ...]
    conversation: str
    view: RequestView

    def label(self, words: str) -> int:
        """The label of the first source that holds these words; raises LookupError."""
        found = next((one.label for one in self.sources if words in one.text), None)
        if found is None:
            raise LookupError(f"no source holds {words!r}; shown are {[one.text[:60] for one in self.sources]}")
        return found


@dataclass(slots=True)
class CitedAnswers:
    """Scripted by purpose. `asked` are the requests for answers that came, `purposes` those of all requests."""

    answer: Callable[[Asked], Reply | str] | str
    questions: Callable[[str, str], Sequence[str] | str] | None = None  # of (message, conversation)
    judge: Callable[[int, str, tuple[str, ...]], str] | str | None = None  # of (number, statement, cited words)
    remember: Callable[[Sequence[str]], Sequence[Mapping[str, Any]] | str] | None = None  # of the statements
    asked: list[Asked] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)

    def __call__(self, view: RequestView) -> Reply | str:
        properties = (view.schema or {}).get("properties", {})
        for name, reply in (
            ("questions", self._questions),
            ("verdicts", self._verdicts),
            ("statements", self._statements),
        ):
            if name in properties:
                self.purposes.append(name)
                return reply(view)
        self.purposes.append("answer")
        sources = tuple(
            LabelledSource(int(label), json.loads(name), text)
            for label, name, _, text in _SOURCE.findall(view.document)
        )
        asked = Asked(
            sources, fenced("question", view.question), "\n".join(fenced("conversation", view.question)), view
        )
        self.asked.append(asked)
        return self.answer if isinstance(self.answer, str) else self.answer(asked)

    def _questions(self, view: RequestView) -> str:
        (message,) = fenced("message", view.question)
        given: Sequence[str] | str = [message]
        if self.questions is not None:
            given = self.questions(message, "\n".join(fenced("conversation", view.question)))
        return given if isinstance(given, str) else json.dumps({"questions": list(given)})

    def _verdicts(self, view: RequestView) -> str:
        if isinstance(self.judge, str):
            return self.judge
        verdicts = []
        for number, _, text, cited, _ in _STATEMENT.findall(view.document):
            words = fenced("cited", cited)
            verdict = self.judge(int(number), text, words) if self.judge else lexical(text, words)
            verdicts.append({"number": int(number), "verdict": verdict})
        return json.dumps({"verdicts": verdicts})

    def _statements(self, view: RequestView) -> str:
        (block,) = fenced("statements", view.question)
        listed = [json.loads(text) for _, text in _LISTED.findall(block)]
        made = self.remember(listed) if self.remember else []
        return made if isinstance(made, str) else json.dumps({"statements": list(made)})


def fenced(kind: str, text: str) -> tuple[str, ...]:
    """What stands between fences of a kind, in order."""
    found = re.findall(rf"<{kind}-([0-9a-f]{{16}})>\n(.*?)\n</{kind}-\1>", text, re.DOTALL)
    return tuple(words for _, words in found)


def lexical(statement: str, cited: Sequence[str]) -> str:
    """FOLLOWS when every longer word and negation is among the cited ones, else DOES_NOT_FOLLOW."""
    there = set(re.findall(r"\w+", " ".join(cited).casefold()))
    words = {word for word in re.findall(r"\w+", statement.casefold()) if len(word) > 3 or word in _NEGATIONS}
    return "FOLLOWS" if words <= there else "DOES_NOT_FOLLOW"
