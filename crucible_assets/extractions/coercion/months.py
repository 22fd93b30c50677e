"""Month names by language, from the locale data of dateparser (which has them from the Unicode CLDR)."""

import importlib
import re
import unicodedata
from functools import lru_cache

from crucible_assets.extractions.coercion.wordlist import wordlist

_MONTHS = wordlist("january february march april may june july august september october november december")
# Asked when the document's language is unknown or has no such month; in the order in which they are believed.
COMMON_LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "cs",
    "sv",
    "da",
    "nb",
    "fi",
    "hu",
    "ro",
    "tr",
    "ru",
    "uk",
    "el",
)


@lru_cache(maxsize=128)
def month_names(language: str) -> dict[str, int]:
    """Name or abbreviation (as by `name_form`) → month, 1 to 12; empty for an unknown language."""
    if not re.fullmatch(r"[a-z]{2,3}", language):
        return {}
    try:
        data = importlib.import_module(f"dateparser.data.date_translation_data.{language}")
    except ModuleNotFoundError:
        return {}
    names: dict[str, int] = {}
    for number, key in enumerate(_MONTHS, start=1):
        for name in data.info.get(key, ()):
            form = name_form(name)
            if len(form) >= 3 and not any(c.isdigit() for c in form):
                names.setdefault(form, number)
    return names


def month_of(word: str, language: str | None) -> int | None:
    """The month that a word names: in the given language, else in English, else in the common ones; None if none."""
    form = name_form(word)
    for candidate in languages_to_try(language):
        month = month_names(candidate).get(form)
        if month is not None:
            return month
    return None


def languages_to_try(language: str | None) -> tuple[str, ...]:
    """The document's language first, then the common ones."""
    own = (language or "").replace("_", "-").split("-")[0].lower()
    own = {"no": "nb", "nn": "nb"}.get(own, own)
    return tuple(dict.fromkeys((*((own,) if own else ()), *COMMON_LANGUAGES)))


def name_form(name: str) -> str:
    """A month's name without case and full stop, in composed Unicode."""
    return unicodedata.normalize("NFC", name).casefold().strip(" .")
