"""From bytes to characters: byte order marks, UTF-8, declared encodings, then the most plausible guess."""

import codecs
import re
import string
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from charset_normalizer import from_bytes

from crucible_assets.documents.words import detect_language

_MARKS: Final = (  # the longer marks first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 20_000  # bytes looked at to choose an encoding; even and divisible by four
# Tried besides the guesser's favourite: encodings it rarely proposes although they are met
_WIDE: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_EBCDIC: Final = "cp037"
# Latin code pages differ in a few letters only, so the guess among them is made by the letters that the languages
# of a region use; Windows first, as the commonest, then ISO 8859, DOS and Macintosh
_LATIN_LETTERS: Final = {
    "west": "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßªº¿¡",
    "centre": "áâäąăćčçďđéęëěíîĺľłńňóôöőŕřśšşșťţțúüůűýźžżß",
    "turkish": "çğıİöşüâîû",
    "baltic": "āäąčėęēģīįķļņõöšūüųžż",
}
_LATIN_PAGES: Final = (
    ("cp1252", "west"),
    ("cp1250", "centre"),
    ("cp1254", "turkish"),
    ("cp1257", "baltic"),
    ("iso8859-2", "centre"),
    ("iso8859-9", "turkish"),
    ("iso8859-13", "baltic"),
    ("iso8859-16", "centre"),
    ("cp850", "west"),
    ("cp852", "centre"),
    ("cp857", "turkish"),
    ("cp775", "baltic"),
    ("mac_roman", "west"),
    ("mac_latin2", "centre"),
    ("mac_turkish", "turkish"),
)
_LATIN_GUESSES: Final = re.compile(  # Python's names, without those for Cyrillic, Greek and the rest
    r"(?:cp(?:125[02478]|437|775|85[0278]|86[0135])|iso8859_(?:1|2|3|4|9|10|13|14|15|16)|latin_1"
    r"|mac_(?:roman|latin2|turkish|iceland)|hp_roman8)\Z"
)
_LANGUAGES: Final = {
    "west": frozenset({"en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "no", "fi", "is", "ca", "ga", "gl"}),
    "centre": frozenset({"pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"}),
    "turkish": frozenset({"tr", "az"}),
    "baltic": frozenset({"lt", "lv", "et"}),
}
_SYMBOL_IN_WORD = re.compile(r"(?<=[a-z])[^\w\s\x00-\x7f’–—…·](?=[a-z])")
_TYPOGRAPHY: Final = "–—’‘“”„‚«»‹›…§°€£•·\xa0©®™±²³µ½¼¾×ºª†"
_COMMON: Final = frozenset(" \n\t.,;:!?'\"()-–—’“”«»/%&$€£0123456789")
_FULL: Final = 5  # fifths that a good character counts
_PLAIN: Final = (string.ascii_letters + "".join(sorted(filter(str.isascii, _COMMON)))).encode()
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read with, and whether characters had to be replaced."""

    text: str
    encoding: str
    replaced: int = 0  # number of U+FFFD put in for bytes that mean nothing


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode `data`; `declared` is an encoding that the file itself names. Never fails."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _lenient(data, name)
    if _looks_wide(data):
        wide = _best(data, _WIDE)
        if wide is not None:
            return _lenient(data, wide)
    if not _has_escapes(data):
        try:
            return Decoded(data.decode("utf-8"), "utf-8")
        except UnicodeDecodeError as error:
            if error.end >= len(data) - 3 and error.start > 0 and error.reason == "unexpected end of data":
                return _lenient(data, "utf-8")
    if declared is not None and (known := _known(declared)) is not None:
        return _lenient(data, known)
    return _guess(data)


def _looks_wide(data: bytes) -> bool:
    """Whether `data` may be UTF-16 or UTF-32 without a mark.

    That is: it holds many NULs, and they are no mere dirt in a text of single bytes.
    """
    sample = data[:_SAMPLE]
    if len(sample) < 4 or sample.count(0) <= len(sample) // 50:
        return False
    alternate = max(sample[::2].count(0), sample[1::2].count(0)) / (len(sample) / 2)
    without = sample.replace(b"\x00", b"").decode("utf-8", "replace")
    return alternate > 0.8 or plausibility(without) < 0.8


def _has_escapes(data: bytes) -> bool:
    """Whether ISO 2022 escape sequences occur (they are valid ASCII, and would pass as UTF-8)."""
    return b"\x1b$" in data[:_SAMPLE] or b"\x1b(" in data[:_SAMPLE]


def _guess(data: bytes) -> Decoded:
    guessed = from_bytes(data[: 4 * _SAMPLE]).best()
    candidates = [guessed.encoding] if guessed is not None else []
    candidates += [_EBCDIC, "utf-16-le", "utf-16-be", "cp1252"]
    chosen = _best(data, tuple(dict.fromkeys(candidates)))
    mostly_utf8 = _lenient(data, "utf-8")
    if chosen is None or mostly_utf8.replaced * 200 < len(mostly_utf8.text) or _mixed(data):
        return mostly_utf8
    return _lenient(data, _page_of_language(data, chosen))


def _page_of_language(data: bytes, guessed: str) -> str:
    """The Latin code page whose letters fit best, and with them the language of the text."""
    if not _LATIN_GUESSES.match(guessed):
        return guessed
    sample = data[:_SAMPLE]
    best, best_score = guessed, 0.0
    for name, region in _LATIN_PAGES:
        text = sample.decode(name, "replace")
        special = [character for character in text if character > "\x7f"]
        fitting = _LATIN_LETTERS[region] + _TYPOGRAPHY
        share = sum(character in fitting or character.lower() in fitting for character in special) / len(special)
        capitals = sum(map(str.isupper, special)) / len(special)  # rare in any language, common in a wrong page
        inside = len(_SYMBOL_IN_WORD.findall(text)) / len(special)
        score = share - 0.2 * capitals - inside
        if score > best_score - 0.25 and detect_language(text) in _LANGUAGES[region]:
            score += 0.25
        if score > best_score:
            best, best_score = name, score
    return best


def _mixed(data: bytes) -> bool:
    """Whether bytes that are good UTF-8 outnumber those that are not: a UTF-8 text with foreign bytes in it."""
    text = data.decode("utf-8", "replace")
    good = sum(1 for character in text[:_SAMPLE] if character > "\x7f" and character != "\ufffd")
    return good > 2 * text[:_SAMPLE].count("\ufffd")


def _best(data: bytes, names: tuple[str, ...]) -> str | None:
    """The encoding that makes the most plausible text of the beginning of `data`; None when none can."""
    scored = []
    for name in names:
        try:
            text = codecs.getincrementaldecoder(name)().decode(data[:_SAMPLE])
        except (UnicodeDecodeError, LookupError):
            continue
        scored.append((plausibility(text), -names.index(name)))
    if not scored or max(scored)[0] <= 0:
        return None
    return names[-max(scored)[1]]


def plausibility(text: str) -> float:
    """How much `text` looks like something written: 1 at best, negative for noise.

    Letters, digits, spaces and punctuation count for it; controls, unassigned and private characters and letters
    that change script inside a word count against.
    """
    if not text:
        return 0.0
    # Within ASCII nothing depends on the neighbours, so all of it is counted at once; only what stands between is
    # looked at one by one. The score is in fifths, so that it does not depend on the order of adding.
    plain = text.encode("ascii", "ignore")
    odd = plain.translate(None, _PLAIN)
    score = _FULL * (len(plain) - len(odd)) + sum(
        count * _worth(chr(code))[0] for code, count in Counter(odd).items()
    )
    for foreign in _BEYOND_ASCII.finditer(text):
        start, end = foreign.span()
        script = _worth(text[start - 1])[1] if start else ""
        for character in foreign.group():
            points, own = _worth(character)
            score += -_FULL if script and own and script != own else points
            script = own
        if script and end < len(text) and (own := _worth(text[end])[1]) and own != script:
            score -= 2 * _FULL  # counted as good with the rest of ASCII
    return score / _FULL / len(text)


@lru_cache(maxsize=4096)
def _worth(character: str) -> tuple[int, str]:
    """What a character says for a text, in fifths, and its script when it is a letter."""
    if character in _COMMON:
        return _FULL, ""
    category = unicodedata.category(character)
    if category[0] in "LM":
        return _FULL, _script(character) if category[0] == "L" else ""
    if category in ("Cc", "Cn", "Co", "Cs"):
        return -_FULL if character in "\r\f" else -4 * _FULL, ""
    return (1 if category[0] in "PSN" else 0), ""


def _script(character: str) -> str:
    """A rough name of the script: all ideographs and kana together, everything else by its Unicode name."""
    code = ord(character)
    if code < 0x250:
        return "LATIN"
    if 0x2E80 <= code < 0xA000 or 0xAC00 <= code < 0xD7B0 or 0xF900 <= code < 0xFB00:
        return "CJK"
    return unicodedata.name(character, "?").split(" ", 1)[0]


def _known(name: str) -> str | None:
    try:
        known = codecs.lookup(name.strip().strip("\"'")).name
    except LookupError:
        return None
    # browsers read these labels as their Windows supersets (WHATWG Encoding Standard)
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030"}.get(known, known)


def _lenient(data: bytes, name: str) -> Decoded:
    text = data.decode(name, "replace")
    return Decoded(text.removeprefix("\ufeff"), name, text.count("\ufffd"))


_HTML_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")


def declared_in_markup(data: bytes) -> str | None:
    """The encoding that an HTML or XML file names in its first 4 KiB."""
    head = data[:4096]
    found = _XML_ENCODING.search(head) or _HTML_CHARSET.search(head)
    return found.group(1).decode("ascii") if found else None
