"""What happens while a question is answered, in its order; each as a value and as JSON for those who listen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from resources.database.repositories.answers import Answer, Source
from resources.statements import Statement, Support


@dataclass(frozen=True, slots=True)
class Understood:
    """How the question was understood: one question or several, each of which stands alone."""

    name: ClassVar[str] = "understood"
    questions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"event": self.name, "questions": list(self.questions)}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: `passages` by the search, of which the `sources` are what the answer is made from."""

    name: ClassVar[str] = "found"
    passages: int
    sources: tuple[Source, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data; of the documents only the ids."""
        return {"event": self.name, "passages": self.passages, "sources": [_source(one) for one in self.sources]}


@dataclass(frozen=True, slots=True)
class Stated:
    """A sentence of the answer, stored under `id` as its `number`-th; its citations have been checked."""

    name: ClassVar[str] = "stated"
    number: int
    id: UUID
    statement: Statement

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        said = self.statement
        return {
            "event": self.name,
            "number": self.number,
            "id": str(self.id),
            "text": said.text,
            "support": said.support.value,
            "checked_by": said.checked_by.value if said.checked_by else None,
            "problems": list(said.problems),
            "question": said.question,
            "citations": [
                {"document_id": str(one.document_id), "start": one.start, "end": one.end, "label": one.label}
                for one in said.citations
            ],
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model found of a sentence that words alone could not decide; from now on this is its support."""

    name: ClassVar[str] = "judged"
    number: int
    support: Support

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"event": self.name, "number": self.number, "support": self.support.value}


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: the answer as it is stored now, or as it would be had nobody deleted it."""

    name: ClassVar[str] = "finished"
    answer: Answer

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        answer = self.answer
        return {
            "event": self.name,
            "answer_id": str(answer.id),
            "number": answer.number,
            "status": answer.status.value,
            "abstention": answer.abstention.value if answer.abstention else None,
            "reason": answer.reason,
            "model": answer.model,
            "passages": answer.passages,
            "calls": answer.calls,
            "cost_usd": None if answer.cost_usd is None else float(answer.cost_usd),
        }


Event = Understood | Found | Stated | Judged | Finished


def _source(source: Source) -> Mapping[str, Any]:
    return {
        "label": source.label,
        "document_id": str(source.document_id),
        "start": source.start,
        "end": source.end,
        "score": source.score,
        "lexical_rank": source.lexical_rank,
        "dense_rank": source.dense_rank,
    }
