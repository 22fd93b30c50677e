"""What each rule of the check decides: `python -m tests.answers.rules` prints the table of docs/answers.md.

`--without NAME` prints the held-out and hand-written cases of which the words would say something else without it.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch
from uuid import UUID

from crucible_assets.answers.checking import check
from crucible_assets.answers.checking.check import check_words, decide
from crucible_assets.answers.checking.compared import Compared, Finding, Rule, Shown, compared
from crucible_assets.answers.checking.differences import near
from crucible_assets.answers.text.sentences import Said
from resources.statements import Support
from tests.answers import held_out, statement_cases

LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Example:
    """A rule, or a kind of what it finds: a source, and a statement that it decides."""

    name: str
    source: str
    statement: str
    labels: tuple[int, ...] = (1,)

    def case(self) -> "Case":
        """The statement, and what it cites: label 2 is a source about something else."""
        sources = (self.source, "Rain fell on the island all week.")
        return Case(self.statement, self.labels, shown(sources, LANGUAGE))


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, its labels, and the sources."""

    text: str
    labels: tuple[int, ...]
    sources: tuple[Shown, ...]

    def compared(self) -> Compared:
        """As the rules are given it."""
        return compared(Said(self.text, self.labels), self._shown())

    def support(self) -> Support:
        """What the words say of it."""
        return check_words(Said(self.text, self.labels), self._shown()).support

    def _shown(self) -> dict[int, Shown]:
        return {source.label: source for source in self.sources}


def shown(texts: tuple[str, ...], language: str) -> tuple[Shown, ...]:
    """Texts as sources with labels from 1."""
    return tuple(Shown(at, UUID(int=at), 0, text, language) for at, text in enumerate(texts, 1))


EXAMPLES = (
    Example("cites nothing", "The grant was refused.", "The grant was refused.", ()),
    Example("number", "It cost 1,000 euros.", "It cost 1,001 euros."),
    Example("date", "It came on 3 April 2024.", "It came on 4 April 2024."),
    Example("identifier", "The file is HP-2024-0131.", "The file is HP-2024-0139."),
    Example("name", "Conor Madigan came.", "Ita Brosnan came."),
    Example("quotation", "The owner found it loud.", "The owner found it “far too loud”."),
    Example("copy", "It rained. The grant was paid.", "The grant was paid."),
    Example("words", "The grant is 9,500 euros.", "The grant is €9,500."),
    Example("opposite", "No deaths occurred.", "Deaths occurred."),
    Example(
        "exchanged",
        "The buyer may leave if the seller fails to deliver.",
        "The seller may leave if the buyer fails to deliver.",
    ),
    Example(
        "even if",
        "The third lane opens only if funding is secured.",
        "The third lane opens even if funding is secured.",
    ),
    Example(
        "denial",
        "The judge did not accept the landlord's argument.",
        "The judge accepted the landlord's argument.",
    ),
    Example(
        "all of a part",
        "About 2,300 of our 9,800 employees work in Mexico.",
        "All of our 9,800 employees work in Mexico.",
    ),
    Example(
        "other value",
        "Works must begin before the grant is approved.",
        "Works must begin after the grant is approved.",
    ),
    Example(
        "condition",
        "If the papers arrive, the office pays the grant.",
        "The office pays the grant.",
    ),
    Example(
        "said by somebody",
        "The landlord argued that the rent had been unpaid for months.",
        "The rent had been unpaid for months.",
    ),
    Example(
        "bound",
        "The board may approve up to three requests.",
        "The board may approve three requests.",
    ),
    Example(
        "nearly",
        "Almost all residents signed the petition.",
        "All residents signed the petition.",
    ),
    Example(
        "doubt",
        "The damp was probably caused by a leaking pipe.",
        "The damp was caused by a leaking pipe.",
    ),
    Example(
        "added",
        "The warranty covers spare parts and labour.",
        "The warranty covers only spare parts and labour.",
    ),
    Example(
        "other name",
        "Farida Haddad left. Tom Keane must pay the costs of the case.",
        "Farida Haddad must pay the costs of the case.",
    ),
    Example("not shown", "It rained. The grant was paid.", "The grant was paid.", (1, 7)),
    Example("idle", "It rained. The grant was paid.", "The grant was paid.", (1, 2)),
)
"""One of each rule and kind, in the order in which they are asked."""


def found(case: Case) -> tuple[Support, str]:
    """What the words say of a case, and the rule or kind that decides it; "" where none does."""
    one = case.compared()
    rule, findings = decide(one)
    if rule is None:
        return Support.UNCHECKED, ""
    if rule.verdict is Support.SUPPORTED:
        lowered = [finding for reservation in check.RESERVATIONS for finding in reservation.look(one)]
        if lowered:
            return Support.PARTLY, lowered[0].kind
    return rule.verdict, findings[0].kind


def cases() -> Iterator[Case]:
    """The held-out cases and those written by hand."""
    for case in held_out.cases():
        yield Case(case.text, case.labels, case.sources)
    for _, language, text in statement_cases.CASES:
        yield Case(text, (1,), shown((statement_cases.SOURCES[language],), language))


@contextmanager
def without(name: str) -> Iterator[None]:
    """The check without a rule, or without a kind of what a rule finds."""

    def silent(rule: Rule) -> Rule:
        def look(one: Compared) -> tuple[Finding, ...]:
            return tuple(finding for finding in rule.look(one) if finding.kind != name)

        return replace(rule, look=look)

    with (
        patch.object(check, "RULES", tuple(map(silent, check.RULES))),
        patch.object(check, "RESERVATIONS", tuple(map(silent, check.RESERVATIONS))),
        patch.object(near, "FIRST", tuple(rule for rule in near.FIRST if rule.name != name)),
        patch.object(near, "OF_DIFFERENCES", tuple(rule for rule in near.OF_DIFFERENCES if rule.name != name)),
        patch.object(near, "LAST", tuple(rule for rule in near.LAST if rule.name != name)),
    ):
        yield


def table() -> list[str]:
    """The rows of the table: the rule, its verdict, an example, and how many cases it decides."""
    counted = Counter(map(found, cases()))
    rows = ["| rule | verdict | source | statement | cases |", "|---|---|---|---|---:|"]
    for one in EXAMPLES:
        verdict, kind = found(one.case())
        number = sum(count for (_, name), count in counted.items() if name == kind)
        rows.append(f"| {one.name} | `{verdict}` | {one.source} | {one.statement} | {number} |")
    return [*rows, f"| none | `UNCHECKED` | | | {counted[Support.UNCHECKED, '']} |"]


def main() -> None:
    """Print the table, or what changes without a rule."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", choices=[one.name for one in EXAMPLES])
    name = parser.parse_args().without
    if name is None:
        print("\n".join(table()))
        return
    every = list(cases())
    before = [case.support() for case in every]
    with without(name):
        after = [case.support() for case in every]
    for case, one, other in zip(every, before, after, strict=True):
        if one is not other:
            print(f"{one} -> {other}: {case.text}")


if __name__ == "__main__":
    main()
