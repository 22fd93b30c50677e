"""Words in quotation marks, which say that somebody said just these: they have to stand in the cited sources."""

import unicodedata
from collections.abc import Sequence

import regex

_QUOTED = regex.compile(
    r"“([^“”\"]+)[”\"]|„([^„“”\"]+)[“”\"]|«([^«»]+)»|»([^«»]+)«|「([^「」]+)」|『([^『』]+)』|(?<!\w)\"([^\"]+)\"(?!\w)"
)
_CUT = regex.compile(r"\[[^\]]*\]|\(…\)|…|\.\.\.+")  # what the writer of the statement left out or put in
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|[\p{L}\p{M}\p{N}]+")
_FEWEST = 2  # words: a single one in quotation marks is as often a name or a word that is meant otherwise


def misquoted(statement: str, sources: Sequence[str]) -> tuple[str, ...]:
    """The quotations of a statement that stand in none of the sources, as they are written.

    Case, punctuation and white space do not count, and what stands in brackets, or is left out with dots, parts the
    quotation.
    """
    texts = [f" {' '.join(_words(source))} " for source in sources]
    missing = []
    for match in _QUOTED.finditer(statement):
        quoted = next(part for part in match.groups() if part is not None)
        pieces = [_words(piece) for piece in _CUT.split(quoted)]
        if sum(map(len, pieces)) < _FEWEST:
            continue
        if not any(all(f" {' '.join(piece)} " in text for piece in pieces if piece) for text in texts):
            missing.append(match.group())
    return tuple(dict.fromkeys(missing))


def _words(text: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold())]
