"""What must stand in the cited words: every number, date, identifier and name of a statement.

What does not stand there makes a statement unsupported. What may stand there (a date that can be read in two ways, a
sum without its currency, a noun that may be another word for what is said, a difference of two numbers of one
sentence) does not. Other sums and counts that a model has worked out stand nowhere, and cannot be proved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import regex

from crucible_assets.answers.languages import territory_words
from crucible_assets.answers.ratios import ratios, same_duration
from crucible_assets.answers.tokens import Kind, Token, tokens_of
from crucible_assets.answers.worked_out import follows
from resources.models.reader.words import STOP_WORDS, word_set
from resources.models.reader.words import fold as bare
from resources.search.analysis import has_stemmer, terms
from resources.search.guarded_words import calendar_names, is_negation, is_number


@dataclass(frozen=True, slots=True)
class Cited:
    """Words that a statement cites, and their language (ISO 639-1)."""

    text: str
    language: str | None


_TITLES = word_set(
    "herr herrn frau dr prof familie firma mr mrs ms miss sir lady judge minister president monsieur madame mme m me"
)
_GERMAN_NOUN = regex.compile(
    r"(?:ung|heit|keit|schaft|tion|sion|nis|tum|ment|tät|ismus|enz|anz|ur)(?:en|e|s|es)?$", regex.IGNORECASE
)
_DETERMINERS = word_set(
    "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines dieser diese "
    "dieses diesen diesem jeder jede jedes jeden jedem sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer "
    "unser unsere alle allen aller beide beiden mehrere einige viele welche im am zum zur vom beim ins ans pro je"
)
_ADJECTIVE = regex.compile(r"[a-zäöüß]{3,}(?:e|en|er|es|em)")
_CAPITALISING = frozenset({"de", "lb"})  # languages that write nouns with a capital
# nouns of set phrases, which no determiner goes before
_SET_NOUNS = word_set(
    "höhe kosten betrieb ende anfang beginn mitte rahmen bezug euro prozent jahr jahre jahren monat monate monaten "
    "tag tage tagen woche wochen stunde stunden uhr grund gründen form teil weise fall frage antrag dokument quelle "
    "unterlagen angaben bescheid zuschuss gebäude haus wohnhaus person personen geld beispiel mal recht basis seite "
    "quadratmeter quadratmetern kubikmeter kubikmetern kilometer kilometern meter metern liter litern tonnen"
)
_ACRONYM = regex.compile(r"\p{Lu}{3,6}")
_SHORTEST_PART = 5  # letters of a word that is a part of a compound
_ROLES = word_set(
    "inspector officer director deputy applicant applicants owner chair chairman chairwoman secretary assessor "
    "contractor installer householder interviewer member case file form article section table both two three four "
    "five six seven eight nine ten although however since because while whereas according besides moreover later "
    "finally therefore thus then when where if unless until after before during only even yes instead"
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_HEADING = 4  # words of content of the shortest heading in capitals
_LABEL = 6  # words before a colon that are a label


def missing_in(statement: str, language: str | None, cited: Sequence[Cited]) -> tuple[str, ...]:
    """What of a statement in `language` stands in none of the cited texts, as it is written, each once."""
    own = tokens_of(statement, language)
    theirs = [(one, _standing(one.text, one.language)) for one in cited]
    foreign = all(one.language is not None and one.language != language for one in cited)
    missing: dict[str, None] = {}
    stand = {at for _, first, last in _standing_ratios(own, theirs) for at in range(first, last)}
    headed = len(own) if _title_case(own, language) else _label_end(own)
    for at, token in enumerate(own):
        if at in stand:
            continue
        verdicts = [_verdict(own, at, standing, one.language, language, foreign) for one, standing in theirs]
        if follows(own, at, [(one.text, one.language) for one in cited]):
            verdicts.append(_PERHAPS)
        if min(verdicts, default=_NO) == _NO and not (token.kind is Kind.WORD and at < headed):
            missing[token.written] = None
    return tuple(missing)


def _standing_ratios(
    own: Sequence[Token], theirs: Sequence[tuple[Cited, "_Standing"]]
) -> list[tuple[Fraction, int, int]]:
    return [one for one in ratios(own) if any(one[0] in standing.ratios for _, standing in theirs)]


_YES, _PERHAPS, _NO = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Standing:
    numbers: tuple[Token, ...]
    days: tuple[Token, ...]
    codes: frozenset[str]
    words: frozenset[str]  # folded, without accents
    stems: frozenset[str]
    folded: str
    ratios: frozenset[Fraction]
    initials: str  # of all words, in their order, with a blank where a sentence or clause ends


@lru_cache(maxsize=256)
def _standing(text: str, language: str | None) -> _Standing:
    tokens = tokens_of(text, language)
    words = {bare(token.key) for token in tokens if token.kind is Kind.WORD}
    for token in tokens:  # what stands in identifiers and addresses stands there too
        if token.kind is Kind.CODE:
            words.update(bare(part) for part in regex.findall(r"\p{L}+", token.key))
    return _Standing(
        tuple(token for token in tokens if token.kind is Kind.NUMBER),
        tuple(token for token in tokens if token.kind is Kind.DAY),
        frozenset(token.key for token in tokens if token.kind is Kind.CODE),
        frozenset(words),
        frozenset(terms(text, language)) if has_stemmer(language) else frozenset(),
        " ".join(text.casefold().split()),
        frozenset(ratio for ratio, _, _ in ratios(tokens)),
        "".join(bare(token.key)[:1] if token.kind is Kind.WORD else " " for token in tokens),
    )


def _verdict(
    own: Sequence[Token], at: int, standing: _Standing, theirs: str | None, language: str | None, foreign: bool
) -> int:
    token = own[at]
    match token.kind:
        case Kind.NUMBER:
            ordinal = at + 1 < len(own) and own[at + 1].key in _ORDINALS
            return _number(token, standing, ordinal=ordinal)
        case Kind.DAY:
            return _day(token, standing)
        case Kind.CODE:
            stands = token.key in standing.codes or _stands_whole(token.key, standing.folded)
            return _YES if stands else _NO
        case Kind.WORD:
            return _word(own, at, standing, theirs, language, foreign)
        case _:
            return _YES


def _number(token: Token, standing: _Standing, *, ordinal: bool) -> int:
    if any(same_duration(token, other) for other in standing.numbers):
        return _YES
    best = _NO
    for other in standing.numbers:
        if not set(token.values) & set(other.values):
            if set(map(abs, token.values)) & set(map(abs, other.values)):
                best = min(best, _PERHAPS)  # a minus may be a dash
            continue
        if token.unit and other.unit and not token.unit & other.unit:
            continue
        same_reading = token.values[0] == other.values[0] or token.key == other.key
        units_agree = not token.unit or bool(other.unit)
        if same_reading and units_agree:
            return _YES
        best = min(best, _PERHAPS)
    whole = int(token.values[0]) if token.values[0] == token.values[0].to_integral_value() else None
    if best == _NO and whole is not None and not token.unit:
        for day in (one for other in standing.days for one in other.days):
            if whole == day[0]:
                return _YES
            if whole == day[2] and ordinal:  # `on the 13th`
                best = _PERHAPS
    if best == _NO and token.spelled and whole == 1:  # `one of them`
        return _PERHAPS
    return best


def _day(token: Token, standing: _Standing) -> int:
    best = _NO
    for day in token.days:
        agreeing = [other for other in standing.days if any(_within(day, one) for one in other.days)]
        sure = len(token.days) == 1 and any(len(other.days) == 1 for other in agreeing)
        if sure or any(other.key == token.key for other in agreeing):
            return _YES
        loose = any(_but_for_the_year(day, one) for other in standing.days for one in other.days)
        if agreeing or (loose and _year_stands(day, standing)):
            best = _PERHAPS
    return best


def _within(day: tuple[int | None, int, int | None], other: tuple[int | None, int, int | None]) -> bool:
    """Whether a date says nothing that the other does not say."""
    return day[1] == other[1] and all(mine is None or mine == its for mine, its in zip(day, other, strict=True))


def _but_for_the_year(day: tuple[int | None, int, int | None], other: tuple[int | None, int, int | None]) -> bool:
    return other[0] is None and _within((None, day[1], day[2]), other)


def _year_stands(day: tuple[int | None, int, int | None], standing: _Standing) -> bool:
    year = day[0]
    if year is None:
        return True
    in_days = any(one[0] == year for other in standing.days for one in other.days)
    return in_days or any(year == number.values[0] for number in standing.numbers)


def _word(
    own: Sequence[Token], at: int, standing: _Standing, theirs: str | None, language: str | None, foreign: bool
) -> int:
    """Only words that are written as names have to stand there; of others it is said elsewhere."""
    token = own[at]
    if not (token.named or token.initial) or len(token.key) < 2 or not token.key[0].isalpha():
        return _YES
    if _stands(token, standing, theirs):
        return _YES
    folded = bare(token.key)
    if token.key in calendar_names() and not token.initial:
        return _PERHAPS if foreign else _NO  # names of months and days are other words elsewhere
    if folded in STOP_WORDS or is_negation(token.key) or token.key in _TITLES or token.key in _ROLES:
        return _YES
    if _is_acronym(token.written) and token.key in standing.initials:
        return _PERHAPS
    if token.initial:
        return _NO if _begins_name(own, at, language) else _PERHAPS
    if is_number(token.key) or folded in territory_words():
        return _PERHAPS
    if language in _CAPITALISING and not _surely_name(own, at, standing, foreign):
        return _PERHAPS
    return _NO


def _is_acronym(written: str) -> bool:
    """Whether a word may be the initials of others: of one letter after the other they are looked for."""
    return _ACRONYM.fullmatch(written) is not None


def _stands(token: Token, standing: _Standing, theirs: str | None) -> bool:
    folded = bare(token.key)
    if folded in standing.words:
        return True
    forms = {folded.removesuffix("s"), folded.removesuffix("es"), f"{folded}s"}
    if any(len(form) > 2 and form in standing.words for form in forms):
        return True
    return bool(standing.stems) and any(stem in standing.stems for stem in terms(token.key, theirs))


def _begins_name(own: Sequence[Token], at: int, language: str | None) -> bool:
    """Whether a capital at the beginning begins a name: `Maeve Tierney`, or letters that only shout."""
    token = own[at]
    if token.named and token.written[1:] != token.written[1:].lower():
        return True
    if language in _CAPITALISING:
        return False
    following = own[at + 1] if at + 1 < len(own) else None
    return following is not None and following.kind is Kind.WORD and following.named


def _surely_name(own: Sequence[Token], at: int, standing: _Standing, foreign: bool) -> bool:
    """Whether a capital in a language that gives one to every noun begins a name all the same."""
    token = own[at]
    if sum(c.isupper() for c in token.written) > 1:
        return True
    before = own[at - 1] if at else None
    word_before = before if before is not None and before.kind is Kind.WORD else None
    after = own[at + 1] if at + 1 < len(own) else None
    if word_before is not None and word_before.key in _TITLES:
        return True
    if _is_noun(token.written) or token.key in _SET_NOUNS:
        return False
    if word_before is not None and (word_before.key in _DETERMINERS or _ADJECTIVE.fullmatch(word_before.written)):
        return False
    if not foreign and _shares_part(token.key, standing):
        return False
    in_run = word_before is not None and word_before.named
    in_run = in_run or (after is not None and after.kind is Kind.WORD and after.named)
    return in_run or not foreign


def _is_noun(written: str) -> bool:
    return _GERMAN_NOUN.search(written, pos=max(0, len(written) - 9)) is not None and len(written) > 5


def _shares_part(word: str, standing: _Standing) -> bool:
    """Whether a compound and a word of the source share a part: `Förderantrag` and `Antrag`."""
    folded = bare(word)
    long = len(folded) >= _SHORTEST_PART
    return any(
        (len(other) >= _SHORTEST_PART and other in folded)
        or (long and folded in other)
        or (len(other) >= len(folded) + _SHORTEST_PART - 1 and other.startswith(folded))  # `Öl`, `Ölkessel`
        for other in standing.words
    )


def _stands_whole(key: str, folded: str) -> bool:
    return regex.search(rf"(?<![\w-]){regex.escape(key)}(?![\w-])", folded) is not None


def _title_case(own: Sequence[Token], language: str | None) -> bool:
    """Whether every word of content has a capital, as in headings; such capitals make no names."""
    words = [token for token in own if token.kind is Kind.WORD and token.key not in STOP_WORDS]
    capitals = all(token.named or token.initial for token in words)
    return language not in _CAPITALISING and len(words) >= _HEADING and capitals


def _label_end(own: Sequence[Token]) -> int:
    """The place behind the colon of a label at the beginning: `Total Cost: 15,980`; 0 without one."""
    for at, token in enumerate(own[: _LABEL + 1]):
        if token.kind is Kind.SIGN and token.key == ":":
            return at
    return 0
