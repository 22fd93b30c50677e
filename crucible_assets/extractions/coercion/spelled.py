"""Numbers in words: cardinals below a quintillion in the languages of `spelled_words.py`.

The spellings of 0 to 999 are generated per language and looked up without spaces, hyphens, accents and 'and'; scale
words ('thousand', 'Millionen') split a number into such groups.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from crucible_assets.extractions.coercion.spelled_words import (
    ARTICLES,
    BARE_SCALES,
    CONJUNCTIONS,
    EN_ONES,
    EN_TENS,
    SCALES,
    SPELLINGS,
)

_LONGEST = 14  # words of one number
_JOINT = re.compile(r"[\s\-\u2010\u2011]*")


def spelled_numbers(text: str, language: str | None) -> list[tuple[int, int, int]]:
    """The numbers in words in a text: (start, end, value), in order, none overlapping.

    Words are read in the document's language, then in English. An article alone ('a', 'ein', 'un') is no number.
    """
    own = (language or "en")[:2].lower()
    languages = [own] if own in SCALES else []
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
        return EN_ONES[number]
    if number < 100:
        return EN_TENS[number // 10 - 2] + (f"-{EN_ONES[number % 10]}" if number % 10 else "")
    rest = f" {spell_english(number % 100)}" if number % 100 else ""
    return f"{EN_ONES[number // 100]} hundred{rest}"


def _run(text: str, run: list[tuple[int, int, str]], languages: list[str]) -> int | None:
    if run[0][2] in CONJUNCTIONS or run[-1][2] in CONJUNCTIONS:
        return None
    if len(run) == 1 and _key(run[0][2]) in ARTICLES:  # 'à' too, which is spelled as 'a' here
        return None
    if any(not _JOINT.fullmatch(text, a[1], b[0]) for a, b in pairwise(run)):
        return None
    joined = "".join(word for _, _, word in run if word not in CONJUNCTIONS)
    for language in languages:
        value = _value(_key(joined), language)
        if value is not None:
            return value
    return None


def _key(joined: str) -> str:
    """The form in which spellings are compared: without accents and the German inner 'und', with ss for ß."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", joined) if not unicodedata.combining(c))
    return plain.replace("ß", "ss").replace("und", "").replace("fourty", "forty")


def _value(key: str, language: str, below: int = 10**18) -> int | None:
    for name, scale in SCALES[language]:
        head, found, tail = key.partition(_key(name))
        if not found or scale >= below:
            continue
        high = 1 if not head and name in BARE_SCALES else _value(head, language, scale)
        low = _value(tail, language, scale) if tail else 0
        if high and low is not None:
            return high * scale + low
    if language == "en" and (hundreds := _english_hundreds(key)) is not None:
        return hundreds if hundreds < below else None
    value = _groups(language).get(key)
    return value if value is not None and value < below else None


def _english_hundreds(key: str) -> int | None:
    """'twelve hundred', 'nineteen hundred and five'."""
    head, found, tail = key.partition(_key("hundred"))
    high = _groups("en").get(head) if found else None
    low = _groups("en").get(tail) if tail else 0
    if high is None or low is None or not 10 < high < 100 or high % 10 == 0 or low >= 100:
        return None
    return high * 100 + low


@lru_cache(maxsize=len(SPELLINGS))
def _groups(language: str) -> dict[str, int]:
    """Every spelling of 0 to 999 in a language, by its key."""
    return {_key(spelling): number for number in range(999, -1, -1) for spelling in SPELLINGS[language](number)}
