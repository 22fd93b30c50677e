"""CATEGORY: the exact spelling of one of the variable's categories."""

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from crucible_assets.extractions.coercion.coerced import Coerced

MIN_SIMILARITY = 90.0  # rapidfuzz ratio from which a misspelt answer is taken for a category, if only one is so near


_LABEL = re.compile(
    r"(?:category|kategorie|catégorie|answer|value)\s*[:=]\s*|\(?(?:\d{1,2}|[a-z])[.)]\s+|[\"'“”*_]+", re.IGNORECASE
)
_STOP = re.compile(r"[\"'“”*_]*\s*(?:$|[:;,.(\[–—]|-\s)")


def coerce_category(text: str, categories: Iterable[str]) -> Coerced:
    """The category that the text names: but for case and punctuation, else misspelt or explained but unmistakable.

    Without categories the text itself. Where two categories differ only in case or punctuation, the exact one counts.
    """
    names = tuple(categories)
    if not names or text in names:
        return Coerced(text, text)
    plain = category_form(text)
    same = [name for name in names if category_form(name) == plain]
    if len(same) == 1:
        return Coerced(same[0], text)
    if same:
        return Coerced(None, text, problem=f"{text!r} may be any of the categories {', '.join(map(repr, same))}")
    near = process.extract(
        plain, [category_form(name) for name in names], scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY
    )
    if len(near) == 1 and len(plain) > 3:
        return Coerced(names[near[0][2]], text)
    explained = _explained(text, names)
    if explained is not None:
        return Coerced(explained, text)
    return Coerced(None, text, problem=f"{text[:80]!r} is not one of the categories {', '.join(map(repr, names))}")


def _explained(text: str, names: tuple[str, ...]) -> str | None:
    """The category that a text begins with, when nothing but an explanation follows: 'refused: no funds left'.

    None where the explanation names another category, or where the name is only the beginning of a word or sentence.
    """
    body = _LABEL.sub("", text.strip(), count=1)
    begun = [name for name in names if (match := _beginning(name, body)) and _STOP.match(body, match.end())]
    if not begun:
        return None
    longest = max(begun, key=len)
    others = [name for name in names if name != longest and _word(name).search(body, len(longest))]
    return None if others else longest


def _beginning(name: str, body: str) -> re.Match[str] | None:
    return re.compile(re.escape(name), re.IGNORECASE).match(body)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def category_form(name: str) -> str:
    """A name without case, punctuation, and spaces at its ends; symbols that tell names apart ('A+') stay."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    spaced = re.sub(r"[\s_\-–—/.,;:!?'\"()\[\]{}]+", " ", folded)
    return spaced.strip() or folded.strip()
