"""What a question asks for, by rule: whether for a date or a number, and which of its words say what about.

English, German, French, Spanish, Italian, Portuguese and Chinese are known. In any other language a question asks
for no kind of thing, and words that only make it a question are asked for like others: fewer answers, no wrong ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex

from crucible_assets.answers.text.tokens import Kind, Token
from crucible_assets.answers.understanding import asks_for
from resources.search.analysis import terms
from resources.search.query import Query


class Wanted(StrEnum):
    """The kind of thing that answers a question."""

    DAY = "day"
    NUMBER = "number"


_TIME = (
    r"dates?|days?|years?|months?|century|centuries|decades?|jahr\w*|tag|datum|monat|fecha|año|día|mes|siglo|década|"
    r"année|an|jour|mois|siècle|anno|giorno|mese|secolo|ano|dia|século"
)
_AMOUNT = (
    r"percentage|percent|number|share|amount|population|prozentsatz|anteil|anzahl|porcentaje|cantidad|número|"
    r"proporción|pourcentage|nombre|percentuale|numero|porcentagem"
)
_WHICH = r"what|which|welche[mnrs]?|qué|que|cuál|quelle?s?|quale|quali|qual|quais"  # the word before its noun
_ASKS = regex.compile(
    rf"""
    (?P<day> \b(?: when | wann | cuándo | quand | quando )\b | \b(?:{_WHICH})\s(?:{_TIME})\b
        | 什么时候 | 什么时间 | 何时 | 哪一?[年天日] | 几[年月日号] | 哪个(?:世纪|年代|月) )
    | (?P<number> \b(?: how\s(?:much|many|large|high|big|old|long|tall|deep|far|wide|heavy|fast|hot|often)
        | wie\s?(?:viel|hoch|groß|alt|lang|tief|weit|breit|schwer|schnell|oft|häufig)\w* | combien
        | cuánt[oa]s? | quant[oaie]s? )\b | \b(?:{_WHICH})\s(?:{_AMOUNT})\b
        | 多少 | 多[大高长远快久深宽重] | 百分之几 | 几(?!乎) )
    | (?P<other> \b(?: {_WHICH} | who | whom | whose | where | why | how | wer | wen | wem | wessen | wo | woher
        | wohin | warum | wieso | wie | was | quién(?:es)? | dónde | cómo | qui | où | pourquoi | comment | chi | dove
        | perché | come | quem | onde )\b | 谁 | 什么 | 哪 | 何处 | 如何 | 怎 )
    """,
    regex.VERBOSE,
)
_YEAR = regex.compile(r"(?:1\d|20)\d\d(?:s|er)?")
_CENTURY = regex.compile(
    r"\b(?:centur(?:y|ies)|decades?|jahrhundert\w*|jahrzehnt\w*|siglos?|siècles?|secol[oi]|séculos?)\b|世纪|年代"
)

# what only makes a question of Chinese words, and the commonest particles between them
_CHINESE = regex.compile(
    r"什么时候|什么时间|为什么|什么样|什么|多少|多[大高长远快久深宽重]|哪一?[年天个些里儿位种]?|如何|怎么样?|怎样|谁|"
    r"何时|何地|何处|是否|有没有|百分之几|[几的了在是有被把和与及为由于从到对这那些个所吗呢以之其而或将]"
)
_EMPTY = """
que qué cuál cuáles cual quién quiénes dónde cuándo cuánto cuánta cuántos cuántas cómo por para con sin sobre
entre el los las lo unos unas del al se su sus fue fueron son era eran ser está están había hay ha han tiene
tenía tienen como más desde hasta che chi quale quali dove quando quanto quanti quanta quante come perché il gli
di da nel nella della dei delle per tra è sono qual quais quem onde quantos quantas foi foram são os as
"""
_ALSO_EMPTY = frozenset(_EMPTY.split())


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word that a question asks about: its forms in the languages of the project, and how rare it is (> 0)."""

    forms: frozenset[str]
    weight: float


def wanted(question: str) -> Wanted | None:
    """The kind of thing that the first question word asks for; None for any other, and where there is none."""
    found = _ASKS.search(" ".join(question.casefold().split()))
    if found is None or found["other"]:
        return None
    return Wanted.DAY if found["day"] else Wanted.NUMBER


def holds(kind: Wanted, text: str, tokens: Sequence[Token]) -> bool:
    """Whether a sentence, given with its tokens, holds such a thing. A year or a century is a date."""
    if kind is Wanted.NUMBER:
        return any(token.kind is Kind.NUMBER for token in tokens)
    dated = any(token.kind is Kind.DAY or _is_year(token) for token in tokens)
    return dated or _CENTURY.search(text.casefold()) is not None


def _is_year(token: Token) -> bool:
    return token.kind is Kind.NUMBER and _YEAR.fullmatch(token.written) is not None


def asked_words(question: str, query: Query, weights: Mapping[str, float]) -> list[AskedWord]:
    """The words that a question asks about. One that no passage has weighs as much as the rarest that one has."""
    plain = _CHINESE.sub(" ", question)
    content = {form for word in asks_for(plain) if word.casefold() not in _ALSO_EMPTY for form in terms(word, None)}
    forms: dict[int, set[str]] = {}
    for term, word in zip(query.terms, query.words, strict=True):
        forms.setdefault(word, set()).add(term)
    most = max(weights.values(), default=1.0)
    return [
        AskedWord(frozenset(one), max((weights[term] for term in one if term in weights), default=most))
        for one in forms.values()
        if one & content
    ]
