"""What must stand in the cited words: every number, date, identifier, name and quotation of a statement.

What does not stand there makes a statement unsupported. What may stand there (a date that can be read in two ways, a
sum without its currency, a noun that may be another word for what is said, a difference of two numbers of one
sentence) does not. Other sums and counts that a model has worked out stand nowhere, and cannot be proved.
"""

from collections.abc import Sequence

import regex

from crucible_assets.answers.checking.compared import Compared, Finding
from crucible_assets.answers.checking.names import name_free_until, name_stands
from crucible_assets.answers.checking.quotes import misquoted
from crucible_assets.answers.checking.stands import NO, PERHAPS, YES, Cited, Stock, stock_of
from crucible_assets.answers.checking.worked_out import follows
from crucible_assets.answers.text.days import says_no_more
from crucible_assets.answers.text.ratios import ratios, same_duration
from crucible_assets.answers.text.tokens import Kind, Token, tokens_of

_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_KINDS = {Kind.NUMBER: "number", Kind.DAY: "date", Kind.CODE: "identifier", Kind.WORD: "name"}


def must_stand(compared: Compared) -> tuple[Finding, ...]:
    """Rule `stands`: what of a statement stands in none of its sources; quotations where all are in its language."""
    cited = [Cited(source.text, source.language) for source in compared.sources]
    missing = missing_in(compared.text, compared.language, cited)
    if not all(map(compared.speaks_as, compared.sources)):
        return missing
    quoted = misquoted(compared.text, [source.text for source in compared.sources])
    return (*missing, *(Finding("quotation", written) for written in quoted))


def missing_in(statement: str, language: str | None, cited: Sequence[Cited]) -> tuple[Finding, ...]:
    """What of a statement in `language` stands in none of the cited texts, as it is written, each once."""
    own = tokens_of(statement, language)
    theirs = [(one, stock_of(one.text, one.language)) for one in cited]
    foreign = all(one.language is not None and one.language != language for one in cited)
    missing: dict[str, Finding] = {}
    shares = [one for one in ratios(own) if any(one[0] in stock.ratios for _, stock in theirs)]
    stand = {at for _, first, last in shares for at in range(first, last)}
    nameless = name_free_until(own, language)
    for at, token in enumerate(own):
        if at in stand:
            continue
        verdicts = [_verdict(own, at, stock, one.language, language, foreign) for one, stock in theirs]
        if follows(own, at, [(one.text, one.language) for one in cited]):
            verdicts.append(PERHAPS)
        if min(verdicts, default=NO) == NO and not (token.kind is Kind.WORD and at < nameless):
            missing.setdefault(token.written, Finding(_KINDS[token.kind], token.written))
    return tuple(missing.values())


def _verdict(
    own: Sequence[Token], at: int, stock: Stock, theirs: str | None, language: str | None, foreign: bool
) -> int:
    token = own[at]
    match token.kind:
        case Kind.NUMBER:
            ordinal = at + 1 < len(own) and own[at + 1].key in _ORDINALS
            return _number(token, stock, ordinal=ordinal)
        case Kind.DAY:
            return _day(token, stock)
        case Kind.CODE:
            stands = token.key in stock.codes or _stands_whole(token.key, stock.folded)
            return YES if stands else NO
        case Kind.WORD:
            return name_stands(own, at, stock, theirs, language, foreign)
        case _:
            return YES


def _number(token: Token, stock: Stock, *, ordinal: bool) -> int:
    if any(same_duration(token, other) for other in stock.numbers):
        return YES
    best = NO
    for other in stock.numbers:
        if not set(token.values) & set(other.values):
            if set(map(abs, token.values)) & set(map(abs, other.values)):
                best = min(best, PERHAPS)  # a minus may be a dash
            continue
        if token.unit and other.unit and not token.unit & other.unit:
            continue
        same_reading = token.values[0] == other.values[0] or token.key == other.key
        units_agree = not token.unit or bool(other.unit)
        if same_reading and units_agree:
            return YES
        best = min(best, PERHAPS)
    whole = int(token.values[0]) if token.values[0] == token.values[0].to_integral_value() else None
    if best == NO and whole is not None and not token.unit:
        for day in (one for other in stock.days for one in other.days):
            if whole == day[0]:
                return YES
            if whole == day[2] and ordinal:  # `on the 13th`
                best = PERHAPS
    if best == NO and token.spelled and whole == 1:  # `one of them`
        return PERHAPS
    return best


def _day(token: Token, stock: Stock) -> int:
    best = NO
    for day in token.days:
        agreeing = [other for other in stock.days if any(says_no_more(day, one) for one in other.days)]
        sure = len(token.days) == 1 and any(len(other.days) == 1 for other in agreeing)
        if sure or any(other.key == token.key for other in agreeing):
            return YES
        loose = any(_but_for_the_year(day, one) for other in stock.days for one in other.days)
        if agreeing or (loose and _year_stands(day, stock)):
            best = PERHAPS
    return best


def _but_for_the_year(day: tuple[int | None, int, int | None], other: tuple[int | None, int, int | None]) -> bool:
    return other[0] is None and says_no_more((None, day[1], day[2]), other)


def _year_stands(day: tuple[int | None, int, int | None], stock: Stock) -> bool:
    year = day[0]
    if year is None:
        return True
    in_days = any(one[0] == year for other in stock.days for one in other.days)
    return in_days or any(year == number.values[0] for number in stock.numbers)


def _stands_whole(key: str, folded: str) -> bool:
    return regex.search(rf"(?<![\w-]){regex.escape(key)}(?![\w-])", folded) is not None
