"""The records of a search: mentions, the entities they were resolved to, and every decision on the way."""

from dataclasses import dataclass

from crucible_assets.extractions.grounding.place import Placement
from resources.models.ledger import Call
from resources.vocabulary import EvidenceStatus, ResolutionMethod

_BEST = (
    EvidenceStatus.EXACT,
    EvidenceStatus.NORMALISED,
    EvidenceStatus.FUZZY,
    EvidenceStatus.NOT_FOUND,
    EvidenceStatus.NONE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One entity as one answer named it. Offsets count characters of the document's text.

    `placement` is where the quoted words stand (else the name itself), `at` where in it the name begins, None where
    nothing was found; `item` the series and the item in it that hold the name where a series lists the entities.
    `stretch` is the start of the stretch that was asked.
    """

    name: str
    quote: str
    placement: Placement
    at: int | None
    stretch: int = 0
    item: tuple[int, int] | None = None
    call_key: str | None = None

    @property
    def order(self) -> tuple[bool, int, int, str, str, int, tuple[int, int]]:
        """The order of the document; what was not found in it comes last."""
        return (
            self.at is None,
            self.at or 0,
            self.placement.end or 0,
            self.name,
            self.quote,
            self.stretch,
            self.item or (-1, -1),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether two mentions are one entity. Mentions are counted from 1, in the order of the document."""

    left: int
    right: int
    left_name: str
    right_name: str
    same: bool
    method: ResolutionMethod
    reason: str
    score: float | None = None
    call_key: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """One row: its key, its fullest name, and every mention of it in the order of the document.

    `spans` are the stretches of the text about this entity and no other, rising (see `territory`).
    """

    row_key: str
    name: str
    mentions: tuple[Mention, ...]
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def other_names(self) -> tuple[str, ...]:
        """The other spellings that it was found under, in the order of the document."""
        return tuple(dict.fromkeys(m.name for m in self.mentions if m.name != self.name))

    @property
    def words(self) -> tuple[str, ...]:
        """What the document says where it names the entity: tells apart rows that bear one name."""
        return tuple(dict.fromkeys(m.quote for m in self.mentions))

    @property
    def status(self) -> EvidenceStatus:
        """How well the best of its mentions was found in the document."""
        return min((mention.placement.status for mention in self.mentions), key=_BEST.index)


@dataclass(frozen=True, slots=True)
class Count:
    """What one place of the source says about how many entities there are, and how many were found there."""

    what: str  # 'table rows', 'list items', 'stated in words', …
    start: int  # where it stands in the text
    expected: int
    found: int
    missing: tuple[tuple[int, int], ...] = ()  # rows or items that no mention claims

    @property
    def differs(self) -> bool:
        """Whether fewer were found than the source counts."""
        return self.found < self.expected


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of one document gave.

    `warnings` say in words what remains doubtful: counts that differ, names that are not in the document, pairs that
    nobody could decide. `failure` says why a part of the document could not be searched: entities may be missing.
    """

    entities: tuple[Entity, ...]
    decisions: tuple[Decision, ...]
    counts: tuple[Count, ...]
    calls: tuple[Call, ...]
    warnings: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def expected(self) -> int | None:
        """How many rows the source speaks of; None where it says nothing about it."""
        if not self.counts:
            return None
        return len(self.entities) + sum(max(0, count.expected - count.found) for count in self.counts)

    @property
    def keys(self) -> tuple[str, ...]:
        """The ledger's keys of all calls, each once, in order."""
        return tuple(dict.fromkeys(call.key for call in self.calls))
