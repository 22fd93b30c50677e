"""What the recognisers find: stretches of the document with a meaning."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a mention is."""

    DATE = "DATE"  # a full day
    MONTH = "MONTH"  # month and year
    YEAR = "YEAR"
    MONEY = "MONEY"
    PERCENT = "PERCENT"
    MEASURE = "MEASURE"  # a number with a unit
    NUMBER = "NUMBER"  # a bare number
    DURATION = "DURATION"
    ORGANISATION = "ORGANISATION"  # a name with a legal form or an organisation's word in it
    NAME = "NAME"  # capitalised words, kind unknown
    PLACE = "PLACE"
    EMAIL = "EMAIL"
    URL = "URL"
    PHONE = "PHONE"
    IDENTIFIER = "IDENTIFIER"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (excluded) of the document."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words themselves."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Mention:
    """A recognised value: where it stands, what it is, and its normal form when that is certain."""

    start: int
    end: int
    kind: Kind
    normal: str | None = None  # DATE: ISO; MONEY and MEASURE: the unit or ISO currency; NAME: None

    @property
    def span(self) -> Span:
        """Its place."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and the value that stands with it, in a line, a table row or under a short line."""

    label: Span
    value: Span
    strength: float  # 0..1: how sure the layout makes it that this is a label and its value
    row: Span  # the line or table row that holds both
