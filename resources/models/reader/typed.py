"""Candidates of the types that a recogniser knows by form: dates, numbers, places."""

import re
from collections import Counter
from dataclasses import replace

from resources.models.reader.concepts import DATE_WORDS, TYPE_WORDS
from resources.models.reader.numbers import currency_of
from resources.models.reader.scoring import Candidate, Question
from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.totals import asks_with_tax, says_tax, size_of
from resources.models.reader.towns import town_candidates
from resources.models.reader.words import stem, stems_of
from resources.models.request import Field

_MONEY_WORDS = stems_of(
    "amount price cost budget fee salary payment grant funding fund revenue fine damages turnover income rent "
    "betrag preis kosten montant prix importe precio importo prezzo value award total payable currency money"
)
_PERCENT_WORDS = stems_of("percent percentage share rate proportion prozent pourcentage porcentaje")
_COUNT_WORDS = stems_of("number count many quantity participants patients employees people persons anzahl nombre")


def date_candidates(question: Question, field: Field) -> list[Candidate]:
    """Every date; days before months before years, unless the year is asked."""
    mentions = question.analysis.dates
    asked = set(question.query.title) | question.query.instructed
    day_needed = "YYYY-MM-DD" in field.instructions
    fits = {
        Kind.DATE: 1.0,
        Kind.MONTH: 0.5 if day_needed else 0.8,
        Kind.YEAR: 0.9 if "year" in asked else 0.3 if day_needed else 0.45,
    }
    days = {mention.normal or mention.span.of(question.analysis.text) for mention in mentions
            if mention.kind is Kind.DATE}  # fmt: skip
    plain = all(word in TYPE_WORDS for word in question.query.title)  # asks for 'the date' and no more
    found = []
    rivals = question.starts([mention for mention in mentions if mention.kind is Kind.DATE])
    under_date = _under_plain_date_labels(question)
    for mention in mentions:
        words = mention.span.of(question.analysis.text)
        alone = 0.8 if mention.kind is Kind.DATE and len(days) == 1 else 0.0
        prior = max(alone, 0.7 if mention.start in under_date else 0.0)
        found.append(
            question.candidate(mention, mention.normal or words, prior=prior, fit=fits[mention.kind], rivals=rivals)
        )
    if plain:
        found = [_raised(candidate, number) for number, candidate in enumerate(found)]
    return _latest(found) if _LAST.search(field.instructions) else found


def _latest(found: list[Candidate]) -> list[Candidate]:
    """Where the last of several events is asked for, of the days that are nearly as sure the latest one stays."""
    best = max((candidate.confidence for candidate in found), default=0.0)
    near = [c for c in found if c.confidence >= _NEARLY * best > 0 and _ISO_DAY.fullmatch(str(c.value))]
    latest = max((str(candidate.value) for candidate in near), default="")
    return [
        replace(c, evidence=replace(c.evidence, fit=_NEARLY * c.evidence.fit)) if str(c.value) < latest else c
        for c in found
    ]


_LAST = re.compile(r"\b(?:the last|latest|most recent|letzte[rsn]?|dernière|última?)\b", re.IGNORECASE)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NEARLY = 0.9


def _raised(candidate: Candidate, number: int) -> Candidate:
    """An unlabelled date when just 'the date' is asked for: plausible, the first most of all."""
    evidence = replace(candidate.evidence, label=max(candidate.evidence.label, 0.5 - 0.02 * min(number, 10)))
    return replace(candidate, evidence=evidence)


def _under_plain_date_labels(question: Question) -> frozenset[int]:
    """Where values labelled just 'Date' begin: one may be the date that is asked for when nothing says more."""
    return frozenset(
        offset
        for pair, stems in question.analysis.pairs
        if pair.strength > 0.7 and set(stems) <= DATE_WORDS
        for offset in range(pair.value.start, min(pair.value.end, pair.value.start + 25))
    )


def number_candidates(question: Question, field: Field) -> list[Candidate]:
    """Every figure, weighed by whether its kind (money, percent, count, measure) is the one asked for."""
    text = question.analysis.text
    fits = _number_fits(question, field)
    counted = bool(set(question.query.title) & _COUNT_WORDS)
    found = []
    by_kind = {kind: [m for m in question.analysis.numbers if m.kind is kind] for kind in fits}
    rivals = {kind: question.starts(mentions) for kind, mentions in by_kind.items()}
    sizes = Counter(unit for unit, _ in {(m.normal, m.span.of(text)) for m in question.analysis.numbers} if unit)
    for mention in question.analysis.numbers:
        fit = _figure_fit(question, field, mention, fits)
        prior = 0.2 if mention.kind is not Kind.NUMBER and fit == 1.0 else 0.0
        alone = bool(field.unit) and fit == 1.0 and sizes.get(mention.normal or "", 0) == 1
        if prior and (len(by_kind[mention.kind]) == 1 or alone):
            prior = 0.9
        candidate = question.candidate(
            mention,
            mention.span.of(text),
            prior=prior,
            fit=fit,
            behind=1.0 if counted else 0.6,
            rivals=rivals[mention.kind],
        )
        if alone and mention.kind is Kind.MEASURE and candidate.evidence.label < _ALONE:
            candidate = replace(candidate, evidence=replace(candidate.evidence, label=_ALONE))
        found.append(candidate)
    if not _TOTAL & {*question.query.title, *question.query.head}:
        return found
    found = _as_totals(question, field, found)
    return _largest_total(question.analysis.text, found) if "total" in question.query.title else found


def _figure_fit(question: Question, field: Field, mention: Mention, fits: dict[Kind, float]) -> float:
    """How well a figure's form is that of the value asked for, 0..1."""
    fit, words = fits[mention.kind], mention.span.of(question.analysis.text)
    unit = field.unit
    if unit and mention.normal and _plain_unit(mention.normal) in (_plain_unit(unit), currency_of(unit)):
        fit = 1.0
    if unit and not any(c.isdigit() for c in words):
        fit *= 0.6  # numbers in words seldom carry a unit
    if not any(c in "123456789" for c in words) and any(c == "0" for c in words):
        fit *= 0.7  # zeros are mostly empty columns
    if mention.kind is not Kind.NUMBER:
        return fit
    if _is_year(words) and "year" not in question.query.title:
        fit *= 0.4
    if _is_numbering(question, mention):
        fit *= 0.2
    if fits[Kind.MONEY] == 1.0:
        if words[-3:-2] in (".", ","):
            return max(fit, 0.97)  # two decimals: an amount without its sign
        if unit and words[-2:-1] in (".", ","):
            fit *= 0.75  # amounts have two decimals or none
        if unit and words.isdigit() and len(words) <= 3:
            fit *= 0.6 if len(words) <= 2 else 0.8  # a house number, a count, a day
    return fit


def _as_totals(question: Question, field: Field, found: list[Candidate]) -> list[Candidate]:
    """Sums of what stands before them, and amounts that say they are with or without tax as asked, are surer."""
    text, sums = question.analysis.text, question.analysis.sums
    wanted = asks_with_tax(field.instructions)
    raised = []
    largest = max((size_of(str(c.value)) for c in found if c.evidence.fit >= 0.95), default=0.0)
    largest_sum = max((size_of(str(c.value)) for c in found if c.span.start in sums), default=0.0)
    for candidate in found:
        evidence, span = candidate.evidence, candidate.span
        if largest and evidence.fit >= 0.95:
            share = min(1.0, size_of(str(candidate.value)) / largest)
            evidence = replace(evidence, prior=max(evidence.prior, _LARGE * share))
        if evidence.fit >= 0.8 and span.start in sums:
            evidence = replace(evidence, label=max(evidence.label, _SUM), prior=max(evidence.prior, 0.5))
            if wanted is not False and size_of(str(candidate.value)) < largest_sum:
                evidence = replace(evidence, fit=0.75 * evidence.fit)  # a sum that another one takes up
        if wanted is not None and evidence.fit >= 0.8:
            row = Span(text.rfind("\n", max(0, span.start - 60), span.start) + 1, candidate.unit.end)
            said = says_tax(text, row, Mention(span.start, span.end, Kind.MONEY))
            if said is wanted:
                evidence = replace(evidence, label=min(1.0, max(evidence.label + 0.15, _TAXED)))
            elif said is not None:
                evidence = replace(evidence, fit=0.7 * evidence.fit)
        raised.append(replace(candidate, evidence=evidence))
    return raised


_ALONE = 0.4  # of the only figure with the unit that is asked for, as a label would
_TOTAL = stems_of("total sum gesamt gesamtkosten gesamtbetrag altogether overall summe totale totaal somme suma")
_LARGE = 0.55  # prior of the largest amount
_ROUNDED = 0.06  # what cash rounding changes at most
_SUM, _TAXED = 0.55, 0.4  # what arithmetic and a word on tax weigh, as a label would


def _largest_total(text: str, found: list[Candidate]) -> list[Candidate]:
    """Of several figures labelled as totals the largest includes the rest, or what it is after rounding."""
    sizes = [size_of(str(c.value)) if c.evidence.label >= 0.5 and c.evidence.fit >= 0.8 else 0.0 for c in found]
    largest = max(sizes, default=0.0)
    ends = [c.span.end for c, size in zip(found, sizes, strict=True) if size and size == largest]
    for candidate, size in zip(found, sizes, strict=True):
        start = candidate.span.start
        if abs(size - largest) < _ROUNDED and ends and start > ends[-1] and start - ends[-1] < 300:
            largest = size if "round" in text[ends[-1] : start].lower() else largest
    return [
        replace(c, evidence=replace(c.evidence, prior=1.0))
        if size and size == largest
        else replace(c, evidence=replace(c.evidence, fit=0.85 * c.evidence.fit))
        if largest
        else c
        for c, size in zip(found, sizes, strict=True)
    ]


def _plain_unit(unit: str) -> str:
    """'m²' and 'm2' are one unit."""
    return unit.replace("²", "2").replace("³", "3").replace(" ", "")


def _number_fits(question: Question, field: Field) -> dict[Kind, float]:
    title = set(question.query.title)
    asked = title | question.query.instructed
    unit = field.unit or ""
    fits = {Kind.MONEY: 0.75, Kind.PERCENT: 0.7, Kind.MEASURE: 0.85, Kind.NUMBER: 0.95}
    if "%" in unit or "percent" in unit.lower() or (title & _PERCENT_WORDS and not unit):
        fits.update({Kind.PERCENT: 1.0, Kind.MONEY: 0.4, Kind.NUMBER: 0.65, Kind.MEASURE: 0.3})
    elif (unit and currency_of(unit)) or title & _MONEY_WORDS or (asked & _MONEY_WORDS and not title & _COUNT_WORDS):
        fits.update({Kind.MONEY: 1.0, Kind.PERCENT: 0.4, Kind.NUMBER: 0.85, Kind.MEASURE: 0.5})
    elif title & _COUNT_WORDS or stem("number") in asked or "how many" in field.instructions.lower():
        fits.update({Kind.NUMBER: 1.0, Kind.MONEY: 0.3, Kind.PERCENT: 0.3, Kind.MEASURE: 0.6})
    elif unit:
        fits.update({Kind.MEASURE: 0.6, Kind.NUMBER: 0.75, Kind.MONEY: 0.3, Kind.PERCENT: 0.3})
    return fits


def _is_year(words: str) -> bool:
    return len(words) == 4 and words.isdigit() and words[:2] in ("18", "19", "20")


def _is_numbering(question: Question, mention: Mention) -> bool:
    """'3.' or '3)' at the beginning of a line, 'Section 3', 'Article 3'."""
    text = question.analysis.text
    head = text[max(0, mention.start - 12) : mention.start]
    begins = not head.strip(" \t") or head.rstrip(" \t").endswith("\n")
    if begins and text[mention.end : mention.end + 1] in (".", ")"):
        return True
    word = head.split()[-1].lower().strip(".") if head.split() else ""
    return word in ("section", "article", "page", "exhibit", "chapter", "figure", "table", "annex", "no", "§")


_LOCAL = stems_of("municipality town village city commune gemeinde ort stadt locality place district")


def _place_prior(mention: Mention, known: int, local: bool, count: int) -> float:
    """What form says: the only country where a country is asked, the town of an address where a town is."""
    if local:
        return min(1.0, (0.6 if mention.normal == "address" else 0.1) + 0.15 * (count - 1))
    return 0.0 if mention.normal != "known" else 0.9 if known == 1 else 0.15


def _place_fit(mention: Mention, local: bool) -> float:
    """Countries and states are known by name, towns are not."""
    known = mention.normal == "known"
    return (0.5 if known else 0.95) if local else (1.0 if known else 0.75)


def place_candidates(question: Question, field: Field) -> list[Candidate]:
    """Known places and capitalised words after a cue; what stands under a matching label counts as a place too."""
    text = question.analysis.text
    local = bool((set(question.query.title) | set(question.query.head)) & _LOCAL)
    counts = Counter(mention.span.of(text) for mention in question.analysis.places)
    known = {mention.span.of(text) for mention in question.analysis.places if mention.normal == "known"}
    rivals = question.starts(question.analysis.places)
    found = [
        question.candidate(
            mention,
            mention.span.of(text),
            rivals=rivals,
            prior=_place_prior(mention, len(known), local, counts[mention.span.of(text)]),
            fit=_place_fit(mention, local),
        )
        for mention in question.analysis.places
    ]
    labels = {pair.label.start for pair, _ in question.analysis.pairs if pair.strength >= 0.7}
    for pair, strength in question.labelled:
        value = _place_value(text, pair.value)
        words = value.of(text)
        plain = local and len(words.split()) <= 2 and value.start not in labels
        if (
            strength >= (0.3 if plain else 0.5)
            and len(words) <= 120
            and words[:1].isupper()
            and not any(c.isdigit() for c in words)
        ):
            mention = Mention(value.start, value.end, Kind.PLACE)
            candidate = question.candidate(mention, words, prior=0.3 if plain else 0.0)
            found.append(candidate)
    return [*found, *town_candidates(question)] if local else found


def _place_value(text: str, value: Span) -> Span:
    """A labelled place without what a separator of the layout sets off behind it."""
    end = value.start + len(_SET_OFF.split(value.of(text), maxsplit=1)[0].rstrip(" ,.;"))
    return Span(value.start, end)


_SET_OFF = re.compile(r"\s[¦|·•–—]|\s\(|;|\n")
