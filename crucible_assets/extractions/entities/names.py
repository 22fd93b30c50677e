"""What a name says about who bears it: its words without form, its identifiers, legal forms and titles."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from resources.models.reader.words import fold, word_set

_LEGAL = {  # folded, without dots → one spelling for each kind
    "inc": "inc", "incorporated": "inc", "corp": "corp", "corporation": "corp", "co": "co", "company": "co",
    "ltd": "ltd", "limited": "ltd", "llc": "llc", "llp": "llp", "lp": "lp", "plc": "plc", "gmbh": "gmbh",
    "ag": "ag", "kg": "kg", "ohg": "ohg", "ug": "ug", "ev": "ev", "eg": "eg", "se": "se", "sa": "sa", "sas": "sas",
    "sarl": "sarl", "srl": "srl", "spa": "spa", "bv": "bv", "nv": "nv", "ab": "ab", "oy": "oy", "aps": "aps",
    "pty": "pty", "kk": "kk", "sl": "sl",
}  # fmt: skip
_MALE, _FEMALE = word_set("mr herr monsieur senor signor sir lord"), word_set(
    "mrs ms miss frau madame mme mademoiselle senora signora lady"
)  # fmt: skip
_TITLES = _MALE | _FEMALE | word_set(
    "dr prof professor med ing dipl phd md jur rev hon judge justice dame the and und et der die das le la les jr sr"
)  # fmt: skip
_SMALL = word_set("of the and for in on de du des la le les und der die das von zu fur e y di del")
_WORD = re.compile(r"[^\W_]+(?:[-/.'’_][^\W_]+)*")
_DOTTED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]\.){2,}(?![^\W\d_]{2})")  # 'G.m.b.H.', 'U.S.'
_ALIAS = re.compile(r"\(([^()]{1,60})\)")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_LEAST_STRONG = 4  # letters and digits of an identifier that tells one bearer from all others


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    `words` are folded, in order, without legal forms, titles and identifiers; `identifiers` the words with a digit;
    `alias` another name given in brackets. `folded` is the whole, for equality.
    """

    text: str
    folded: str
    words: tuple[str, ...]
    identifiers: frozenset[str]
    legal_forms: frozenset[str]
    gender: str  # 'm', 'f' or '' by title
    inverted: bool  # 'Smith, John'
    capitals: str  # the letters of a name in capitals alone ('WHO'), else empty
    alias: str

    @property
    def strong(self) -> frozenset[str]:
        """Identifiers that are long enough to mean one bearer only; years are none."""
        return frozenset(
            i for i in self.identifiers if sum(map(str.isalnum, i)) >= _LEAST_STRONG and not _YEAR.fullmatch(i)
        )

    @property
    def initials(self) -> str:
        """First letters of the words, small words left out."""
        return "".join(word[0] for word in self.words if word not in _SMALL)


def folded_name(text: str) -> str:
    """The form in which equal names are equal: NFKC, no case, accents, outer signs or repeated spaces."""
    plain = fold(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_WORD.findall(plain.replace("&", " and "))) or " ".join(plain.split())


@lru_cache(maxsize=65_536)
def name_of(text: str) -> Name:
    """Take a name apart."""
    alias = _ALIAS.search(text)
    inner = alias.group(1).strip() if alias and not any(c.isdigit() for c in alias.group(1)) else ""
    outer = text.replace(alias.group(), " ") if alias and inner else text
    undotted = _DOTTED.sub(lambda match: match.group().replace(".", "") + " ", outer)
    spelled = _WORD.findall(unicodedata.normalize("NFKC", undotted).replace("&", " and "))
    words, identifiers, forms = [], set(), set()
    gender = ""
    for word in spelled:
        plain = fold(word.casefold()).replace("’", "'")
        bare = plain.replace(".", "")
        if any(c.isdigit() for c in plain):
            identifiers.add(re.sub(r"[^\w]", "", plain))
        elif bare in _LEGAL and spelled[0] is not word:
            forms.add(_LEGAL[bare])
        elif bare in _TITLES:
            gender = "m" if bare in _MALE else "f" if bare in _FEMALE else gender
        else:
            words.append(bare)
    letters = [c for c in undotted if c.isalpha()]
    capital = len(words) == 1 and 2 <= len(letters) <= 8 and all(c.isupper() for c in letters)
    before, comma, after = undotted.partition(",")
    return Name(
        text=text,
        folded=folded_name(text),
        words=tuple(words),
        identifiers=frozenset(identifiers),
        legal_forms=frozenset(forms),
        gender=gender,
        inverted=bool(comma) and len(before.split()) <= 2 and 0 < len(after.split()) <= 3,
        capitals=words[0] if capital else "",
        alias=inner,
    )
