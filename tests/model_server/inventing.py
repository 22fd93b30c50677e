"""Made-up values and quotes, and true quotes as models spoil them. All choices are the given generator's."""

import random
import re
from datetime import date, timedelta

from tests.model_server.locate import place, sentences
from tests.model_server.view import Json

_SYLLABLES = ("zor", "vath", "quin", "mel", "ydra", "tosk", "brun", "elv", "ossa", "kryn", "phel", "gorm")
_SPACES = ("  ", "\n", "\u00a0", "\t", " \n ")
_OTHER_WORDS = {
    "is": "remains",
    "are": "remain",
    "was": "had been",
    "were": "had been",
    "has": "holds",
    "shall": "will have to",
    "will": "is going to",
    "must": "has to",
    "may": "is allowed to",
    "the": "that",
    "a": "one",
    "and": "as well as",
    "on": "as of",
    "of": "belonging to",
    "with": "together with",
    "for": "in favour of",
    "in": "within",
    "to": "towards",
}
_WORD = re.compile(r"[^\W\d_]+")
_TRIES = 50


def made_up_name(chance: random.Random) -> str:
    """Two words that no language has."""
    return " ".join("".join(chance.sample(_SYLLABLES, 3)).capitalize() for _ in range(2))


def made_up_value(kind: str, true_value: Json, document: str, chance: random.Random) -> Json:
    """A value of a type (NUMBER, DATE, BOOLEAN, else text) that the document does not have; a boolean is turned."""
    if kind == "BOOLEAN":
        return not true_value if isinstance(true_value, bool) else chance.random() < 0.5
    for _ in range(_TRIES):
        if kind == "NUMBER":
            value: Json = chance.randrange(10_000, 10_000_000)
        elif kind == "DATE":
            value = (date(1900, 1, 1) + timedelta(days=chance.randrange(50_000))).isoformat()
        else:
            value = made_up_name(chance)
        if place(value, document) is None:
            break
    return value


def made_up_quote(value: Json, chance: random.Random) -> str:
    """A sentence that reads like evidence for a value."""
    return f"{made_up_name(chance)} confirmed before {made_up_name(chance)} that {value} applies here."


def elsewhere(document: str, quote: str, value: Json, chance: random.Random) -> str | None:
    """A sentence of the document that has neither the quote nor the value; None when there is none."""
    others = [
        found
        for found in sentences(document)
        if len(found.split()) >= 3 and found not in quote and quote not in found and place(value, found) is None
    ]
    return chance.choice(others) if others else None


def paraphrased(quote: str, document: str) -> str | None:
    """The quote in other words, without those of the document; None when it is too short to be said otherwise."""
    words = quote.split()
    if len(words) < 4:
        return None

    def other(found: re.Match[str]) -> str:
        return _OTHER_WORDS.get(found.group().lower(), found.group())

    half = len(words) // 2
    turned = " ".join([*words[half:], *words[:half]])
    said = f"As to this: {_WORD.sub(other, turned)}"
    return said if said not in document else None


def respaced(quote: str, chance: random.Random) -> str | None:
    """The quote with other white space; None when it has none."""
    words = quote.split(" ")
    if len(words) < 2:
        return None
    spoilt = chance.randrange(1, len(words))
    parts = [words[0]]
    for index, word in enumerate(words[1:], 1):
        parts.append(chance.choice(_SPACES) if index == spoilt or chance.random() < 0.3 else " ")
        parts.append(word)
    return "".join(parts)
