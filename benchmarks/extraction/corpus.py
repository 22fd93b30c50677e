"""Documents that state every variable on a line of its own, so that the truth is known and stands in the text."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WORDS = ("agreement", "party", "term", "notice", "payment", "schedule", "annex", "clause", "report", "study", "cost")
HOPELESS = "Sealed by order of the registrar"
"""The first line of documents about which a server with faults never gives an answer."""
_PARAGRAPH_WORDS = 50


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts and truth by document name; `hopeless` are the documents that begin with the words HOPELESS."""

    texts: Mapping[str, str]
    truth: Mapping[str, Mapping[str, str]]
    hopeless: frozenset[str]
    variables: tuple[str, ...]

    @property
    def expected(self) -> int:
        """Number of values: documents × variables."""
        return len(self.texts) * len(self.variables)

    def write(self, folder: Path) -> None:
        """One text file for each document."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.texts.items():
            (folder / name).write_text(text, encoding="utf-8")


def make_corpus(
    documents: int, variables: int, *, words: int = 300, hopeless_share: float = 0.0, seed: int = 7
) -> Corpus:
    """The same documents for the same arguments: lines `field_0: value` between `words` words of prose.

    Every value is a word and a number that no other line has. With a `hopeless_share` above 0 at least one document
    is hopeless; they are spread evenly.
    """
    rng = random.Random(seed)
    names = tuple(f"field_{index}" for index in range(variables))
    hopeless = round(documents * hopeless_share) or 1 if hopeless_share > 0 else 0
    marked = {round((index + 0.5) * documents / hopeless) for index in range(hopeless)}
    texts: dict[str, str] = {}
    truth: dict[str, dict[str, str]] = {}
    sealed: set[str] = set()
    for number in range(documents):
        name = f"document-{number:05d}.txt"
        values = {variable: f"{rng.choice(WORDS)} {number * variables + v:07d}" for v, variable in enumerate(names)}
        prose = [
            " ".join(rng.choices(WORDS, k=min(_PARAGRAPH_WORDS, words - at))).capitalize() + "."
            for at in range(0, words, _PARAGRAPH_WORDS)
        ]
        if number in marked:
            prose.insert(0, HOPELESS + ".")
            sealed.add(name)
        lines = [f"{variable}: {value}" for variable, value in values.items()]
        texts[name] = "\n\n".join([*prose[:1], *lines, *prose[1:]])
        truth[name] = values
    return Corpus(texts, truth, frozenset(sealed), names)
