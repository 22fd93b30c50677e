"""Documents made for the tests, with the segments a parser would give."""

import random
import re

from resources.vocabulary import Segment, SegmentKind

_WORDS = tuple(
    re.findall(
        r"\w+",
        "the borrower shall repay each advance on its maturity date together with accrued interest and any other "
        "amount due under this agreement unless the lender has waived payment in writing before that date",
    )
)


def sentence(source: random.Random) -> str:
    words = [source.choice(_WORDS) for _ in range(source.randint(6, 24))]
    return " ".join(words).capitalize() + "."


def paragraph(source: random.Random) -> str:
    return " ".join(sentence(source) for _ in range(source.randint(2, 7)))


def report(sections: int, paragraphs: int, seed: int = 1) -> tuple[str, tuple[Segment, ...]]:
    """Numbered sections with two subsections each; a heading stands on its own line."""
    source = random.Random(seed)
    text, segments = "", []

    def add(words: str, kind: SegmentKind, level: int | None = None) -> None:
        nonlocal text
        segments.append(Segment(len(text), len(text) + len(words), kind, level=level))
        text += words + "\n\n"

    for section in range(1, sections + 1):
        add(f"Section {section}", SegmentKind.HEADING, 1)
        for part in "ab":
            add(f"Part {section}{part}", SegmentKind.HEADING, 2)
            for _ in range(paragraphs):
                add(paragraph(source), SegmentKind.PARAGRAPH)
    return text, tuple(segments)


def prose(sentences: int, seed: int = 2) -> str:
    """One line without paragraphs."""
    source = random.Random(seed)
    return " ".join(sentence(source) for _ in range(sentences))
