"""Which words of a statement are names, and whether they stand in the cited words.

A capital makes a name, unless it begins a sentence, a heading or a label, or the language gives one to every noun.
What may be a name in other words (a country, an acronym, a noun of German) is neither found nor missed.
"""

from collections.abc import Sequence

import regex

from crucible_assets.answers.checking.stands import NO, PERHAPS, YES, Stock
from crucible_assets.answers.text.languages import territory_words
from crucible_assets.answers.text.tokens import Kind, Token
from resources.models.reader.words import STOP_WORDS, word_set
from resources.models.reader.words import fold as bare
from resources.search.analysis import terms
from resources.search.guarded_words import calendar_names, is_negation, is_number

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
_HEADING = 4  # words of content of the shortest heading in capitals
_LABEL = 6  # words before a colon that are a label


def name_free_until(own: Sequence[Token], language: str | None) -> int:
    """The place up to which capitals make no names: the end of a heading, or of the label before a colon; else 0."""
    return len(own) if _title_case(own, language) else _label_end(own)


def name_stands(
    own: Sequence[Token], at: int, stock: Stock, theirs: str | None, language: str | None, foreign: bool
) -> int:
    """Only words that are written as names have to stand there; of others it is said elsewhere."""
    token = own[at]
    if not (token.named or token.initial) or len(token.key) < 2 or not token.key[0].isalpha():
        return YES
    if _stands(token, stock, theirs):
        return YES
    folded = bare(token.key)
    if token.key in calendar_names() and not token.initial:
        return PERHAPS if foreign else NO  # names of months and days are other words elsewhere
    if folded in STOP_WORDS or is_negation(token.key) or token.key in _TITLES or token.key in _ROLES:
        return YES
    if _is_acronym(token.written) and token.key in stock.initials:
        return PERHAPS
    if token.initial:
        return NO if _begins_name(own, at, language) else PERHAPS
    if is_number(token.key) or folded in territory_words():
        return PERHAPS
    if language in _CAPITALISING and not _surely_name(own, at, stock, foreign):
        return PERHAPS
    return NO


def _is_acronym(written: str) -> bool:
    """Whether a word may be the initials of others: of one letter after the other they are looked for."""
    return _ACRONYM.fullmatch(written) is not None


def _stands(token: Token, stock: Stock, theirs: str | None) -> bool:
    folded = bare(token.key)
    if folded in stock.words:
        return True
    forms = {folded.removesuffix("s"), folded.removesuffix("es"), f"{folded}s"}
    if any(len(form) > 2 and form in stock.words for form in forms):
        return True
    return bool(stock.stems) and any(stem in stock.stems for stem in terms(token.key, theirs))


def _begins_name(own: Sequence[Token], at: int, language: str | None) -> bool:
    """Whether a capital at the beginning begins a name: `Maeve Tierney`, or letters that only shout."""
    token = own[at]
    if token.named and token.written[1:] != token.written[1:].lower():
        return True
    if language in _CAPITALISING:
        return False
    following = own[at + 1] if at + 1 < len(own) else None
    return following is not None and following.kind is Kind.WORD and following.named


def _surely_name(own: Sequence[Token], at: int, stock: Stock, foreign: bool) -> bool:
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
    if not foreign and _shares_part(token.key, stock):
        return False
    in_run = word_before is not None and word_before.named
    in_run = in_run or (after is not None and after.kind is Kind.WORD and after.named)
    return in_run or not foreign


def _is_noun(written: str) -> bool:
    return _GERMAN_NOUN.search(written, pos=max(0, len(written) - 9)) is not None and len(written) > 5


def _shares_part(word: str, stock: Stock) -> bool:
    """Whether a compound and a word of the source share a part: `Förderantrag` and `Antrag`."""
    folded = bare(word)
    long = len(folded) >= _SHORTEST_PART
    return any(
        (len(other) >= _SHORTEST_PART and other in folded)
        or (long and folded in other)
        or (len(other) >= len(folded) + _SHORTEST_PART - 1 and other.startswith(folded))  # `Öl`, `Ölkessel`
        for other in stock.words
    )


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
