"""What a field asks for, as weighted words: from its title, its instructions and the general thesaurus."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from resources.models.reader.concepts import CONTRARY_WORDS, DATE_WORDS, TYPE_WORDS, Phrase, concepts, signs
from resources.models.reader.words import ASKING_WORDS, fold, is_content, stem, words_of
from resources.models.request import Field
from resources.vocabulary import VariableType

_ALIAS, _ALIAS_LABEL = 0.9, 0.95  # of a name in another language that the instructions give
_TITLE, _TITLE_SYNONYM, _INSTRUCTION, _INSTRUCTION_SYNONYM, _REST = 1.0, 0.6, 0.4, 0.2, 0.15
_ASIDE = re.compile(
    r"\((?:e\.?\s?g\.?|for example|such as|i\.?e\.?|z\.\s?B\.)[^)]*\)|\bsuch as\b[^.;,]*"
    r"|\be\.\s?g\.[^.;]*|\bfor example\b[^.;]*"
    r"|(?:[;.,]|^)\s*(?:leave\s+)?(?:it\s+)?(?:empty|null|blank|absent|nothing|unknown)\s+(?:if|when|unless)\b[^.;]*"
    r"|\b(?:and\s+)?before\s+(?:any|deduct\w*)\b[^.;,]*|\bas\s+(?:yyyy|\")[^.;]*"
    r"|\belse (?:false|empty|null)\b|\b(?:true|false) if\b|\bwithout\b[^.;,]*",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\([^():]{1,30}:\s*([^()]{2,80})\)")
_NEGATIVE = re.compile(r"^(?:not|no|nor|never|except|excluding|nicht|kein\w*|false|pas|sauf)\b", re.I)
_LEAD_OR_KEEP = re.compile(r",\s+(?=not\s)|\bbut\s+(?=not\b)|\s(?=(?:except|excluding)\b)", re.I)
_SENTENCE_END = re.compile(r"(?<=[.?!;])\s+")


@dataclass(frozen=True, slots=True)
class Label:
    """A phrase that would stand as a label before the value, with how surely it means this field (0..1)."""

    phrase: Phrase
    weight: float


@dataclass(frozen=True, slots=True)
class Query:
    """A field in the reader's terms; stems everywhere. `title` keeps type words, `terms` does not."""

    title: Phrase
    labels: tuple[Label, ...]
    terms: dict[str, float]  # stem → weight in prose
    phrases: tuple[tuple[Phrase, float], ...]  # two words and more, with their weight in prose
    instructed: frozenset[str]  # stems of the instructions
    contrary: frozenset[str]  # words that make a label another one
    excluded: frozenset[str]  # stems of what the instructions say is not meant
    head: Phrase  # the content words of the first instruction
    core: Phrase  # the title's words that carry meaning; those of the first instruction when the title has none


def _stems(text: str) -> Phrase:
    return tuple(stem(w) for w in words_of(text) if _tells(w))


def _tells(word: str) -> bool:
    return is_content(word) and fold(word) not in ASKING_WORDS and not word.isdigit()


def _contains(words: Phrase, phrase: Phrase) -> bool:
    width = len(phrase)
    return any(words[i : i + width] == phrase for i in range(len(words) - width + 1))


def _all_stems(text: str) -> Phrase:
    return tuple(stem(word) for word in words_of(text))


def _synonyms(text: str) -> Iterable[tuple[Phrase, float]]:
    """The other phrases of every concept that the text names, with the share of its core that each stands for."""
    core = _core(text)
    words = _all_stems(text)
    for group in concepts():
        named = {word for phrase in group if _useful(phrase) and _contains(words, phrase) for word in phrase}
        if named:
            share = len(named.intersection(core)) / max(1, len(core))
            yield from ((phrase, share) for phrase in group if not _contains(words, phrase))
    for named_by, group in signs().items():
        if _contains(words, named_by):
            share = len(set(named_by).intersection(core)) / max(1, len(core))
            yield from ((phrase, share) for phrase in group if not _contains(words, phrase))


@lru_cache(maxsize=1024)
def synonyms_of(name: str) -> tuple[Phrase, ...]:
    """Other words for a category of one word: the phrases of the concepts that hold just this word."""
    words = _all_stems(name)
    return tuple(
        dict.fromkeys(p for group in concepts() if words in group for p in group if p != words and _useful(p))
    )


@lru_cache(maxsize=1024)
def aliases_of(text: str) -> tuple[str, ...]:
    """The names that a text gives in brackets after a colon: '(German: Nebenbestimmungen, Auflagen)'."""
    return tuple(
        part.strip() for match in _IN_BRACKETS.finditer(text) for part in match.group(1).split(",") if words_of(part)
    )


def _useful(phrase: Phrase) -> bool:
    return len(phrase) > 1 or (len(phrase[0]) > 2 and phrase[0] not in TYPE_WORDS and is_content(phrase[0]))


@lru_cache(maxsize=1024)
def instruction_parts(instructions: str) -> tuple[str, ...]:
    """The sentences of the instructions without asides, examples and what to do when nothing is found."""
    cleaned = _ASIDE.sub(" ", _IN_BRACKETS.sub(" ", instructions))
    return tuple(part.strip() for part in _split(cleaned) if not _NEGATIVE.match(part.strip()))


@lru_cache(maxsize=1024)
def excluded_parts(instructions: str) -> tuple[str, ...]:
    """What the instructions say is not meant: sentences and clauses that begin with 'not', 'except', ...

    Sentences that begin with 'False' are left out of both: they say what makes a boolean false.
    """
    parts = (part.strip() for part in _split(instructions))
    return tuple(p for p in parts if _NEGATIVE.match(p) and not p.lower().startswith("false"))


def _split(text: str) -> list[str]:
    return [clause for part in _SENTENCE_END.split(text) for clause in _LEAD_OR_KEEP.split(part) if words_of(clause)]


@lru_cache(maxsize=1024)
def _query(name: str, title: str, instructions: str, dated: bool) -> Query:
    own = title if title.strip() else name
    parts = instruction_parts(instructions)
    head = parts[0] if parts else ""
    means = own if _core(own) else f"{own} {head}"  # 'date', 'amount': the instruction says which
    terms: dict[str, float] = {}
    phrases: dict[Phrase, float] = {}
    labels = {_stems(own) or _all_stems(own): 1.0, _stems(name) or _all_stems(name): 1.0}

    def add(phrase: Phrase, weight: float) -> None:
        if len(phrase) == 1:
            terms[phrase[0]] = max(weight, terms.get(phrase[0], 0.0))
        else:
            phrases[phrase] = max(weight, phrases.get(phrase, 0.0))

    for source, weight in ((own, _TITLE), (head, _INSTRUCTION), (" ".join(parts[1:]), _REST)):
        for word in _stems(source):
            if word not in TYPE_WORDS:
                add((word,), weight)
    for source, weight, label in ((means, _TITLE_SYNONYM, 0.85), (head, _INSTRUCTION_SYNONYM, 0.6)):
        for phrase, share in _synonyms(source):
            labels[phrase] = max(label * (0.4 + 0.6 * share), labels.get(phrase, 0.0))
            if _useful(phrase):
                add(phrase, weight)
    for alias in aliases_of(instructions):
        if phrase := _stems(alias):
            labels[phrase] = _ALIAS_LABEL
            add(phrase, _ALIAS)
    instructed = frozenset(_all_stems(" ".join(parts)))
    excluded = (
        frozenset(_stems(" ".join(excluded_parts(instructions)))) - set(terms) - set(_all_stems(own)) - TYPE_WORDS
    )
    if len(_stems(head)) <= 4 and _stems(head):
        labels.setdefault(_stems(head), 0.8)
    return Query(
        title=_stems(own) or _all_stems(own),
        labels=tuple(Label(phrase, weight) for phrase, weight in labels.items() if phrase),
        terms=terms,
        phrases=tuple(phrases.items()),
        instructed=instructed,
        head=_core(head),
        core=_core(own) or _core(head) or _stems(own),
        excluded=excluded,
        contrary=(CONTRARY_WORDS if dated else CONTRARY_WORDS | DATE_WORDS) - set(_all_stems(own)) - instructed
        | excluded,
    )


def _core(text: str) -> Phrase:
    return tuple(dict.fromkeys(word for word in _stems(text) if word not in TYPE_WORDS))


def query_of(field: Field) -> Query:
    """The field's words; the same field costs nothing the second time."""
    return _query(field.name, field.title, field.instructions, field.type is VariableType.DATE)
