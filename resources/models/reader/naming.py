"""Candidates for the name of a person, an organisation or a product."""

from resources.models.reader.labelled import labelled
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import stems_of, words_of

_ISSUING = stems_of("issuer issued vendor seller supplier shop merchant publisher")
_PERSON = stems_of("person people staff officer judge author director manager inspector employee investigator name "
                   "members handler clerk witness doctor physician patient")  # fmt: skip
_FIRM = stems_of(
    "company firm organisation organization institution agency vendor seller supplier university contractor"
)
_TITLES = stems_of("mr mrs ms dr prof herr frau monsieur madame eheleute sir")
_TOP = 400  # characters in which the one who issues a document names himself


def name_candidates(question: Question) -> list[Candidate]:
    """Names near the role's words; under the role's label; at the top for who issues the document."""
    text = question.analysis.text
    asked = set(question.query.title) | set(question.query.head)
    issues = bool((asked | question.query.instructed) & _ISSUING)
    person, firm = bool(asked & _PERSON), bool(asked & _FIRM)
    labels = {pair.label.start for pair, _ in question.analysis.pairs if pair.strength >= 0.7}
    rivals = question.starts(question.analysis.names)
    found = []
    for number, mention in enumerate(question.analysis.names):
        words = mention.span.of(text)
        formed = mention.kind is Kind.ORGANISATION
        if mention.start in labels or (not formed and (len(words) < 3 or not _proper(question, words))):
            continue
        fit = 1.0 if formed or " " in words else 0.75
        if not formed and " " not in words and question.unit_of(mention.span).start == mention.start:
            fit *= 0.6  # one capital at the beginning of a sentence says nothing
        if person and not firm:
            fit *= 0.6 if formed else 1.0 if _like_a_person(words) else 0.7
        elif firm and not person:
            fit *= 1.0 if formed else 0.85
        top = 0.0
        if issues and mention.start < _TOP and fit >= 0.6:
            fit = max(fit, 0.95)
            top = (1.0 if formed else 0.55) - min(0.4, number * 0.06)
        found.append(_candidate(question, mention, words, top, 0.25 if formed else 0.0, fit, rivals))
    return [*(c for c in labelled(question, 90) if _is_name(str(c.value))), *found]


def _candidate(
    question: Question, mention: Mention, words: str, top: float, prior: float, fit: float, rivals: list[int]
) -> Candidate:
    """The evidence of a name; standing at the top counts as a cue where the issuer is asked for."""
    found = question.candidate(mention, words, prior=max(top, prior), fit=fit, rivals=rivals)
    if top <= 0.5 or found.evidence.label:
        return found
    evidence = Evidence(cue=top, prior=top, similarity=found.evidence.similarity, fit=fit)
    return Candidate(words, mention.span, found.unit, evidence)


def _like_a_person(words: str) -> bool:
    """Two to four words, none of them a number, no title alone."""
    spoken = words_of(words)
    return 2 <= len(spoken) <= 4 and not any(w.isdigit() for w in spoken) and any(w[1:].islower() for w in spoken)


def _is_name(words: str) -> bool:
    """Begins with a capital and is made of letters rather than figures."""
    letters = sum(c.isalpha() for c in words)
    return words[0].isupper() and letters >= 0.7 * len(words.replace(" ", ""))


def _proper(question: Question, words: str) -> bool:
    """A name's words do not all occur in small letters as well."""
    small = question.analysis.small_words
    return any(word.lower() not in small for word in words_of(words) if not word.isdigit())
