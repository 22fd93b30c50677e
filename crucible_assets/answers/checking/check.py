"""Whether the cited words say what a sentence says: by the words as far as these decide it, else by a model.

`RULES` are asked in their order, and the first that finds something decides. Fail closed: what must stand in the
cited words is looked for first, so no rule that supports can lift what is not there, and no model is asked of it.
What no rule decides is unchecked until a model has said whether it follows.
"""

from collections.abc import Mapping

import regex

from crucible_assets.answers.checking.compared import Compared, Finding, Rule, Shown, compared
from crucible_assets.answers.checking.copies import copies, is_copy
from crucible_assets.answers.checking.differences.near import near_sentences
from crucible_assets.answers.checking.locating import Located, locate
from crucible_assets.answers.checking.standing import must_stand
from crucible_assets.answers.checking.wording import opposites, same_words, says_the_same_as
from crucible_assets.answers.text.sentences import Said
from resources.statements import CheckedBy, Citation, Statement, Support

CITES_NOTHING = "cites nothing"
BEARS_NOTHING = 0.15
"""Share of a statement's words and facts below which a source bears nothing of it."""

_HEADING = regex.compile(r"\s*#{1,6}\s|\s*(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$")
_LETTER = regex.compile(r"\p{L}")


def claims(said: Said) -> bool:
    """Whether a sentence says something that sources can bear; headings, and lines without letters, say nothing."""
    if not _LETTER.search(said.text):
        return False
    if _HEADING.match(said.text) and not said.labels:
        return False
    return not (said.text.rstrip("*_ ").endswith((":", "：")) and not said.labels)


def _cites_nothing(compared: Compared) -> tuple[Finding, ...]:
    if compared.sources:
        return ()
    return _not_shown(compared) or (Finding("cites nothing", CITES_NOTHING),)


def _not_shown(compared: Compared) -> tuple[Finding, ...]:
    return tuple(Finding("not shown", f"cites [{label}], which was not shown") for label in compared.absent)


def _idle(compared: Compared) -> tuple[Finding, ...]:
    return tuple(
        Finding("idle", f"[{source.label}] says nothing of it")
        for source in compared.sources
        if compared.speaks_as(source)
        and locate(compared.text, source.text, source.language).whole < BEARS_NOTHING
        and not is_copy(compared.text, source.text)
        and not says_the_same_as(compared, source)
    )


RULES = (
    Rule(
        "cites",
        Support.UNSUPPORTED,
        "What cites nothing that was shown cannot be looked up.",
        _cites_nothing,
    ),
    Rule(
        "stands",
        Support.UNSUPPORTED,
        "Every number, date, identifier, name and quotation of it has to stand in the cited words.",
        must_stand,
    ),
    Rule("copy", Support.SUPPORTED, "It is one whole sentence of a source, or several in a row.", copies),
    Rule("words", Support.SUPPORTED, "It says a sentence in the same words, in the same order.", same_words),
    Rule("opposite", Support.UNSUPPORTED, "It is a sentence of a source but for a `not` or `no`.", opposites),
    Rule(
        "near",
        Support.UNSUPPORTED,
        "It is a sentence of a source but for a few words, and these change what is said.",
        near_sentences,
    ),
)
"""Asked in this order; the first that finds something decides."""

RESERVATIONS = (
    Rule("not shown", Support.PARTLY, "It also cites what was not shown.", _not_shown),
    Rule("idle", Support.PARTLY, "It also cites a source that says nothing of it.", _idle),
)
"""Asked of what a rule supports: it is partly supported where one of them finds something."""


def decide(one: Compared) -> tuple[Rule | None, tuple[Finding, ...]]:
    """The rule that decides a statement, and what it found; no rule where the words do not decide it."""
    for rule in RULES:
        if found := rule.look(one):
            return rule, found
    return None, ()


def check_words(said: Said, shown: Mapping[int, Shown], question: int | None = None) -> Statement:
    """A sentence as a statement, with what its words and those of the sources that it cites decide.

    `shown` are all sources by their labels. The citations are narrowed to the sentences that bear it best. UNCHECKED
    statements are those of which only a model can say whether they follow.
    """
    one = compared(said, shown)
    citations = tuple(_citation(source, locate(said.text, source.text, source.language)) for source in one.sources)
    rule, found = decide(one)
    support = rule.verdict if rule is not None else Support.UNCHECKED
    by = None if rule is None else CheckedBy.COPY if found[0].kind == "copy" else CheckedBy.WORDS
    if support is Support.SUPPORTED:
        found = tuple(finding for reservation in RESERVATIONS for finding in reservation.look(one))
        if found:
            support, by = Support.PARTLY, CheckedBy.WORDS
    elif one.sources:
        found = (*_not_shown(one), *found)
    return Statement(said.text, support, citations, by, tuple(finding.told for finding in found), question)


def _citation(source: Shown, located: Located) -> Citation:
    return Citation(source.document_id, source.start + located.start, source.start + located.end, source.label)
