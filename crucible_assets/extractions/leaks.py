"""Whether a value repeats what the model was told instead of what the document says.

A model that follows an instruction in a document may give away the rules, the tags of the fences, or what was asked
for other variables. Such a value is none. What is translated, encoded or reworded is not recognised here: it has no
quote that stands in the document, which leaves it UNCERTAIN at most.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from crucible_assets.extractions.coercion.coerce import raw_text
from crucible_assets.extractions.grounding.place import place
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.prompts.fences import FENCE, without_fenced
from resources.vocabulary import EvidenceStatus, Variable, VariableType

LEAKED = "it repeats what the model was told, not what the document says"

_STRETCH = 40  # letters and digits in a row that are no accident: about eight words
_STRETCH_WIDE = 16  # the same in Chinese, Japanese or Korean
_FREE = (VariableType.TEXT, VariableType.LOCATION, VariableType.JSON)  # types whose values are words of the model
_VERBATIM = (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)


def leaked(value: object, *said: str) -> bool:
    """Whether a JSON value contains a fence's tag, or a long stretch of something that was `said` to the model.

    Case, spaces and signs do not count. Of what was said, fenced parts are left out: the study's own words may well
    stand in a document.
    """
    text = _words(value)
    if FENCE.search(text):
        return True
    words = _folded(text)
    wide = any(unicodedata.east_asian_width(c) in "WF" for c in words)
    least = _STRETCH_WIDE if wide else _STRETCH
    return any(_shares(words, _folded_rules(one), least) for one in said)


def leaked_value(value: object, variable: Variable, document: PreparedText, *said: str) -> bool:
    """Whether a value is `leaked` and no words of the document, which may well speak of prompts."""
    if variable.type not in _FREE or not leaked(value, *said):
        return False
    return place(_words(value), document).status not in _VERBATIM


def _words(value: object) -> str:
    """All that a JSON value says, its keys included."""
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return " ".join(map(_words, value))
    return raw_text(value)


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


@lru_cache(maxsize=4_096)
def _folded_rules(said: str) -> str:
    return _folded(without_fenced(said))


def _shares(value: str, said: str, least: int) -> bool:
    """Whether two texts have `least` characters in a row in common.

    Such a stretch covers a whole block of half its length, wherever blocks begin; only round a block that both have
    is there more to look at.
    """
    half = least // 2
    return any(
        value[at : at + half] in said
        and any(
            value[start : start + least] in said
            for start in range(max(0, at - least + half), min(at, len(value) - least) + 1)
        )
        for at in range(0, len(value) - half + 1, half)
    )
