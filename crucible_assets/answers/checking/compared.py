"""What a rule of the check is given: a statement, the sources that it cites, and what a rule finds in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.answers.text.languages import language_of
from crucible_assets.answers.text.sentences import Said
from crucible_assets.answers.text.tokens import plain_words
from resources.statements import Support


@dataclass(frozen=True, slots=True)
class Shown:
    """A source as it was shown under a label: `text` is `document_text[start:start + len(text)]`."""

    label: int
    document_id: UUID
    start: int
    text: str
    language: str | None  # ISO 639-1


@dataclass(frozen=True, slots=True)
class Compared:
    """A statement and the sources that it cites, in the order of its labels; `language` is the statement's."""

    text: str
    language: str | None
    sources: tuple[Shown, ...]
    absent: tuple[int, ...]
    """Labels under which nothing was shown."""

    def speaks_as(self, source: Shown) -> bool:
        """Whether a source is in the statement's language, as far as is known."""
        return source.language in (None, self.language)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: its `kind`, a name for the documentation, and what the reader is told."""

    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what it makes of a statement in which `look` finds something, and why."""

    name: str
    verdict: Support
    why: str
    look: Callable[[Compared], tuple[Finding, ...]]


def compared(said: Said, shown: Mapping[int, Shown]) -> Compared:
    """A sentence beside what it cites; `shown` are all sources by their labels."""
    sources = tuple(shown[label] for label in said.labels if label in shown)
    expected = next((source.language for source in sources if source.language), None)
    language = language_of(plain_words(said.text), expected) if sources else None
    return Compared(said.text, language, sources, tuple(label for label in said.labels if label not in shown))
