"""Words of a text as the reader compares them: folded, stemmed, without function words.

The stemmer is light (a chain of suffixes, no dictionary): enough to bring 'terminated', 'terminates' and
'termination' together, and careful enough to leave short words alone. It is meant for matching within one
document, never for display.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")


def word_set(words: str) -> frozenset[str]:
    """Words separated by blanks, as a set."""
    return frozenset(words.split())


# Function words of the languages that projects are written in most. Only words that carry no meaning in a
# label or an instruction; folded (lower case, no accents).
STOP_WORDS = word_set(
    """
    a an the of in on at to for from by with and or nor but if is are was were be been being it its this that these
    those as such than then there their they them he she his her him we our us you your i my me who whom whose which
    what when where why how do does did has have had having will would shall should may might can could must into
    onto over under about between among per via not no any all each every both either some other another same own so
    just only also very more most less least up down out off through during before after above below again further
    once here because until while against within without upon whether etc eg ie der die das den dem des ein eine
    einer eines einem einen und oder aber ist sind war waren wird werden wurde wurden hat haben mit von vom zu zum
    zur im am auf aus bei nach uber unter fur durch gegen ohne um als wie wenn dass sich nicht kein keine es sie er
    wir ihr le la les un une des du de d l et ou mais est sont etait etaient a au aux en dans sur sous par pour avec
    sans ce cet cette ces qui que quoi dont ne pas plus son sa ses leur leurs il elle ils elles se el los las una
    unos unas y o pero es son era eran del al con sin sobre entre su sus que se lo por para no il lo gli i uno e ma
    di da dal dalla della delle dei degli nel nella sul sulla tra fra che si non per de het een en of maar is zijn
    was waren van voor met door naar bij uit aan op te niet geen dat die deze dit os um uma uns umas do da dos das
    no na nos nas pelo pela ao aos
    """
)

# Words with which instructions ask; they say nothing about what is asked.
ASKING_WORDS = word_set(
    """
    give given giving state stated states report reported extract extracted find identify list listed provide
    provided mention mentioned describe described indicate indicated specify specified write written note noted
    return answer value values field document documents text texts file exact exactly verbatim printed appear
    appears leave empty else true false yes none null format iso example possible applicable available full fully
    first second main kind type whether unit original wording refer refers include includes including included yyyy
    mm dd dataset record entry describes
    """
)

_SUFFIXES = (
    ("ations", 4), ("ation", 4), ("ators", 4), ("ator", 4), ("ating", 4), ("ated", 4), ("ate", 5),
    ("itions", 5), ("ition", 5), ("ements", 4), ("ement", 4), ("ments", 4), ("ment", 4),
    ("ances", 4), ("ance", 4), ("ences", 4), ("ence", 4), ("ability", 4), ("able", 3), ("ible", 4),
    ("ivity", 4), ("ively", 4), ("ive", 5), ("ities", 4), ("ity", 4), ("ingly", 4), ("ings", 3), ("ing", 3),
    ("edly", 4), ("ed", 3), ("ly", 4), ("al", 5), ("or", 5), ("er", 4),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """The word in lower case without accents: 'Évaluée' → 'evaluee'."""
    text = word.casefold()
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The folded word without inflection: 'Terminated' and 'termination' → 'termin'; digits as they are."""
    text = fold(word)
    for mark in ("'s", "’s"):
        text = text.removesuffix(mark)
    if len(text) > 4 and text[1] in "'’" and text[0] in "dlnsjcmt":  # French and Italian elision
        text = text[2:]
    if len(text) <= 3 or text.isdigit():
        return text
    if text.endswith("ies") and len(text) > 4:
        text = text[:-3] + "y"
    elif text.endswith("s") and not text.endswith(("ss", "us", "is")):
        text = text[:-1]
    for suffix, keep in _SUFFIXES:
        if text.endswith(suffix) and len(text) - len(suffix) >= keep:
            text = text[: -len(suffix)]
            break
    if len(text) > 4 and text[-1] == text[-2] and text[-1] not in "aeiouls":
        text = text[:-1]
    if text.endswith("e") and len(text) > 3:
        text = text[:-1]
    return text[:-1] + "i" if text.endswith("y") and len(text) > 3 else text


def stems_of(words: str) -> frozenset[str]:
    """The stems of words separated by blanks, as a set: for the word lists of this package."""
    return frozenset(stem(word) for word in words.split())


def is_content(word: str) -> bool:
    """Whether the word says something: not a function word and longer than one letter (or a number)."""
    text = fold(word)
    return text not in STOP_WORDS and (len(text) > 1 or text.isdigit())


def words_of(text: str) -> list[str]:
    """All words and numbers of a text, as written; identifiers with underscores are taken apart."""
    return TOKEN.findall(text.replace("_", " "))


def content_stems(text: str) -> tuple[str, ...]:
    """The stems of the content words, in order, repetitions kept."""
    return tuple(stem(word) for word in words_of(text) if is_content(word))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a document in order, as parallel tuples; offsets are characters, `ends` excluded."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    stems: tuple[str, ...]


def tokenise(text: str) -> Tokens:
    """Every word of the text with its place and stem; one pass, no backtracking."""
    matches = [(m.start(), m.end(), stem(m.group())) for m in TOKEN.finditer(text)]
    if not matches:
        return Tokens((), (), ())
    starts, ends, stems = zip(*matches, strict=True)
    return Tokens(starts, ends, stems)
