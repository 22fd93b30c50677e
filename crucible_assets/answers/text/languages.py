"""In which language a sentence is, as far as the check has to know."""

from collections import Counter
from functools import lru_cache

import regex
from babel import Locale

from crucible_assets.documents.words import detect_language
from resources.models.reader.words import word_set
from resources.search.analysis import fold

# words that stand in nearly every sentence of their language, and in no other of these
_TELLING = {
    "en": "the of and to is was were are be by for with that this it on at from as has had have been not which an",
    "de": "der die das und ist wurde wird nicht von mit den dem des ein eine einen zu im am für auf auch nach bei",
    "fr": "le la les et est été une des du dans pour par pas sur au aux qui que ce cette il elle sont avec ont",
    "es": "el los las y es fue una del en para por con que no se su al lo como más son",
    "it": "il lo gli e è stato una della nel per con che non si di da dei alla sono",
    "nl": "het een en is werd van voor met niet op te aan dat de zijn door bij",
}
_WORDS = {language: word_set(words) for language, words in _TELLING.items()}
_WORD = regex.compile(r"\p{L}+")
_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_HANGUL = regex.compile(r"\p{Hangul}")
_MOST_SAMPLED = 2000


@lru_cache(maxsize=2048)
def language_of(text: str, expected: str | None) -> str | None:
    """The language (ISO 639-1) of a text; `expected` where it is too short to tell.

    Sentences are short, so the commonest words of six languages are counted first, and only where these do not
    tell is a detector asked.
    """
    sample = text[:_MOST_SAMPLED]
    if _KANA.search(sample):
        return "ja"
    if _HANGUL.search(sample):
        return "ko"
    if len(_HAN.findall(sample)) >= 2:
        return expected if expected == "ja" else "zh"
    words = Counter(word.casefold() for word in _WORD.findall(sample))
    told = {language: sum(words[word] for word in own if word in words) for language, own in _WORDS.items()}
    ranked = sorted(told, key=lambda language: (-told[language], language != expected, language))
    if told[ranked[0]] >= 1 and told[ranked[0]] > told[ranked[1]]:
        return ranked[0]
    if expected in told and told[expected] == told[ranked[0]] > 0:
        return expected
    return detect_language(sample) or expected


def territory_words() -> frozenset[str]:
    """Folded names of countries and languages, of one word each: elsewhere they are other words."""
    return _territories()


@lru_cache(maxsize=1)
def _territories() -> frozenset[str]:
    words: set[str] = set()
    for language in ("en", "de", "fr"):
        locale = Locale.parse(language)
        for names in (locale.territories, locale.languages):
            for name in names.values():
                if _WORD.fullmatch(name) and len(name) > 3:
                    words.add(fold(name))
    return frozenset(words)
