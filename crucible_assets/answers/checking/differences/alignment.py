"""A statement's words beside those of a sentence, in their order: where they are the same, and where they differ."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crucible_assets.answers.checking.differences.contrast_lists import SPACELESS
from crucible_assets.answers.checking.differences.contrasts import contrasts_of
from crucible_assets.answers.checking.differences.turns import EMPTY
from crucible_assets.answers.text.days import says_no_more
from crucible_assets.answers.text.tokens import Kind, Token
from resources.models.reader.words import fold as bare
from resources.search.analysis import stemmer

_NEAR = 0.6  # least share of a statement's words of content that stand in the sentence in their order
_LEAST = 3  # words that stand there, at the least
_LEAST_SPACELESS = 5


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase as it is aligned; `comma` says that a comma stands before it."""

    key: str
    stem: str
    token: Token
    comma: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What the sentence has (`theirs`) and the statement has instead (`own`); either may be empty."""

    theirs: tuple[Word, ...]
    own: tuple[Word, ...]
    first: bool
    last: bool
    following: Word | None  # the word behind it in the sentence, which both have


@dataclass(frozen=True, slots=True)
class Near:
    """A statement beside one sentence of its sources that is near to it."""

    own: tuple[Word, ...]
    theirs: tuple[Word, ...]
    differences: tuple[Difference, ...]
    swapped: tuple[str, str] | None  # two things of the sentence that changed places, as they are written
    sentences: tuple[tuple[Word, ...], ...]  # all that the statement cites
    language: str | None


def words_of(tokens: Sequence[Token], language: str | None) -> tuple[Word, ...]:
    """The words and facts in order, phrases of the lists as one, without punctuation and English articles."""
    return _words_of(tuple(tokens), language)


@lru_cache(maxsize=4096)
def _words_of(tokens: tuple[Token, ...], language: str | None) -> tuple[Word, ...]:
    phrases = contrasts_of(language).phrases
    longest = max(map(len, phrases), default=1)
    stem = stemmer(language)
    keys = [bare(token.key) for token in tokens]
    found: list[Word] = []
    at, comma = 0, False
    while at < len(tokens):
        token = tokens[at]
        if token.kind is Kind.SIGN:
            comma = comma or token.key in ",;:("
            at += 1
            continue
        size = next((n for n in range(longest, 1, -1) if tuple(keys[at : at + n]) in phrases), 1)
        if token.kind is not Kind.WORD:
            found.append(Word(keys[at], keys[at], token, comma))
        elif size > 1:
            whole = phrases[tuple(keys[at : at + size])]
            found.append(Word(whole, whole, token, comma))
        elif not (language == "en" and keys[at] in ("a", "an", "the")):
            found.append(Word(keys[at], stem(keys[at]), token, comma))
        else:
            at += 1
            continue  # an article: a comma before it stands before its noun
        at, comma = at + size, False
    return tuple(found)


def may_be_near(own: Sequence[Word], theirs: Sequence[Word], language: str | None) -> bool:
    """Whether two share enough words for an alignment to be worth its time; it never misses one that is near."""
    facts = min(sum(one.token.kind is not Kind.WORD for one in side) for side in (own, theirs))
    stems = [Counter(one.stem for one in side if one.token.kind is Kind.WORD) for side in (own, theirs)]
    content = content_of(own, language)
    told = Counter(one.stem for one in content if one.token.kind is Kind.WORD)
    if sum((stems[0] & stems[1]).values()) + facts < _least(language):
        return False
    return sum((told & stems[1]).values()) + facts >= _NEAR * len(content)


def align(own: Sequence[Word], theirs: Sequence[Word], language: str | None) -> tuple[list[Difference], bool]:
    """The differences in order, and whether the statement is near enough to the sentence to be compared with it."""
    table = [[0] * (len(theirs) + 1) for _ in range(len(own) + 1)]
    for i in range(len(own) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            best = max(table[i + 1][j], table[i][j + 1])
            table[i][j] = max(best, table[i + 1][j + 1] + 1) if is_same(own[i], theirs[j]) else best
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(own) and j < len(theirs):
        if is_same(own[i], theirs[j]) and table[i][j] == table[i + 1][j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    content = content_of(own, language)
    matched = sum(not is_empty(own[i], language) for i, _ in pairs)
    near = len(pairs) >= _least(language) and bool(content) and matched >= _NEAR * len(content)
    return list(_between(own, theirs, pairs)), near


def _between(own: Sequence[Word], theirs: Sequence[Word], pairs: Sequence[tuple[int, int]]) -> Iterator[Difference]:
    before = (-1, -1)
    for i, j in [*pairs, (len(own), len(theirs))]:
        mine, its = tuple(own[before[0] + 1 : i]), tuple(theirs[before[1] + 1 : j])
        if mine or its:
            yield Difference(its, mine, before == (-1, -1), i == len(own), theirs[j] if j < len(theirs) else None)
        before = (i, j)


def _least(language: str | None) -> int:
    return _LEAST_SPACELESS if language in SPACELESS else _LEAST


def is_same(own: Word, theirs: Word) -> bool:
    """Whether two words are one, in whatever form, or two facts mean the same."""
    if own.token.kind is not theirs.token.kind:
        return False
    match own.token.kind:
        case Kind.NUMBER:
            values = set(own.token.values) & set(theirs.token.values)
            units = own.token.unit & theirs.token.unit or not own.token.unit or not theirs.token.unit
            return bool(values) and bool(units)
        case Kind.DAY:
            return any(says_no_more(mine, its) for mine in own.token.days for its in theirs.token.days)
        case _:
            return own.stem == theirs.stem


def is_empty(word: Word, language: str | None) -> bool:
    """Whether a word says nothing by itself: articles, auxiliaries, what only joins."""
    return word.token.kind is Kind.WORD and word.key in EMPTY.get(language or "", EMPTY["en"])


def content_of(words: Sequence[Word], language: str | None) -> list[Word]:
    """The words that say something by themselves, and the facts."""
    return [word for word in words if not is_empty(word, language)]


def written(words: Sequence[Word], most: int = 4) -> str:
    """Words as they are written, the first `most` of them."""
    return " ".join(word.token.written for word in words[:most]) + (" …" if len(words) > most else "")
