"""Names of people by what stands beside them: a role, an act, a signature; all places of one name count together."""

import re
from dataclasses import replace

from resources.models.reader.nameforms import Form
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.words import stem, stems_of, words_of

ROLES = stems_of(
    """
    officer inspector director deputy chair chairman chairwoman chairperson clerk assessor handler agent secretary
    manager member registrar caseworker adviser advisor auditor judge controller head leader coordinator administrator
    commissioner minister mayor president examiner reviewer supervisor editor author doctor physician nurse
    investigator prüfer prüferin sachbearbeiter sachbearbeiterin sachbearbeitung bearbeiter bearbeiterin
    leiter leiterin referent
    referentin gutachter vorsitzende vorsitzender direktor direktorin inspecteur directeur directrice juge président
    """
)
_OFFICIAL = stems_of(
    "staff officer official inspector clerk handler member employee caseworker board judge personnel assessor"
)
_OUTSIDE = re.compile(  # asking, applying, receiving: the other side of the counter
    r"\b(?:Dear|applicant|appellant|client|customer|householder|owner|tenant|resident|respondent|complainant|neighbour"
    r"|installer|Mr and Mrs|For:|Antragsteller\w*|Zuwendungsempfänger|Eheleute|Sehr geehrte[r]?)"
    r"\W{1,4}(?:\w+\W{1,2}){0,2}$",
    re.IGNORECASE,
)
_ACT = re.compile(
    r"\b(?:approved|refused|rejected|granted|decided|awarded|signed|checked|inspected|examined|assessed|reviewed|issued"
    r"|dealt with|handled|prepared|acting|visited|chaired|confirmed|bewilligt|geprüft|entschieden|Bescheid)\b"
    r"[^.;\n]{0,60}\b(?:by|durch|von|par)\s(?:our\s|the\s)?$",
    re.IGNORECASE,
)
_ACTS = re.compile(
    r"^,?\s(?:who\s)?(?:of this office|for the office|(?:has\s)?(?:approved|refused|decided|signed|inspected|visited"
    r"|chaired|voted|checked|telephoned|called to|found)\b)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(?:sincerely|faithfully|regards|wishes|Grüßen|Grüssen|Hochachtungsvoll|gez\.|signed|Signed:?|salutations)\W{1,4}"
    r"(?:[A-Z]\.\s[^\W\d_]+\s)?$"
)
_AFFILIATED = re.compile(r"\s?\([A-Z]{2,8}\)")
_REACH = 70
_ROLE, _DID, _SIGNED, _BELONGS = 0.72, 0.6, 0.55, 0.5
_FURTHER = 0.25


def people_candidates(question: Question, found: list[tuple[Span, Form]]) -> list[Candidate]:
    """Persons, each at its clearest place; `found` are the spans with their forms."""
    text = question.analysis.text
    asked = set(question.query.title) | question.query.instructed
    official = bool(asked & _OFFICIAL)
    spans = [span for span, form in found if form is Form.PERSON]
    rivals = question.starts([Mention(span.start, span.end, Kind.NAME) for span in spans])
    by_name: dict[str, list[Candidate]] = {}
    labels = _role_labels(question) if official else {}
    for span in spans:
        mention = Mention(span.start, span.end, Kind.NAME)
        candidate = question.candidate(mention, span.of(text), rivals=rivals)
        beside = max(_beside(question, text, span, official=official), labels.get(span.start, 0.0))
        outside = 0.3 if _OUTSIDE.search(text, max(0, span.start - _REACH), span.start) else 1.0
        evidence = replace(
            candidate.evidence, label=max(candidate.evidence.label, beside), fit=candidate.evidence.fit * outside
        )
        by_name.setdefault(span.of(text), []).append(replace(candidate, evidence=evidence))
    surnames = {(name[0], name.split()[-1]) for name in by_name if "." not in name.split()[0]}
    return [
        _together(places)
        for name, places in by_name.items()
        if "." not in name.split()[0] or (name[0], name.split()[-1]) not in surnames  # 'A. Byron' is Ada Byron
    ]


def _role_labels(question: Question) -> dict[int, float]:
    """Where values begin that stand under the name of a role which the instructions do not exclude."""
    return {
        pair.value.start: _ROLE * pair.strength
        for pair, stems in question.analysis.pairs
        if pair.strength >= 0.6 and ROLES & set(stems) and not question.query.excluded & set(stems)
    }


def _together(places: list[Candidate]) -> Candidate:
    """The clearest place, surer for the others; a place on the other side of the counter speaks against the name."""
    best = max(places, key=lambda candidate: candidate.confidence)
    others = sum(candidate.confidence for candidate in places if candidate is not best)
    worst = min(candidate.evidence.fit for candidate in places)
    evidence: Evidence = replace(
        best.evidence,
        prior=min(1.0, best.evidence.prior + _FURTHER * others),
        fit=min(best.evidence.fit, 0.5 + worst),
    )
    return replace(best, evidence=evidence)


def _beside(question: Question, text: str, span: Span, *, official: bool) -> float:
    """What the words right beside a name say, 0..1."""
    if not official:
        return 0.0
    before = text[max(0, span.start - _REACH) : span.start]
    after = text[span.end : span.end + 40]
    near_before = [stem(word) for word in words_of(_last_clause(before))[-4:]]
    near_after = [stem(word) for word in words_of(_first_clause(after))[:3]]
    excluded = question.query.excluded
    roles = {word for word in (*near_before, *near_after) if word in ROLES}
    strength = 0.0
    if roles and not roles & excluded:
        strength = _ROLE
    if _ACT.search(before) or _ACTS.search(after):
        strength = max(strength, _DID)
    if _SIGNATURE.search(before):
        strength = max(strength, _SIGNED)
    if _AFFILIATED.match(after):
        strength = max(strength, _BELONGS)
    return strength


def _last_clause(before: str) -> str:
    """What stands before the name up to the next stop; a label may stand on the line or in the cell before."""
    return re.split(r"[.;\n](?=\s|$)|\n\n", before)[-1] if before.strip() else ""


def _first_clause(after: str) -> str:
    """What stands behind the name: an apposition, a bracket, or the line below."""
    match = re.match(r"(?:,\s|\s?\(|\s?\n|\s–\s|\s)([^.;,|)\n]{0,40})", after)
    return match.group(1) if match else ""
