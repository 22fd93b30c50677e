"""Candidates for the name of a person, an organisation or a product."""

from bisect import bisect_left
from dataclasses import replace

from resources.models.reader.labelled import labelled
from resources.models.reader.nameforms import Form, Named, form_of
from resources.models.reader.people import people_candidates
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import stems_of, words_of

_ISSUING = stems_of("issuer issued vendor seller supplier shop merchant publisher")
_PERSON = stems_of("person people staff officer judge author director manager inspector employee investigator name "
                   "members handler clerk witness doctor physician patient")  # fmt: skip
_FIRM = stems_of(
    "company firm organisation organization institution agency vendor seller supplier university contractor"
)
_MODEL = stems_of("model make brand product type machine device equipment vehicle")
_TOP = 400  # characters in which the one who issues a document names himself
_FEW = 4  # different names of the form that is asked for: each of them is likely
_ALONE, _ONE_OF_FEW = 0.5, 0.6


def name_candidates(question: Question) -> list[Candidate]:
    """Names near the role's words; under the role's label; at the top for who issues the document."""
    asked = set(question.query.title) | set(question.query.head)
    issues = bool((asked | question.query.instructed) & _ISSUING)
    wanted = _wanted(question, asked)
    names = _names(question)
    if wanted is Form.PERSON:
        people = people_candidates(question, [(named.span, named.form) for _, named in names])
        starts = {candidate.span.start for candidate in people}
        under = [c for c in _labelled_names(question) if c.span.start not in starts and _like_a_person(str(c.value))]
        return [*under, *people]
    few = len({named.span.of(question.analysis.text) for _, named in names if named.form is wanted})
    rivals = question.starts([mention for mention, _ in names])
    found = []
    for number, (mention, named) in enumerate(names):
        words = named.span.of(question.analysis.text)
        formed = mention.kind is Kind.ORGANISATION or named.form is Form.FIRM
        fit = _fit(question, mention, named, wanted)
        if not fit:
            continue
        top = 0.0
        if issues and mention.start < _TOP and fit >= 0.6:
            fit = max(fit, 0.95)
            top = (1.0 if formed else 0.55) - min(0.4, number * 0.06)
        prior = 0.25 if formed else 0.0
        if wanted and named.form is wanted and few <= _FEW:
            prior = _ONE_OF_FEW
        place = Mention(named.span.start, named.span.end, mention.kind)
        candidate = _candidate(question, place, words, top, prior, fit, rivals)
        if wanted is Form.MODEL and named.form is Form.MODEL and few == 1:
            candidate = replace(candidate, evidence=replace(candidate.evidence, label=max(
                candidate.evidence.label, _ALONE)))  # fmt: skip
        found.append(candidate)
    return [*_labelled_names(question), *found]


def _wanted(question: Question, asked: set[str]) -> Form | None:
    """The form of the names that are asked for, when the question says it."""
    title = set(question.query.title)
    if title & _MODEL:
        return Form.MODEL
    person, firm = bool(asked & _PERSON), bool(asked & _FIRM)
    if person is firm:
        person, firm = bool(title & _PERSON), bool(title & _FIRM)
    return Form.PERSON if person and not firm else Form.FIRM if firm and not person else None


def _names(question: Question) -> list[tuple[Mention, Named]]:
    """The names of the text outside dates, with their forms."""
    text, small = question.analysis.text, question.analysis.small_words
    days = [mention for mention in question.analysis.dates if mention.kind in (Kind.DATE, Kind.MONTH)]
    starts = [day.start for day in days]
    found = []
    for mention in question.analysis.names:
        index = bisect_left(starts, mention.end) - 1
        if index >= 0 and days[index].end > mention.start:
            continue
        found.append((mention, form_of(text, mention, small)))
    return found


def _fit(question: Question, mention: Mention, named: Named, wanted: Form | None) -> float:
    """How well the form of a name is the one asked for, 0..1; 0 for what is no name."""
    words = named.span.of(question.analysis.text)
    formed = mention.kind is Kind.ORGANISATION
    labels = question.analysis.label_starts
    if mention.start in labels or (not formed and (len(words) < 3 or not _proper(question, words))):
        return 0.0
    fit = 1.0 if formed or " " in words else 0.75
    if not formed and " " not in words and question.unit_of(mention.span).start == mention.start:
        fit *= 0.6  # one capital at the beginning of a sentence says nothing
    if wanted is Form.FIRM and named.form is not Form.FIRM:
        fit *= 0.85 if named.form is Form.OTHER and not any(c.isdigit() for c in words) else 0.6
    if wanted is Form.MODEL and named.form is not Form.MODEL:
        fit *= 0.6
    return fit


def _labelled_names(question: Question) -> list[Candidate]:
    """What stands under the role's label, begins like a name and is no label itself."""
    labels = question.analysis.label_starts
    return [c for c in labelled(question, 90) if _is_name(str(c.value)) and c.span.start not in labels]


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
