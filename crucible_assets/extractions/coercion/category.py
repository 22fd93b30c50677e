"""CATEGORY: the exact spelling of one of the variable's categories."""

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from crucible_assets.extractions.coercion.coerced import Coerced

MIN_SIMILARITY = 90.0  # rapidfuzz ratio from which a misspelt answer is taken for a category, if only one is so near


def coerce_category(text: str, categories: Iterable[str]) -> Coerced:
    """The category that the text names: but for case and punctuation, else misspelt but unmistakable.

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
    return Coerced(None, text, problem=f"{text[:80]!r} is not one of the categories {', '.join(map(repr, names))}")


def category_form(name: str) -> str:
    """A name without case, punctuation, and spaces at its ends; symbols that tell names apart ('A+') stay."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    spaced = re.sub(r"[\s_\-–—/.,;:!?'\"()\[\]{}]+", " ", folded)
    return spaced.strip() or folded.strip()
