"""Which source a sentence without a citation was taken from: for models too small to cite.

They seldom cite, however they are asked. What is found here is checked like a citation of the model's own.
"""

from collections.abc import Mapping

from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.checking.locating import locate
from crucible_assets.answers.checking.standing import missing_in
from crucible_assets.answers.checking.stands import Cited
from crucible_assets.answers.text.languages import language_of
from crucible_assets.answers.text.sentences import Said
from crucible_assets.answers.text.tokens import plain_words

LEAST_SHARE = 0.5
"""Of a sentence's words and facts, that the one or two sentences it was taken from hold."""


def attributed(said: Said, shown: Mapping[int, Shown]) -> Said:
    """The sentence with the label of the source that bears most of it; as it is where it cites, or none does.

    Every number, date, identifier and name of it stands in that source.
    """
    if said.labels:
        return said
    best = (LEAST_SHARE, 0)
    for label, source in sorted(shown.items()):
        language = language_of(plain_words(said.text), source.language)
        share = locate(said.text, source.text, source.language).share
        if (share, -label) > best and not missing_in(said.text, language, [Cited(source.text, source.language)]):
            best = share, -label
    return Said(said.text, (-best[1],)) if best[1] else said
