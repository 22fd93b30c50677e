"""The lists of contrasts, by language: whether one word can stand for another."""

from dataclasses import dataclass
from functools import lru_cache

from crucible_assets.answers.checking.differences.contrast_lists import CLASSES, DEGREES, PHRASES_OF_ONE, SPACELESS
from resources.models.reader.words import fold as bare


@dataclass(frozen=True, slots=True)
class Contrasts:
    """The lists of one language: `values` of a word in each class, its `degrees`, and the `phrases` to be joined."""

    values: dict[str, dict[int, int]]
    degrees: dict[str, tuple[int, int]]
    phrases: dict[tuple[str, ...], str]

    def contrast(self, own: str, theirs: str) -> bool:
        """Whether `own` cannot stand where the source has `theirs`."""
        mine, its = self.values.get(own, {}), self.values.get(theirs, {})
        shared = mine.keys() & its.keys()
        if shared and all(mine[one] != its[one] for one in shared):
            return True
        if own not in self.degrees or theirs not in self.degrees:
            return False
        (scale, degree), (other, most) = self.degrees[own], self.degrees[theirs]
        return scale == other and (degree < most or degree >= _FEW > most)

    def stands_in_lists(self, word: str) -> bool:
        """Whether a word decides something, so that it must not be passed over."""
        return word in self.values or word in self.degrees


_FEW = 3  # the place of `few` and `rarely` in their scales


@lru_cache(maxsize=16)
def contrasts_of(language: str | None) -> Contrasts:
    """The lists of a language (ISO 639-1); empty where there are none."""
    key = language or ""
    values: dict[str, dict[int, int]] = {}
    for number, line in enumerate(CLASSES.get(key, "").strip().splitlines()):
        for value, words in enumerate(line.split("|")):
            for word in words.split():
                values.setdefault(bare(word), {})[number] = value
    degrees = {
        bare(word): (scale, degree)
        for scale, line in enumerate(DEGREES.get(key, "").split("||"))
        for degree, words in enumerate(line.split("|"))
        for word in words.split()
    }
    listed = {*values, *degrees, *map(bare, PHRASES_OF_ONE.get(key, "").split())}
    spaceless = key in SPACELESS
    parts = {word: tuple(word) if spaceless else tuple(word.split("_")) for word in listed}
    return Contrasts(values, degrees, {part: word for word, part in parts.items() if len(part) > 1})
