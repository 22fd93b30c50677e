"""Whether the cited words say what a sentence says: by the words as far as these decide it, else by a model.

Fail closed: what cites nothing, or holds a number, date, identifier or name that the cited words do not hold, is
unsupported whatever a model thinks of it. Only a copy, or a sentence in the same words, is supported without a model.
Everything else is unchecked until one has said whether it follows.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import regex

from crucible_assets.answers.guards import Cited, missing_in
from crucible_assets.answers.languages import language_of
from crucible_assets.answers.locating import Located, locate, spans_of
from crucible_assets.answers.quotes import misquoted
from crucible_assets.answers.refuting import refuted_by
from crucible_assets.answers.sentences import Said, without_marks
from crucible_assets.answers.tokens import plain_words, tokens_of
from crucible_assets.answers.wording import says_the_opposite, says_the_same
from resources.search.guarded_words import is_negation
from resources.statements import CheckedBy, Citation, Statement, Support

CITES_NOTHING = "cites nothing"
SAYS_THE_OPPOSITE = "says the opposite"
BEARS_NOTHING = 0.15
"""Share of a statement's words and facts below which a source bears nothing of it."""

_HEADING = regex.compile(r"\s*#{1,6}\s|\s*(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$")
_LETTER = regex.compile(r"\p{L}")
_QUOTES = regex.compile(r"[\"'“”„‟‘’‚«»‹›「」『』`*_]")
_END = regex.compile(r"[\s.!?…。！？؟۔]+$")
_TERMINATED = regex.compile(r"[.!?…。！？؟۔][\"'”’»)\]」』]*$")
_ITEM = regex.compile(r"\s*(?:[-*+•▪◦·–]\s|\(?(?:\d{1,3}|\p{L})[.)]\s)")
_DENYING = (
    "reject", "refus", "deny", "deni", "false", "wrong", "untrue", "incorrect", "exclud", "falsch", "unwahr",
    "abgelehnt", "unzutreff", "ausgeschl", "rejet", "faux", "nier",
)  # fmt: skip
_ROW = regex.compile(r"[|\t;:]")


class Judgement(StrEnum):
    """What a model says of a statement and the words that it cites."""

    FOLLOWS = "FOLLOWS"
    PARTLY = "PARTLY"
    DOES_NOT_FOLLOW = "DOES_NOT_FOLLOW"


@dataclass(frozen=True, slots=True)
class Shown:
    """A source as it was shown under a label: `text` is `document_text[start:start + len(text)]`."""

    label: int
    document_id: UUID
    start: int
    text: str
    language: str | None  # ISO 639-1


def claims(said: Said) -> bool:
    """Whether a sentence says something that sources can bear; headings, and lines without letters, say nothing."""
    if not _LETTER.search(said.text):
        return False
    if _HEADING.match(said.text) and not said.labels:
        return False
    return not (said.text.rstrip("*_ ").endswith((":", "：")) and not said.labels)


def check_words(said: Said, shown: Mapping[int, Shown], question: int | None = None) -> Statement:
    """A sentence as a statement, with what its words and those of the sources that it cites decide.

    `shown` are all sources by their labels. The citations are narrowed to the sentences that bear it best. UNCHECKED
    statements are those of which only a model can say whether they follow.
    """
    absent = [label for label in said.labels if label not in shown]
    sources = [shown[label] for label in said.labels if label in shown]
    problems = tuple(f"cites [{label}], which was not shown" for label in absent)
    if not sources:
        found = problems or (CITES_NOTHING,)
        return Statement(said.text, Support.UNSUPPORTED, (), CheckedBy.WORDS, found, question)
    expected = next((source.language for source in sources if source.language), None)
    language = language_of(plain_words(said.text), expected)
    located = [locate(said.text, source.text, source.language) for source in sources]
    citations = tuple(map(_citation, sources, located))
    missing = missing_in(said.text, language, [Cited(source.text, source.language) for source in sources])
    if all(source.language in (None, language) for source in sources):
        missing += misquoted(said.text, [source.text for source in sources])
    if missing:
        found = (*problems, *missing)
        return Statement(said.text, Support.UNSUPPORTED, citations, CheckedBy.WORDS, found, question)
    ways = [_way(said.text, language, source) for source in sources]
    by = CheckedBy.COPY if CheckedBy.COPY in ways else CheckedBy.WORDS if CheckedBy.WORDS in ways else None
    if by is None and any(_is_opposite(said.text, language, source) for source in sources):
        found = (*problems, SAYS_THE_OPPOSITE)
        return Statement(said.text, Support.UNSUPPORTED, citations, CheckedBy.WORDS, found, question)
    if by is None and (refuting := _refuting(said.text, language, sources)) is not None:
        found = (*problems, refuting)
        return Statement(said.text, Support.UNSUPPORTED, citations, CheckedBy.WORDS, found, question)
    if by is None:
        return Statement(said.text, Support.UNCHECKED, citations, None, problems, question)
    idle = tuple(
        f"[{source.label}] says nothing of it"
        for source, way, place in zip(sources, ways, located, strict=True)
        if way is None and place.whole < BEARS_NOTHING and source.language in (language, None)
    )
    if problems or idle:
        return Statement(said.text, Support.PARTLY, citations, CheckedBy.WORDS, (*problems, *idle), question)
    return Statement(said.text, Support.SUPPORTED, citations, by, (), question)


def judgeable(statement: Statement) -> bool:
    """Whether a model is to be asked: the words speak neither for the statement nor against it."""
    return statement.support is Support.UNCHECKED and bool(statement.citations)


def with_judgement(statement: Statement, judgement: Judgement) -> Statement:
    """The statement after a model has judged it. A judgement lifts only what was unchecked, and never a copy.

    A statement that also cites what was not shown is partly supported at the most.
    """
    match statement.support, judgement:
        case Support.UNCHECKED, Judgement.FOLLOWS:
            support = Support.PARTLY if statement.problems else Support.SUPPORTED
        case Support.UNCHECKED | Support.SUPPORTED, Judgement.PARTLY:
            support = Support.PARTLY
        case Support.UNCHECKED | Support.SUPPORTED | Support.PARTLY, Judgement.DOES_NOT_FOLLOW:
            support = Support.UNSUPPORTED
        case _:
            return statement
    if statement.checked_by is CheckedBy.COPY:
        return statement
    return replace(statement, support=support, checked_by=CheckedBy.MODEL)


def _citation(source: Shown, located: Located) -> Citation:
    return Citation(source.document_id, source.start + located.start, source.start + located.end, source.label)


def _way(text: str, language: str | None, source: Shown) -> CheckedBy | None:
    """How the source's words say what the statement says; None when they do not decide it."""
    if _is_copy(text, source.text):
        return CheckedBy.COPY
    if source.language is not None and source.language != language:
        return None
    own = tokens_of(text, language)
    whole = _whole(source.text)
    for at, span in enumerate(spans_of(source.text)):
        if whole[at] and says_the_same(own, tokens_of(span.of(source.text), source.language), language):
            return CheckedBy.WORDS
    return None


def _is_opposite(text: str, language: str | None, source: Shown) -> bool:
    if source.language is not None and source.language != language:
        return False
    own = tokens_of(text, language)
    spans = (tokens_of(span.of(source.text), source.language) for span in spans_of(source.text))
    return any(says_the_opposite(own, theirs, language) for theirs in spans)


def _refuting(text: str, language: str | None, sources: Sequence[Shown]) -> str | None:
    """What the sentences of all cited sources speak against in it.

    It is compared in each source's language: what is near to a sentence is in its language, whatever so few words
    were taken for.
    """
    for written in dict.fromkeys(source.language or language for source in sources):
        alike = [source.text for source in sources if (source.language or language) == written]
        sentences = [tokens_of(span.of(one), written) for one in alike for span in spans_of(one)]
        if (found := refuted_by(tokens_of(text, written), sentences, written)) is not None:
            return found
    return None


def _is_copy(text: str, source: str) -> bool:
    """Whether a statement is, but for case, quotes and white space, a sentence of the source or several in a row.

    A part of a sentence is none: `the grant was approved` stands in `he denied that the grant was approved`.
    """
    wanted = " ".join(_folded(span.of(text)) for span in spans_of(text))
    if not _LETTER.search(wanted):
        return False
    asks = plain_words(text).endswith(("?", "？"))
    whole, sentences = _whole(source), _sentences(source)
    for first in range(len(sentences)):
        joined = ""
        for at in range(first, len(sentences)):
            if not whole[at] or len(joined) > len(wanted):
                break
            joined = f"{joined} {sentences[at][0]}".strip()
            if joined == wanted and sentences[at][1] == asks:
                return True
    return False


@lru_cache(maxsize=256)
def _sentences(source: str) -> tuple[tuple[str, bool], ...]:
    """Every sentence folded, and whether it asks."""
    texts = [plain_words(span.of(source)) for span in spans_of(source)]
    return tuple((_folded(text), text.endswith(("?", "？"))) for text in texts)


@lru_cache(maxsize=256)
def _whole(source: str) -> tuple[bool, ...]:
    """Which sentences of a source stand for themselves.

    Not the rest of one that the stretch begins in, nor the beginning of one that it ends in; not what is quoted
    behind another sentence of the same speaker, and no item of a list that the line before it denies.
    """
    spans = spans_of(source)
    whole: list[bool] = []
    quoted = denied = False
    end = 0
    for span in spans:
        sentence = span.of(source)
        if "\n\n" in source[end : span.start]:
            quoted = False
        item = _ITEM.match(sentence) is not None
        denied = denied and item
        whole.append(not quoted and not denied)
        quoted = _quote_stays_open(sentence, open_=quoted, german="„" in source)
        if sentence.endswith((":", "：")):
            denied = _denies(sentence)
        end = span.end
    if spans and spans[0].of(source)[:1].islower():
        whole[0] = False
    last = spans[-1].of(source) if spans else ""
    if len(spans) > 1 and not _TERMINATED.search(last) and not _ROW.search(last):
        whole[-1] = False
    return tuple(whole)


def _quote_stays_open(sentence: str, *, open_: bool, german: bool) -> bool:
    """Whether a quotation is open behind a sentence; in German “ ends one, elsewhere it begins one."""
    begins, ends = ("„«「『", "“”»」』") if german else ("“«「『", "”»」』")
    for sign in sentence:
        if sign in begins:
            open_ = True
        elif sign in ends:
            open_ = False
        elif sign == '"':
            open_ = not open_
    return open_


def _denies(sentence: str) -> bool:
    words = regex.findall(r"\p{L}+(?:['’]\p{L}+)?", sentence.casefold())
    return any(is_negation(word) or word.startswith(_DENYING) for word in words)


def _folded(text: str) -> str:
    """Without regard to case, form of characters, white space, quotes, emphasis, brackets round references, and the
    stop at the end."""
    plain = unicodedata.normalize("NFKC", _QUOTES.sub("", without_marks(plain_words(text)))).casefold()
    return str(_END.sub("", " ".join(plain.split())))
