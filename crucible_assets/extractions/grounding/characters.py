"""What each character becomes when a text is folded, and what kind of character it is: tables over code points.

Forms follow NFKD with case folding (Unicode Standard Annex 15, section 3.13 of the core specification). Arabic letter
forms meet as in Lucene's ArabicNormalizer (alefs with hamza or madda, final yeh, teh marbuta, vowel signs, tatweel);
decimal digits of every script become ASCII; the dotless and the dotted Turkish i are one letter.
"""

import unicodedata
from functools import lru_cache
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

SPACE: Final = 1
DASH: Final = 2
SOFT: Final = 4  # a dash that stands only where a line may be broken
LONG: Final = 8  # a dash that separates, even without spaces round it
LETTER: Final = 16  # or a mark on one
DIGIT: Final = 32
SPACELESS: Final = 64  # Chinese and Japanese, with their punctuation: a line break there separates nothing
_KNOWN: Final = 128

# Kinds of folded characters, as parts of words
WORD_LETTER: Final = 1
WORD_DIGIT: Final = 2
WORD_ALONE: Final = 3  # a character that is a word of its own: of an unspaced script, a currency, a percent sign
WORD_KIND: Final = 3
WORD_CONTINUED: Final = 4  # a mark on one that is a word of its own
SIGN: Final = 8  # no word, but not to be left out before a number: plus, less than
_LONGEST = 18  # characters of the longest form in Unicode (U+FDFA)

_SOFT_HYPHEN = "\u00ad"
_LONG_DASHES = "\u2014\u2015\u2e3a\u2e3b"
_DASHES = f"-{_SOFT_HYPHEN}{_LONG_DASHES}\u05be\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d"
_CJK_RANGES = (
    *((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF)),
    *((0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF)),
)
_CJK_PUNCTUATION = "\u3001\u3002\uff0c\uff1a\uff1b\uff01\uff1f\u300c\u300d\u300e\u300f"
_UNSPACED_RANGES = ((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))  # Thai to Khmer

_INVISIBLE_RANGES = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
_VOWEL_SIGN_RANGES = (
    *((0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7)),
    *((0x0610, 0x061A), (0x064B, 0x0655), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x0640, 0x0640)),
)
_SIGNS = "+<>=±≤≥≠≈×÷"
_OVERRIDES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9`\u00b4\uff07\u05f3", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02\u05f4\u00a8", '"'),
    **dict.fromkeys("\u300c\u300d\u300e\u300f\u301d\u301e\u301f", '"'),
    **dict.fromkeys("\u2022\u2023\u25cf\u25aa\u2043\u00b7", "*"),
    **dict.fromkeys("\u3002\uff61", "."),
    **dict.fromkeys("\u3001\uff64\u060c", ","),
    **dict.fromkeys("\u061b", ";"),
    **dict.fromkeys("\u061f", "?"),
    **dict.fromkeys("\u0130\u0131", "i"),
    **dict.fromkeys("\u0649\u06cc", "\u064a"),
    "\u0629": "\u0647",
    "\u06a9": "\u0643",
    "\u2044": "/",
}


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def is_cjk(character: str) -> bool:
    """Whether it is a Chinese or Japanese character, not counting punctuation."""
    return _within(ord(character), _CJK_RANGES)


def is_unspaced(character: str) -> bool:
    """Whether its script separates no words by spaces (Chinese, Japanese, Thai, Lao, Tibetan, Burmese, Khmer)."""
    return _within(ord(character), _CJK_RANGES) or _within(ord(character), _UNSPACED_RANGES)


def is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it: an accent, a vowel sign, a joiner."""
    return unicodedata.category(character)[0] == "M" or character in "\u200c\u200d"


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """The folded form of one character, of any length; white space is a space, a dash of any kind '-'."""
    code = ord(character)
    if character in _OVERRIDES:
        return _OVERRIDES[character]
    if character.isspace():
        return " "
    if character in _DASHES:
        return "-"
    if code == 0xFEFF or _within(code, _INVISIBLE_RANGES) or _within(code, _VOWEL_SIGN_RANGES):
        return ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    kind = unicodedata.decomposition(character)
    prefix = "^" if kind.startswith("<super>") and character.isdigit() else ""  # 10² is not 102
    # The second round settles what case folding opened.
    opened = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    if opened == character:
        return character
    return prefix + "".join(map(fold_character, opened))


class _Tables:
    """Per code point: kind, length and first code of its form, row of its whole form; filled as characters are met.

    A character is marked as known last, so that threads that only read need no lock.
    """

    def __init__(self) -> None:
        size = 0x110000  # allocated by the system page by page, as the scripts are met
        self.kinds = np.zeros(size, np.uint8)
        self.lengths = np.zeros(size, np.uint8)
        self.firsts = np.zeros(size, np.uint32)
        self.rows = np.zeros(size, np.uint32)
        self._lock = Lock()
        self._classes = np.zeros(size, np.uint8)  # canonical combining class, of folded characters
        self._word_kinds = np.zeros(size, np.uint8)  # of folded characters
        self.forms: Codes = np.zeros((1, _LONGEST), np.uint32)

    def learn(self, codes: Codes, text: str) -> None:
        """Fill in the characters of a text that are met for the first time."""
        if (self.kinds[codes] >= _KNOWN).all():
            return
        with self._lock:
            new = [character for character in set(text) if self.kinds[ord(character)] < _KNOWN]
            forms = {character: fold_character(character) for character in new}
            longer = [character for character in new if len(forms[character]) > 1]
            rows = np.zeros((len(longer), _LONGEST), np.uint32)
            for row, character in zip(rows, longer, strict=True):
                row[: len(forms[character])] = [ord(c) for c in forms[character]]
            self.rows[[ord(character) for character in longer]] = len(self.forms) + np.arange(len(longer))
            self.forms = np.concatenate((self.forms, rows))
            for character in new:
                form, code = forms[character], ord(character)
                self.lengths[code] = len(form)
                self.firsts[code] = ord(form[0]) if form else 0
                for part in form:
                    self._classes[ord(part)] = unicodedata.combining(part)
                    self._word_kinds[ord(part)] = _word_kind(part)
                self.kinds[code] = _kind(character) | _KNOWN

    def combining_classes(self, codes: Codes) -> NDArray[np.uint8]:
        """The canonical combining class of each folded character, 0 for one that is no mark."""
        return self._classes[codes]

    def word_kinds(self, codes: Codes) -> NDArray[np.uint8]:
        """What each folded character is to words: one of the WORD_… kinds or 0, with flags."""
        return self._word_kinds[codes]


def _kind(character: str) -> int:
    kind = 0
    if character.isspace():
        kind |= SPACE
    if character in _DASHES:
        kind |= DASH
    if character == _SOFT_HYPHEN:
        kind |= SOFT
    if character in _LONG_DASHES:
        kind |= LONG
    if character.isalpha() or unicodedata.category(character)[0] == "M":
        kind |= LETTER
    if character.isdecimal():
        kind |= DIGIT
    if is_cjk(character) or character in _CJK_PUNCTUATION:
        kind |= SPACELESS
    return kind


def _word_kind(character: str) -> int:
    category = unicodedata.category(character)
    if character.isdecimal():
        return WORD_DIGIT
    if category[0] == "M":
        # The voicing marks of kana are encoded once for Japanese and have no use elsewhere.
        return WORD_ALONE | WORD_CONTINUED if is_unspaced(character) or character in "\u3099\u309a" else WORD_LETTER
    if character.isalnum():
        return WORD_ALONE if is_unspaced(character) else WORD_LETTER
    if category == "Sc" or character in "%\u2030":
        return WORD_ALONE
    return SIGN if character in _SIGNS else 0


TABLES: Final = _Tables()


def codes_of(text: str) -> Codes:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: Codes) -> str:
    """The text of code points."""
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
