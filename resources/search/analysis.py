"""Words of a text as search compares them: folded, stemmed by the language, identifiers also as they are written.

Stems are Snowball's (Porter 2001) of the language given. Chinese, Japanese and Korean have no spaces between words:
every two neighbouring characters are a term, as is usual without a dictionary (Nie, Gao, Zhang and Zhou 2000).
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable

import regex
import Stemmer

VERSION = "analysis 2"
"""Raise it when the same text would give other terms."""

LONGEST_TERM = 64
"""Characters; what is longer is cut, in documents and queries alike."""

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nl": "dutch", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_SPACELESS = (
    r"\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff"
    r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
RUN = re.compile(f"[{_SPACELESS}]+|[^{_SPACELESS}]+")
IS_SPACELESS = re.compile(f"[{_SPACELESS}]")
"""A character of a script without spaces between words; `RUN` parts such characters from others."""
WORD = regex.compile(r"\w+")  # marks are parts of words there, as vowels of Hindi are; `re` would cut at them
IDENTIFIER = re.compile(r"(?=[\w.\-/:@§#]*\d)\w+(?:[.\-/:@#]\w+)+|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")
"""A number with its letters and signs, as files and sections are named: WP-2022-0048, 12/3, § 4.1, a.b@c.org."""


def fold(text: str) -> str:
    """The text in compatibility form (NFKC), without regard to case."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms(text: str, language: str | None) -> list[str]:
    """All terms of a text, in its order, repeated ones repeated.

    `language` is an ISO 639-1 code; words of one without a stemmer, or of none, are compared as they are. A text has
    as many terms in one language as in another, and they stand at the same places.
    """
    folded = fold(text)
    stem = stemmer(language)
    found: list[str] = []
    for word in WORD.findall(folded):
        if IS_SPACELESS.search(word):
            for run in RUN.findall(word):
                found += pairs(run) if IS_SPACELESS.match(run) else [stem(run)]
        else:
            found.append(stem(word))
    found += IDENTIFIER.findall(folded)
    return [term[:LONGEST_TERM] for term in found]


def count_terms(text: str, language: str | None) -> tuple[Counter[str], int]:
    """How often each term stands in a text, and how many words it has."""
    all_terms = terms(text, language)
    return Counter(all_terms), len(all_terms)


def has_stemmer(language: str | None) -> bool:
    """Whether words of this language are compared by their stems."""
    return language in _STEMMERS


def pairs(run: str) -> list[str]:
    """Every two neighbouring characters of a run without spaces; a single one alone."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


_LOCAL = threading.local()  # a stemmer works for one thread at a time


def stemmer(language: str | None) -> Callable[[str], str]:
    """What makes the stem of a folded word of this language; without a stemmer words stay as they are."""
    name = _STEMMERS.get(language or "")
    if name is None:
        return str
    made: dict[str, Callable[[str], str]] = _LOCAL.__dict__.setdefault("made", {})
    if name not in made:
        made[name] = Stemmer.Stemmer(name).stemWord
    return made[name]
