"""Whether two names are of one entity: equal, decided by a rule, by likeness, or left to be asked.

Rules come first, because likeness knows nothing of what letters mean: 'Patient 3' and 'Patient 8' are much alike.
"""

from dataclasses import dataclass

from rapidfuzz.distance import JaroWinkler

from crucible_assets.extractions.entities.names import Name, name_of
from resources.models.reader.series import roman
from resources.vocabulary import ResolutionMethod

SURELY_ALIKE = 0.97  # Jaro-Winkler from which long names without digits are one: a slip of the pen
SURELY_UNLIKE = 0.80  # below it they are two
_LEAST_ALIKE = 7  # letters of a word in which a slip can be told from another word: Mara is not Maria
_LEAST_ACRONYM = 3  # letters


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two names are of one entity; `same` is None where a model (or a person) must say."""

    same: bool | None
    method: ResolutionMethod
    reason: str
    score: float | None = None  # of likeness, 0 to 1
    weak: bool = False  # holds only if no other name fits as well: initials, acronyms


def compare_names(one: str, other: str) -> Verdict:
    """Compare two names, whichever comes first."""
    left, right = sorted((name_of(one), name_of(other)), key=lambda name: (name.folded, name.text))
    if left.folded == right.folded:
        return Verdict(True, ResolutionMethod.SAME_NAME, "the same name but for case, accents and signs")
    return _by_rule(left, right) or _by_alias(left, right) or _by_likeness(left, right)


def _rule(same: bool | None, reason: str, *, weak: bool = False) -> Verdict:
    return Verdict(same, ResolutionMethod.RULE, reason, weak=weak)


def contradiction(one: str, other: str) -> str | None:
    """Why two names cannot be of one entity, whatever else links them; None where nothing says so."""
    left, right = name_of(one), name_of(other)
    shared = left.strong & right.strong
    if left.identifiers and right.identifiers and left.identifiers != right.identifiers and not shared:
        mine, theirs = (", ".join(sorted(name.identifiers)) for name in (left, right))
        return f"different numbers or identifiers: {mine} and {theirs}"
    if left.strong and right.strong and not shared:
        return "different identifiers"
    if left.gender and right.gender and left.gender != right.gender:
        return "different titles"
    if left.legal_forms and right.legal_forms and left.words == right.words and left.legal_forms != right.legal_forms:
        return "different legal forms"
    if left.words[:-1] == right.words[:-1] and left.words[:-1] and left.words != right.words:
        mine, theirs = left.words[-1], right.words[-1]
        if _designates(mine) and _designates(theirs):
            return f"different letters or numerals: {mine} and {theirs}"
    return None


def _designates(word: str) -> bool:
    """Whether a last word is one of a series: 'Arm A', 'Study II'."""
    return len(word) == 1 or roman(word) is not None


def _by_rule(left: Name, right: Name) -> Verdict | None:
    reason = contradiction(left.text, right.text)
    if reason is not None:
        return _rule(False, reason)
    shared = left.strong & right.strong
    if shared:
        return _rule(True, f"the same identifier: {', '.join(sorted(shared))}")
    if bool(left.identifiers) != bool(right.identifiers):
        numbered = ", ".join(sorted(left.identifiers | right.identifiers))
        alike = left.words == right.words
        return _rule(None if alike else False, f"only one of them has the number or identifier {numbered}")
    if not left.words or not right.words:
        return _rule(False, "nothing but signs, titles or numbers to compare") if not left.identifiers else None
    if left.words == right.words:
        return _rule(True, "the same words but for legal form, title or order of identifiers")
    if sorted(left.words) == sorted(right.words) and (left.inverted or right.inverted):
        return _rule(True, "the same words, the family name first in one")
    if _initials_fit(left, right):
        return _rule(True, "the same but for initials", weak=True)
    return _by_acronym(left, right)


def _initials_fit(left: Name, right: Name) -> bool:
    """'J. Smith' and 'John Smith', 'John Q. Smith' and 'John Smith': one word is whole in both, others by letter."""
    short, long = sorted((_in_order(left), _in_order(right)), key=len)
    if not 2 <= len(short) <= len(long) <= 4 or short[-1] != long[-1] or len(short[-1]) < 3:
        return False
    if len(short) == len(long):
        return all(a == b or (1 in (len(a), len(b)) and a[0] == b[0]) for a, b in zip(short, long, strict=True))
    middle = long[1:-1]
    first = short[0] == long[0] or (1 in (len(short[0]), len(long[0])) and short[0][0] == long[0][0])
    return first and len(short) == 2 and all(len(word) == 1 for word in middle)


def _in_order(name: Name) -> tuple[str, ...]:
    """The words with the given name first."""
    if not name.inverted or len(name.words) < 2:
        return name.words
    return (*name.words[1:], name.words[0])


def _by_acronym(left: Name, right: Name) -> Verdict | None:
    for short, long in ((left, right), (right, left)):
        if (
            short.capitals
            and len(long.words) > 1
            and short.capitals in (long.initials, "".join(w[0] for w in long.words))
        ):
            if len(short.capitals) >= _LEAST_ACRONYM:
                return _rule(True, "one is the acronym of the other", weak=True)
            return _rule(None, "one may be the acronym of the other")
    return None


def _by_alias(left: Name, right: Name) -> Verdict | None:
    """A name in brackets names the bearer as well: 'World Health Organization (WHO)'."""
    for whole, bare in ((left, right), (right, left)):
        if not whole.alias or bare.alias:
            continue
        for form in (whole.alias, whole.text.replace(f"({whole.alias})", " ")):
            part = name_of(form)
            if part.folded == bare.folded or (part.words and part.words == bare.words):
                return _rule(True, "one gives the other name in brackets")
    return None


def _by_likeness(left: Name, right: Name) -> Verdict:
    one, other = " ".join(left.words), " ".join(right.words)
    score = float(JaroWinkler.similarity(one, other))
    method = ResolutionMethod.SIMILARITY
    if not one or not other:
        return Verdict(None, method, "too little to compare", score)
    if set(left.words) < set(right.words) or set(right.words) < set(left.words):
        return Verdict(None, method, "one name is a part of the other", score)
    if len(left.words) == len(right.words):  # names as alike as the two words in them that differ most
        unequal = [(a, b) for a, b in zip(left.words, right.words, strict=True) if a != b]
        least = min(float(JaroWinkler.similarity(a, b)) for a, b in unequal)
        if least < SURELY_UNLIKE:
            return Verdict(False, method, f"a word in them is unlike: {least:.2f}", score)
        if score >= SURELY_ALIKE and all(min(len(a), len(b)) >= _LEAST_ALIKE for a, b in unequal):
            return Verdict(True, method, f"the same but for a slip: alike by {score:.2f}", score)
    if score < SURELY_UNLIKE:
        return Verdict(False, method, f"unlike: {score:.2f}", score)
    return Verdict(None, method, f"alike by {score:.2f}, which decides nothing", score)
