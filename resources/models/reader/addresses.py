"""Postal addresses: lines with a street's word or a postcode, joined while they follow each other."""

import re

from resources.models.reader.labelled import labelled
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention, Span

_LONGEST = 200  # characters of a copied value
_POSTCODE = re.compile(r"\b\d{5}\b|\b\d{4} [A-Z]{2}\b|\b[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b")
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|drive|blvd|boulevard|suite|floor|square|p\.?o\.? box|jalan|jln|lot|"
    r"taman|rue|avenida|calle|via|piazza|plaza|weg|allee|platz|\w*stra(?:ss|ß)e|\w*str|\w*straat|no)\b\.?",
    re.IGNORECASE,
)


def address_candidates(question: Question) -> list[Candidate]:
    """Lines with a street's word or a postcode, joined while they follow each other."""
    text = question.analysis.text
    found = list(labelled(question, _LONGEST))
    run: list[tuple[Span, int]] = []

    def close() -> None:
        marks = sum(mark for _, mark in run)
        if run and marks >= 2 and any(c.isdigit() for c in text[run[0][0].start : run[-1][0].end]):
            span = Span(run[0][0].start, run[-1][0].end)
            early = max(0.0, 1.0 - span.start / 1500)
            evidence = Evidence(cue=min(1.0, marks / 4), prior=early, label=question.label_of(
                Mention(span.start, span.end, Kind.PLACE))[0])  # fmt: skip
            found.append(Candidate(span.of(text), span, span, evidence))
        run.clear()

    for line in question.analysis.lines[:200]:
        words = line.of(text)
        marks = bool(_STREET.search(words)) + 2 * bool(_POSTCODE.search(words)) + (words.count(",") >= 2)
        short = len(words) < 90 and ":" not in words and "@" not in words
        continues = bool(run) and short and len(run) < 5 and not any(c.isdigit() for c in words) and (
            text[run[-1][0].end - 1] == ","
            or any(run[-1][0].end < p.start < line.end for p in question.analysis.places)
        )  # fmt: skip
        if short and (marks or continues) and len(run) < 5 and (run or sum(c.isalpha() for c in words) > 4):
            run.append((line, marks))
        else:
            close()
    close()
    return found
