"""Counting words and naming the language of a text."""

import re
from functools import cache
from itertools import islice
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# Scripts written without spaces count one word per character, as word processors count them
_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:['’.,\-‑][^\W_{_UNSPACED}]+)*")
_IDEOGRAPH = re.compile(rf"[{_UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")
_NOISE = re.compile(r"https?://\S+|\S+@\S+|[\d_|]+")

MINIMUM_LETTERS: Final = 20
MINIMUM_IDEOGRAPHS: Final = 6  # a Chinese or Japanese character carries about as much as three letters
MINIMUM_CONFIDENCE: Final = 0.8
_SAMPLE: Final = 3_000  # characters from each of three places; more changes no answer
# The languages that documents of this kind are met in. Without the restriction short texts are claimed by
# languages of a few thousand speakers.
LANGUAGES: Final = [
    "af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa",
    "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn",
    "ko", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "no", "pa", "pl", "pt", "ro",
    "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh",
]  # fmt: skip


def count_words(text: str) -> int:
    """How many words `text` has; each ideograph or kana is one."""
    return sum(1 for _ in _WORD.finditer(text))


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in LANGUAGES if code in set(identifier.labels)])
    return identifier


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language most of `text` is in; None when there is too little to tell."""
    sample = _NOISE.sub(" ", _sample(text))
    if not (_has(_LETTER, MINIMUM_LETTERS, sample) or _has(_IDEOGRAPH, MINIMUM_IDEOGRAPHS, sample)):
        return None
    language, confidence = _identifier().classify(sample)
    return str(language) if confidence >= MINIMUM_CONFIDENCE else None


def _has(pattern: re.Pattern[str], count: int, text: str) -> bool:
    """Whether `pattern` is found at least `count` times."""
    return next(islice(pattern.finditer(text), count - 1, None), None) is not None


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return "\n".join((text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]))
