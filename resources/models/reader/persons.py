"""Words that are names of persons, by the titles and salutations before them."""

import re

_TITLED = re.compile(
    r"\b(?:Mrs?|Ms|Miss|Dr|Prof|Herrn?|Frau|Eheleute|Dear|Cllr|Judge|Sir|Familie|Liebe[r]?|Hi|Hello|Hallo|Monsieur|Madame"
    r"|Señora?|Signora?)\.?[ ](?:(?:Mrs?|Ms|Dr|Prof)\.?[ ])?([A-ZÀ-Þ][^\W\d_]+(?:[ ][A-ZÀ-Þ][^\W\d_]+)?)"
)


def find_people(text: str) -> frozenset[str]:
    """The single words that follow a title or a salutation somewhere in the text."""
    return frozenset(word for match in _TITLED.finditer(text) for word in match.group(1).split())
