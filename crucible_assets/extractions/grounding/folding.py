"""Folding: the form in which a quote and a document agree although case, spaces, hyphens or Unicode differ.

Every character is decomposed (NFKD) and case-folded, so ligatures, full-width forms and composed or decomposed
accents meet in one form. Then everything is evened out that a line break or a model changes without changing words:

- a run of white space becomes one space; beside Chinese or Japanese characters on both sides it vanishes, since a
  line break there is no word boundary (Korean separates words by spaces and keeps them);
- a hyphen between two letters vanishes with the white space after it ('agree-⏎ment' = 'agreement', 'long-term' =
  'long-⏎term'); a long dash, or any with a space before it, becomes ' - '; one between two digits a bare '-';
- typographic quotes, dashes, bullets and ideographic stops become their ASCII forms;
- invisible characters, Hebrew points, Arabic vowel signs and the tatweel vanish: writers add and omit them freely.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_DASH_CLASS = re.escape(DASHES)
_LONG_DASH = re.compile("[\u2014\u2015\u2e3a\u2e3b]|--")
_SOFT_HYPHEN = "\u00ad"
_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ARABIC_SIGNS = "\u0610-\u061a\u064b-\u0652\u0670\u06d6-\u06dc\u0640"
_IGNORED = _INVISIBLE + _HEBREW_POINTS + _ARABIC_SIGNS
_MARKS = "\u0300-\u036f\u0483-\u0487\u0653-\u0655\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_SPACELESS = CJK + "\u3001\u3002\uff0c\uff1a\uff1b\uff01\uff1f\u300c-\u300f"

_OVERRIDES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9`\u00b4\uff07\u05f3", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02\u05f4\u00a8", '"'),
    **dict.fromkeys("\u300c\u300d\u300e\u300f\u301d\u301e\u301f", '"'),
    **dict.fromkeys("\u2022\u2023\u25cf\u25aa\u2043\u00b7", "*"),
    **dict.fromkeys("\u3002\uff61", "."),
    **dict.fromkeys("\u3001\uff64", ","),
    "\u2044": "/",
}
_IGNORED_CHARACTER = re.compile(f"[{_IGNORED}]")
_SPACELESS_CHARACTER = re.compile(f"[{_SPACELESS}]")

# The alternatives whose folded length may differ from their own; all other characters map one to one.
_DASH = rf"(?P<dash>[\s{_IGNORED}]*[{_DASH_CLASS}][\s{_DASH_CLASS}{_IGNORED}]*)"
_SPACE = rf"(?P<space>[\s{_IGNORED}]{{2,}}|[{_IGNORED}])"
_SPACE_BESIDE_CJK = rf"|(?P<cjk>(?<=[{_SPACELESS}])\s)"
_QUOTE = r"|(?P<quote>''|``)"
_CLUSTER = rf"|(?P<cluster>[^\s{_MARKS}][{_MARKS}]+)"

_ASCII = {c: (" " if chr(c).isspace() else chr(c).lower()) for c in range(128)} | {ord("`"): "'"}


@lru_cache(maxsize=4096)
def fold_character(character: str) -> str:
    """The folded form of one character, of any length; white space is a space."""
    if character in _OVERRIDES:
        return _OVERRIDES[character]
    if character.isspace():
        return " "
    # The second round composes nothing: it settles what case folding opened (U+0130, for one).
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return _IGNORED_CHARACTER.sub("", "".join(_OVERRIDES.get(c, c) for c in decomposed))


def pieces(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """The pieces of a text in order: (start, end, folded form, whether it is atomic).

    In a piece that is not atomic every folded character stands for the one original character at its place.
    """
    foreign = {c for c in set(text) if ord(c) >= 128}
    table = dict(_ASCII)
    longer: list[str] = []
    for character in foreign:
        folded = fold_character(character)
        if len(folded) == 1:
            table[ord(character)] = folded
        else:
            longer.append(character)
    special = _special(longer, spaceless=any(_SPACELESS_CHARACTER.match(c) for c in foreign))
    position = 0
    for match in special.finditer(text):
        start, end = match.span()
        if start > position:
            yield position, start, text[position:start].translate(table), False
        yield start, end, _fold_special(match, text), True
        position = end
    if position < len(text):
        yield position, len(text), text[position:].translate(table), False


def fold(text: str) -> str:
    """The folded form of a quote, without white space at its ends."""
    return "".join(folded for _, _, folded, _ in pieces(text.strip())).strip()


def _special(longer: list[str], *, spaceless: bool) -> re.Pattern[str]:
    extra = f"|(?P<longer>[{re.escape(''.join(sorted(longer)))}])" if longer else ""
    beside = _SPACE_BESIDE_CJK if spaceless else ""
    return re.compile(_DASH + "|" + _SPACE + beside + _QUOTE + _CLUSTER + extra)


def _fold_special(match: re.Match[str], text: str) -> str:
    run = match.group()
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    match match.lastgroup:
        case "dash":
            return _fold_dash(run, before, after)
        case "space" | "cjk":
            return _fold_space(run, before, after)
        case "quote":
            return '"'
        case _:  # a cluster or a character with a longer form; the marks go into canonical order
            return unicodedata.normalize("NFKD", "".join(map(fold_character, run)))


def _fold_space(run: str, before: str, after: str) -> str:
    if not any(c.isspace() for c in run):
        return ""
    spaceless = _SPACELESS_CHARACTER.match(before) and _SPACELESS_CHARACTER.match(after)
    return "" if spaceless else " "


def _fold_dash(run: str, before: str, after: str) -> str:
    """What a run of dashes, with the white space round it, becomes between two characters ('' at the text's ends)."""
    spaced_before = run[0].isspace()
    between_letters = _is_letter(before) and _is_letter(after)
    if all(c == _SOFT_HYPHEN for c in run if c in DASHES):
        glued = between_letters and not spaced_before  # a line was broken here
        return " " if not glued and any(c.isspace() for c in run) else ""
    if between_letters:
        return " - " if spaced_before or _LONG_DASH.search(run) else ""
    if before.isdigit() and after.isdigit():
        return "-"
    if before and not spaced_before:  # 'COVID-⏎19'
        return "-"
    return (" " if spaced_before else "") + "-" + (" " if run[-1].isspace() else "")


def _is_letter(character: str) -> bool:
    return character != "" and (character.isalpha() or unicodedata.category(character).startswith("M"))
