"""Word's paragraph styles and automatic numbering, as far as they show in the text.

Contracts refer to 'Section 3.2', and that number is nowhere in the document's text: Word computes it.
Numbering follows ECMA-376 part 1, section 17.9.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from crucible_assets.documents.parsers.docx_package import Node, W

BULLET: Final = "•"
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_HEADING_NAME = re.compile(r"heading ([1-9])\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says about outline and numbering."""

    heading: int | None = None  # level from 1
    number_id: str | None = None
    number_level: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a numbering definition."""

    start: int = 1
    format: str = "decimal"
    text: str = "%1."
    legal: bool = False  # show all levels as decimals
    style: str | None = None


@dataclass(slots=True)
class Numbering:
    """The numbering definitions of a document and how far each has counted."""

    levels: dict[str, dict[int, Level]]  # numId → level → definition
    family: dict[str, str]  # numId → abstractNumId: these count together
    restarts: dict[str, dict[int, int]]  # numId → level → overridden start
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, roots: Iterable[Node]) -> "Numbering":
        """Read numbering.xml; without one nothing is numbered."""
        levels: dict[str, dict[int, Level]] = {}
        family: dict[str, str] = {}
        restarts: dict[str, dict[int, int]] = {}
        for root in roots:
            abstract = {a.get(f"{W}abstractNumId"): _levels(a) for a in root.findall(f"{W}abstractNum")}
            for num in root.findall(f"{W}num"):
                number_id, base = num.get(f"{W}numId"), _value(num, "abstractNumId") or ""
                overrides = num.findall(f"{W}lvlOverride")
                levels[number_id] = dict(abstract.get(base, {}))
                for override in overrides:
                    levels[number_id].update(_levels(override))
                family[number_id] = base
                restarts[number_id] = {
                    _integer(o.get(f"{W}ilvl"), 0): _integer(_value(o, "startOverride"), 1)
                    for o in overrides
                    if _value(o, "startOverride") is not None
                }
        return cls(levels, family, restarts)

    def level_of_style(self, number_id: str, style: str) -> int:
        """The level that a numbering definition links to a paragraph style; 0 when it links none."""
        levels = self.levels.get(number_id, {})
        return next((index for index, level in levels.items() if level.style == style), 0)

    def next_label(self, number_id: str, index: int) -> str:
        """Count one paragraph on and give its number as Word shows it; '' where nothing shows."""
        levels = self.levels.get(number_id)
        if not levels or index not in levels:
            return ""
        if levels[index].format == "bullet":
            return BULLET
        counts = self.counts.setdefault(self.family[number_id], {})
        if number_id not in self.started:
            self.started.add(number_id)
            for level, start in self.restarts[number_id].items():
                counts[level] = start - 1
        counts[index] = counts.get(index, levels[index].start - 1) + 1
        for deeper in [level for level in counts if level > index]:
            del counts[deeper]

        def shown(match: re.Match[str]) -> str:
            level = int(match.group(1)) - 1
            definition = levels.get(level, Level())
            count = counts.get(level, definition.start)
            return number(count, "decimal" if levels[index].legal else definition.format)

        return re.sub(r"%([1-9])", shown, levels[index].text).strip()


def read_styles(roots: Iterable[Node]) -> dict[str, Style]:
    """Style id → what it says, inherited along `basedOn`."""
    elements = {s.get(f"{W}styleId"): s for root in roots for s in root.findall(f"{W}style")}
    styles: dict[str, Style] = {}

    def resolve(style_id: str, seen: frozenset[str]) -> Style:
        if style_id in styles:
            return styles[style_id]
        element = elements.get(style_id)
        if element is None or style_id in seen:
            return Style()
        base = resolve(_value(element, "basedOn") or "", seen | {style_id})
        own = element.find(f"{W}pPr")
        name = _value(element, "name") or ""
        found = _HEADING_NAME.match(name)
        heading = int(found.group(1)) if found else 1 if name.lower() == "title" else outline(own)
        number_id, level = numbered(own)
        styles[style_id] = Style(
            heading or base.heading, number_id or base.number_id, level if level is not None else base.number_level
        )
        return styles[style_id]

    for style_id in elements:
        if style_id:
            resolve(style_id, frozenset())
    return styles


def outline(properties: Node) -> int | None:
    """The heading level that paragraph properties state, None for body text."""
    stated = _value(properties, "outlineLvl") if properties is not None else None
    level = _integer(stated, 9)
    return level + 1 if level < 9 else None


def numbered(properties: Node) -> tuple[str | None, int | None]:
    """The (numbering id, level) that paragraph properties state."""
    stated = properties.find(f"{W}numPr") if properties is not None else None
    if stated is None:
        return None, None
    level = _value(stated, "ilvl")
    return _value(stated, "numId"), _integer(level, 0) if level is not None else None


def number(count: int, style: str) -> str:
    """`count` in one of Word's number formats; unknown formats as decimals."""
    if style == "none":
        return ""
    if style == "decimalZero":
        return f"{count:02d}"
    if style in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letters if style == "lowerLetter" else letters.upper()
    if style in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for value, sign in _ROMAN:
            roman += sign * (count // value)
            count %= value
        return roman if style == "lowerRoman" else roman.upper()
    return str(count)


def _levels(parent: Node) -> dict[int, Level]:
    return {
        _integer(level.get(f"{W}ilvl"), 0): Level(
            start=_integer(_value(level, "start"), 1),
            format=_value(level, "numFmt") or "decimal",
            text=_value(level, "lvlText") or "",
            legal=level.find(f"{W}isLgl") is not None,
            style=_value(level, "pStyle"),
        )
        for level in parent.findall(f"{W}lvl")
    }


def _value(parent: Node, name: str) -> str | None:
    """The w:val of a child element."""
    child = parent.find(f"{W}{name}")
    if child is None:
        return None
    value = child.get(f"{W}val")
    return str(value) if value is not None else None


def _integer(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default
