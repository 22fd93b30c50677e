"""Whether a statement is a sentence of its source, or several in a row, that stand there for themselves.

A part of a sentence is no copy: `the grant was approved` stands in `he denied that the grant was approved`.
"""

import unicodedata
from functools import lru_cache

import regex

from crucible_assets.answers.checking.compared import Compared, Finding
from crucible_assets.answers.text.marks import without_marks
from crucible_assets.answers.text.spans import spans_of
from crucible_assets.answers.text.tokens import plain_words
from resources.search.guarded_words import is_negation

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


def copies(compared: Compared) -> tuple[Finding, ...]:
    """Rule `copy`: one of the sources has the statement as a sentence, or as several in a row."""
    copied = any(is_copy(compared.text, source.text) for source in compared.sources)
    return (Finding("copy", ""),) if copied else ()


def is_copy(text: str, source: str) -> bool:
    """Whether a statement is, but for case, quotes and white space, one or more whole sentences of the source."""
    wanted = " ".join(_folded(span.of(text)) for span in spans_of(text))
    if not _LETTER.search(wanted):
        return False
    asks = plain_words(text).endswith(("?", "？"))
    whole, sentences = stand_alone(source), _sentences(source)
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
def stand_alone(source: str) -> tuple[bool, ...]:
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


@lru_cache(maxsize=256)
def _sentences(source: str) -> tuple[tuple[str, bool], ...]:
    """Every sentence folded, and whether it asks."""
    texts = [plain_words(span.of(source)) for span in spans_of(source)]
    return tuple((_folded(text), text.endswith(("?", "？"))) for text in texts)


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
