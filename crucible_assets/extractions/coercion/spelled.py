"""Numbers in words: English, German and French cardinals below a quintillion; other languages are left alone.

The spellings of 0 to 999 are generated per language and looked up without spaces, hyphens and 'and'; scale words
('thousand', 'Millionen') split a number into such groups.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from crucible_assets.extractions.coercion.wordlist import wordlist

_EN_ONES = wordlist(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_EN_TENS = wordlist("twenty thirty forty fifty sixty seventy eighty ninety")
_DE_ONES = wordlist(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_DE_TENS = wordlist("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_FR_ONES = wordlist(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dixsept "
    "dixhuit dixneuf"
)
_FR_TENS = wordlist("vingt trente quarante cinquante soixante soixante quatrevingt quatrevingt")

_SCALES = {
    "en": (("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 10**3)),
    "de": (
        ("billionen", 10**12),
        ("billion", 10**12),
        ("milliarden", 10**9),
        ("milliarde", 10**9),
        ("millionen", 10**6),
        ("million", 10**6),
        ("tausend", 10**3),
    ),
    "fr": (
        ("billions", 10**12),
        ("billion", 10**12),
        ("milliards", 10**9),
        ("milliard", 10**9),
        ("millions", 10**6),
        ("million", 10**6),
        ("mille", 10**3),
    ),
}
_BARE_SCALES = frozenset({"tausend", "mille"})  # may stand without 'one' before them
_CONJUNCTIONS = frozenset({"and", "und", "et"})
_ARTICLES = frozenset({"a", "an", "ein", "eine", "einen", "einer", "un", "une"})
_LONGEST = 14  # words of one number
_JOINT = re.compile(r"[\s\-\u2010\u2011]*")


def spelled_numbers(text: str, language: str | None) -> list[tuple[int, int, int]]:
    """The numbers in words in a text: (start, end, value), in order, none overlapping.

    Words are read in the document's language, then in English. An article alone ('a', 'ein', 'un') is no number.
    """
    own = (language or "en")[:2].lower()
    languages = [own] if own in _SCALES else []
    if own != "en":
        languages.append("en")
    words = [
        (m.start(), m.end(), unicodedata.normalize("NFC", m.group()).casefold())
        for m in re.finditer(r"[^\W\d_]+", text)
    ]
    found: list[tuple[int, int, int]] = []
    i = 0
    while i < len(words):
        length = 1
        for end in range(min(len(words), i + _LONGEST), i, -1):
            value = _run(text, words[i:end], languages)
            if value is not None:
                found.append((words[i][0], words[end - 1][1], value))
                length = end - i
                break
        i += length
    return found


def spell_english(number: int) -> str | None:
    """An integer from 0 to 999 in English words ('two hundred forty-five'); None outside."""
    if not 0 <= number < 1000:
        return None
    if number < 20:
        return _EN_ONES[number]
    if number < 100:
        return _EN_TENS[number // 10 - 2] + (f"-{_EN_ONES[number % 10]}" if number % 10 else "")
    rest = f" {spell_english(number % 100)}" if number % 100 else ""
    return f"{_EN_ONES[number // 100]} hundred{rest}"


def _run(text: str, run: list[tuple[int, int, str]], languages: list[str]) -> int | None:
    if run[0][2] in _CONJUNCTIONS or run[-1][2] in _CONJUNCTIONS:
        return None
    if len(run) == 1 and run[0][2] in _ARTICLES:
        return None
    if any(not _JOINT.fullmatch(text, a[1], b[0]) for a, b in pairwise(run)):
        return None
    joined = "".join(word for _, _, word in run if word not in _CONJUNCTIONS)
    for language in languages:
        value = _value(_key(joined), language)
        if value is not None:
            return value
    return None


def _key(joined: str) -> str:
    """The form in which spellings are compared: without the German inner 'und', with ss for ß."""
    return joined.replace("ß", "ss").replace("und", "").replace("fourty", "forty")


def _value(key: str, language: str, below: int = 10**18) -> int | None:
    for name, scale in _SCALES[language]:
        head, found, tail = key.partition(_key(name))
        if not found:
            continue
        high = 1 if not head and name in _BARE_SCALES else _groups(language).get(head)
        low = _value(tail, language, scale) if tail else 0
        return None if high in (None, 0) or low is None or scale >= below else (high or 0) * scale + low
    value = _groups(language).get(key)
    return value if value is not None and value < below else None


@lru_cache(maxsize=3)
def _groups(language: str) -> dict[str, int]:
    """Every spelling of 0 to 999 in a language, by its key."""
    generate = {"en": _english, "de": _german, "fr": _french}[language]
    return {_key(spelling): number for number in range(999, -1, -1) for spelling in generate(number)}


def _english(number: int) -> list[str]:
    if number < 100:
        articles = ["a"] if number == 1 else []
        return [(spell_english(number) or "").replace("-", ""), *articles]
    rest = _english(number % 100)[0] if number % 100 else ""
    hundreds = [_EN_ONES[number // 100]] + (["a", ""] if number // 100 == 1 else [])
    return [f"{head}hundred{rest}" for head in hundreds]


def _german(number: int) -> list[str]:
    if number == 1:
        return ["eins", "ein", "eine", "einen", "einer", "einem"]
    if number < 20:
        return [_DE_ONES[number]]
    if number < 100:
        tens, ones = _DE_TENS[number // 10 - 2], number % 10
        return [f"{'ein' if ones == 1 else _DE_ONES[ones]}{tens}" if ones else tens]
    rests = _german(number % 100) if number % 100 else [""]
    hundreds = ["ein", ""] if number // 100 == 1 else [_DE_ONES[number // 100]]
    return [f"{head}hundert{rest}" for head in hundreds for rest in rests]


def _french(number: int) -> list[str]:
    if number == 1:
        return ["un", "une"]
    if number < 20:
        return [_FR_ONES[number]]
    if number < 100:
        tens, ones = divmod(number, 10)
        if tens in (7, 9):
            forms = [_FR_TENS[tens - 2] + _FR_ONES[10 + ones]]
            regional = {7: "septante", 9: "nonante"}[tens]
            forms.append(regional + (_FR_ONES[ones] if ones else ""))
            return forms
        plural = ["quatrevingts"] if number == 80 else []
        return [_FR_TENS[tens - 2] + (_FR_ONES[ones] if ones else ""), *plural]
    rest = number % 100
    hundreds = "" if number // 100 == 1 else _FR_ONES[number // 100]
    plural = [f"{hundreds}cents"] if not rest and hundreds else []
    return [f"{hundreds}cent{tail}" for tail in (_french(rest) if rest else [""])] + plural
