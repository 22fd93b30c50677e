"""Whether a statement says a sentence of its source in the same words, so that no model needs to be asked.

Stems that two sentences share prove nothing: `A sued B` and `B sued A` share all, `may` and `must`, `up to 500` and
`500` nearly all. So the words must be the same in the same order, and what may differ is listed here:

- how numbers, units, currencies and dates are written;
- English articles;
- the separator of a label and its value (`Grant awarded | 9,500 EUR`), which may be `is`, `was` or the like;
- `According to the document` in front;
- where the sentence denies and limits nothing: a reason or a relative clause behind it, which may be left out.

Whatever else differs is for a model, or stays unchecked.
"""

from collections.abc import Iterator, Sequence

from crucible_assets.answers.checking.compared import Compared, Finding, Shown
from crucible_assets.answers.checking.copies import stand_alone
from crucible_assets.answers.text.spans import spans_of
from crucible_assets.answers.text.tokens import Kind, Token, asks, tokens_of
from resources.models.reader.words import word_set
from resources.search.guarded_words import is_negation

SAYS_THE_OPPOSITE = "says the opposite"

_ARTICLES = frozenset({"a", "an", "the"})
_ARTICLE_TELLS = word_set("few little lot couple number only same other most majority third half quarter")
_LINKS = word_set(
    "is was are were ist war sind waren beträgt betrug lautet lautete heißt est était sont étaient 为 是"
)
_SEPARATORS = frozenset(":|")
_FRAMES = (
    "according to the document", "according to the source", "according to the text", "according to the file",
    "the document says that", "the document states that", "the source says that", "the source states that",
    "the text says that", "the text states that", "the file says that", "the file states that",
    "laut dokument", "laut dem dokument", "laut quelle", "laut der quelle", "dem dokument zufolge",
    "gemäß dokument", "gemäß dem dokument", "selon le document", "selon la source", "d'après le document",
)  # fmt: skip
_FRAME_WORDS = tuple(sorted((tuple(frame.split()) for frame in _FRAMES), key=len, reverse=True))
_REASONS = frozenset({"because", "weil"})
_TAILS = _REASONS | {"denn", "which", "who", "whose"}
# where one of these stands nothing may be left out: what is left out may be what it bears on
_LIMITING = word_set(
    "only solely merely just exclusively nur lediglich bloß ausschließlich seulement uniquement any every all each "
    "no jeder jede jedes alle tout tous toute toutes chaque if unless when until whether falls wenn sofern si "
    "lorsque may might could would should hardly barely scarcely kaum"
)


def same_words(compared: Compared) -> tuple[Finding, ...]:
    """Rule `words`: a sentence of a source that stands for itself says it in the same words."""
    same = any(says_the_same_as(compared, source) for source in compared.sources)
    return (Finding("words", ""),) if same else ()


def says_the_same_as(compared: Compared, source: Shown) -> bool:
    """Whether a sentence of this source, which stands there for itself, says it in the same words."""
    if not compared.speaks_as(source):
        return False
    own = tokens_of(compared.text, compared.language)
    return any(
        stands and says_the_same(own, tokens_of(span.of(source.text), source.language), compared.language)
        for span, stands in zip(spans_of(source.text), stand_alone(source.text), strict=True)
    )


def opposites(compared: Compared) -> tuple[Finding, ...]:
    """Rule `opposite`: a sentence of a source says it in the same words but for a denial."""
    own = tokens_of(compared.text, compared.language)
    denied = any(
        says_the_opposite(own, tokens_of(span.of(source.text), source.language), compared.language)
        for source in filter(compared.speaks_as, compared.sources)
        for span in spans_of(source.text)
    )
    return (Finding("opposite", SAYS_THE_OPPOSITE),) if denied else ()


def says_the_same(own: Sequence[Token], theirs: Sequence[Token], language: str | None) -> bool:
    """Whether a statement's tokens are a sentence of the source, but for what is listed above.

    Both are in `language` (ISO 639-1).
    """
    if asks(theirs) != asks(own):
        return False
    stated = _without_frame(_trimmed(own))
    if not any(token.kind is not Kind.SIGN for token in stated):
        return False
    return any(_equal(_plain(stated, language), _plain(form, language)) for form in _forms(_trimmed(theirs)))


def says_the_opposite(own: Sequence[Token], theirs: Sequence[Token], language: str | None) -> bool:
    """Whether a statement is a sentence of the source but for a `not`, `no` or the like, which one of them has."""
    stated, said = _without_frame(_trimmed(own)), _trimmed(theirs)
    if _denials(stated) == _denials(said) or asks(own) or asks(theirs):
        return False
    bare = [[one for one in _plain(tokens, language) if not _is_denial(one)] for tokens in (stated, said)]
    return len(bare[0]) > 1 and _equal(bare[0], bare[1])


def _is_denial(token: Token) -> bool:
    return token.kind is Kind.WORD and is_negation(token.key)


def _denials(tokens: Sequence[Token]) -> int:
    return sum(map(_is_denial, tokens)) % 2


def _forms(theirs: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The sentence, and what is left of it without what may be left out."""
    yield theirs
    for at in range(2, len(theirs)):
        if theirs[at].key in _TAILS and (theirs[at].key in _REASONS or theirs[at - 1].key == ","):
            kept = _trimmed(theirs[:at])
            if not _limits(kept):
                yield kept
            return


def _limits(tokens: Sequence[Token]) -> bool:
    """Whether something in the words denies or limits, so that nothing may be left out beside them."""
    return any(is_negation(one.key) or one.key in _LIMITING for one in tokens if one.kind is Kind.WORD)


def _without_frame(own: Sequence[Token]) -> Sequence[Token]:
    keys = [token.key for token in own]
    for frame in _FRAME_WORDS:
        if tuple(keys[: len(frame)]) == frame and len(keys) > len(frame):
            return own[len(frame) + (keys[len(frame)] == ",") :]
    return own


def _trimmed(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without punctuation at the ends."""
    first, last = 0, len(tokens)
    while first < last and tokens[first].kind is Kind.SIGN and tokens[first].key in "|,;:":
        first += 1
    while last > first and tokens[last - 1].kind is Kind.SIGN and tokens[last - 1].key in "|,;:。!":
        last -= 1
    return tokens[first:last]


def _plain(tokens: Sequence[Token], language: str | None) -> Sequence[Token]:
    """In English without articles; elsewhere these say who does what."""
    if language != "en":
        return tokens
    kept: list[Token] = []
    for at, token in enumerate(tokens):
        is_article = token.key in _ARTICLES and (token.initial or token.written.islower())
        if not is_article or all(map(_needs_article, tokens[at + 1 : at + 2])):  # or nothing follows
            kept.append(token)
    return kept


def _needs_article(following: Token) -> bool:
    """Whether an article before it says something: `a few` is not `few`."""
    return following.kind in (Kind.SIGN, Kind.NUMBER) or following.key in _ARTICLE_TELLS


def _equal(own: Sequence[Token], theirs: Sequence[Token]) -> bool:
    return len(own) == len(theirs) and all(map(_same, own, theirs))


def _same(own: Token, theirs: Token) -> bool:
    if theirs.kind is Kind.SIGN and theirs.key in _SEPARATORS:
        return own.key in _LINKS or own.key in _SEPARATORS
    if own.kind is not theirs.kind:
        return False
    match own.kind:
        case Kind.NUMBER:
            same_unit = bool(own.unit & theirs.unit) if own.unit else not theirs.unit
            return same_unit and (own.key == theirs.key or own.values[0] == theirs.values[0])
        case Kind.DAY:
            return own.key == theirs.key or (own.days == theirs.days and len(own.days) == 1)
        case _:
            return own.key == theirs.key
