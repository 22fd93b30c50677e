"""Candidates for a town or village: all occurrences of a word count together, the clearest one is quoted."""

from dataclasses import dataclass, field

from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention, Span

_CUED = 0.2  # what the question's words beside an occurrence add to its surroundings
_KNOWN = 0.75  # of a known country or state, where a town is asked for
_AGAIN, _TIMES = 0.06, 6  # what an occurrence in other surroundings adds, and how many of them count
_SCALE = 1.2
_ALONE = 0.5  # no other word of the text is nearly as much like a town


@dataclass
class _Town:
    """The occurrences of one word, and what they leave unsaid: the product of (1 - strength)."""

    spans: list[tuple[float, Span]] = field(default_factory=list)
    against: float = 1.0


def town_candidates(question: Question) -> list[Candidate]:
    """The clearest occurrence of every word that may be a town's name, as sure as all of them together."""
    text = question.analysis.text
    known = {place.start for place in question.analysis.places if place.normal == "known"}
    towns: dict[str, _Town] = {}
    small = question.analysis.small_words
    for span, strength in question.analysis.towns:
        if all(word.lower() in small for word in span.of(text).split()):
            continue  # a common word that begins a sentence or a heading
        cue = question.cue(span)
        told = strength * (1.0 - _CUED + 3 * _CUED * cue) * question.exclusion(span) ** 2
        told = min(0.9, told * (_KNOWN if span.start in known else 1.0))
        town = towns.setdefault(span.of(text), _Town())
        town.spans.append((told, span))
        town.against *= 1.0 - told
    for words, town in towns.items():
        town.against *= (1.0 - _AGAIN) ** min(_TIMES, text.count(words) - len(town.spans))
    best = sorted((min(1.0, _SCALE * (1.0 - town.against)) for town in towns.values()), reverse=True)
    found = []
    for words, town in towns.items():
        _, span = max(town.spans, key=lambda entry: entry[0])
        score = min(1.0, _SCALE * (1.0 - town.against))
        rival = best[0] if score < best[0] else best[1] if len(best) > 1 else 0.0
        label, row = question.label_of(Mention(span.start, span.end, Kind.PLACE))
        evidence = Evidence(
            label=max(label, score * (1.0 - 0.3 * min(1.0, rival / score))),
            prior=_ALONE if rival < 0.6 * score else 0.0, fit=0.95)  # fmt: skip
        found.append(Candidate(words, span, row or question.unit_of(span), evidence))
    return found
