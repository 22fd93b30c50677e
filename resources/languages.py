"""In which language a text is."""

import re
from collections.abc import Collection
from functools import cache
from itertools import islice
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts written without spaces, as a part of a regular expression's set."""
_IDEOGRAPH = re.compile(rf"[{UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|[\d_|]+")

MINIMUM_LETTERS: Final = 20
MINIMUM_IDEOGRAPHS: Final = 6  # a Chinese or Japanese character carries about as much as three letters
MINIMUM_CONFIDENCE: Final = 0.8
HARDLY: Final = 0.03
"""A text is not in languages that are together less likely: of 3,877 questions in English, German and Chinese none
was in a language that was less likely, and of 1,190 questions each in eight languages over documents in another one
96 to 99 % are known as such (Hindi, with few letters between its marks: 79 %)."""
_SAMPLE: Final = 3_000  # characters from each of three places; more changes no answer
# The languages that documents of this kind are met in. Without the restriction short texts are claimed by
# languages of a few thousand speakers.
LANGUAGES: Final = [
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa",
    "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn",
    "ko", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "no", "pa", "pl", "pt", "ro",
    "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh",
]  # fmt: skip


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language most of `text` is in; None when there is too little to tell."""
    sample = _telling(text)
    if sample is None:
        return None
    language, confidence = _identifier().classify(sample)
    return str(language) if confidence >= MINIMUM_CONFIDENCE else None


def is_in_none_of(text: str, languages: Collection[str]) -> bool:
    """Whether `text` is surely in none of these languages (ISO 639-1); False when there is too little to tell.

    A language that is not told from others makes every text doubtful, and no language at all does too.
    """
    sample = _telling(text)
    if sample is None or not languages or not set(languages) <= set(_identifier().labels):
        return False
    return sum(float(share) for language, share in _identifier().rank(sample) if language in languages) < HARDLY


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in LANGUAGES if code in set(identifier.labels)])
    return identifier


def _telling(text: str) -> str | None:
    """What of a text says its language; None when that is too little."""
    sample = _NOISE.sub(" ", _sample(text))
    enough = _has(_LETTER, MINIMUM_LETTERS, sample) or _has(_IDEOGRAPH, MINIMUM_IDEOGRAPHS, sample)
    return sample if enough else None


def _has(pattern: re.Pattern[str], count: int, text: str) -> bool:
    """Whether `pattern` is found at least `count` times."""
    return next(islice(pattern.finditer(text), count - 1, None), None) is not None


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return "\n".join((text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]))
