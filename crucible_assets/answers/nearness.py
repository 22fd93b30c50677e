"""Whether a sentence of a source answers a question: the log odds, from a few figures of both. Pure.

The coefficients were fitted by logistic regression to half of XQuAD's articles in English, German and Chinese
(Artetxe, Ruder and Yogatama 2020), every question asked with its paragraph and without; `benchmarks/copied_answers.py
--fit` does it again. The figures are shares and counts, and a cosine counts by how far it stands out among those of
the question's other sentences: so they mean the same with another embedding model, whose cosines lie elsewhere.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST_VECTORS = 8
"""Sentences whose cosines say which of them stands out; of fewer, words alone decide."""
_SPREAD = 0.004  # least standard deviation of cosines, so that like ones do not stand out by chance
_MOST_MISSING = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a question and a sentence: `covered` is the share (0 to 1) of what is asked that the sentence holds, weighed
    by how rare the words are, `source_covered` what its whole source holds. `missing_numbers` are those of the
    question that the source has not, `words` how many words are asked for. `stands_out` is in standard deviations;
    None where vectors are not compared."""

    covered: float
    source_covered: float
    missing_numbers: int
    words: int
    stands_out: float | None

    @property
    def row(self) -> tuple[float, ...]:
        """As the coefficients take them; of four figures where vectors are not compared, else of five."""
        by_words = (
            self.covered,
            self.source_covered,
            float(min(self.missing_numbers, _MOST_MISSING)),
            math.log1p(self.words),
        )
        return by_words if self.stands_out is None else (*by_words, self.stands_out)


@dataclass(frozen=True, slots=True)
class Model:
    """Log odds are the dot product with `coefficients`, plus `constant`; from `enough` on a sentence is told."""

    coefficients: tuple[float, ...]
    constant: float
    enough: float

    def log_odds(self, figures: Figures) -> float:
        """That the sentence holds the answer."""
        return self.constant + sum(map(float.__mul__, self.coefficients, figures.row))


BY_WORDS = Model((7.0, 4.0, -1.3, 1.8), -10.9, -0.7)
BY_BOTH = Model((2.3, 3.7, -1.25, 1.0, 1.6), -9.5, -0.2)
"""`enough` was chosen on the same half: of its questions without their paragraph, two in a hundred reach it."""


def model_for(figures: Figures) -> Model:
    """The coefficients for what is known."""
    return BY_WORDS if figures.stands_out is None else BY_BOTH


def standing_out(cosines: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each lies above the mean of all, in standard deviations. (n,) to (n,)."""
    spread: npt.NDArray[np.float64] = (cosines - cosines.mean()) / (cosines.std() + _SPREAD)
    return spread
