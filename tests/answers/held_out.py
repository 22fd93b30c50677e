"""Statements written without a look at the lists of the check: half of them to mend by, half to measure on.

Run as a command it prints, for one half, what the words find in each category:
`python -m tests.answers.held_out --half measured`. A file of `cases/` holds sources (lines that begin with `=`,
numbered from 1) and cases: a mark, a category, the labels where they are not `1` (`-` is none), the statement.
The marks: `S` true in the words of its source, `T` true in other words, `W` wrong or not to be proved.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from crucible_assets.answers.checking.check import check_words
from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.text.sentences import Said
from resources.statements import Statement, Support

FOLDER = Path(__file__).parent / "cases"
HALVES = ("mended", "measured")


@dataclass(frozen=True, slots=True)
class Case:
    """A statement of a table: where it stands, which half it belongs to, and whether it is true."""

    name: str
    half: str
    mark: str
    category: str
    text: str
    labels: tuple[int, ...]
    sources: tuple[Shown, ...]

    def check(self) -> Statement:
        """What the words of its sources say of it."""
        return check_words(Said(self.text, self.labels), {source.label: source for source in self.sources})


def cases() -> tuple[Case, ...]:
    """All cases, in the order of the files' names; every second one of a mark and category is to measure on."""
    seen: Counter[tuple[str, str]] = Counter()
    return tuple(case for path in sorted(FOLDER.glob("*.txt")) for case in _read(path, seen))


def _read(path: Path, seen: Counter[tuple[str, str]]) -> Iterator[Case]:
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    language = head.removeprefix("#").split("|")[0].strip()
    sources: list[Shown] = []
    for number, line in enumerate(lines, 2):
        if line.startswith("="):
            label = len(sources) + 1
            sources.append(Shown(label, UUID(int=label), 0, line.removeprefix("=").strip(), language))
            continue
        kind, text = line.split(" | ", 1)
        mark, category, *written = kind.split()
        seen[mark, category] += 1
        labels = () if written == ["-"] else tuple(map(int, written[0].split(","))) if written else (1,)
        half = HALVES[seen[mark, category] % 2]
        yield Case(f"{path.stem}:{number}", half, mark, category, text, labels, tuple(sources))


def table(half: str) -> list[tuple[str, str, Counter[Support]]]:
    """For each mark and category of a half: how many statements the words gave each support."""
    found: dict[tuple[str, str], Counter[Support]] = {}
    for case in cases():
        if case.half == half:
            found.setdefault((case.mark, case.category), Counter())[case.check().support] += 1
    return [(mark, category, counts) for (mark, category), counts in sorted(found.items())]


def main() -> None:
    """Print the table of a half, and with `--show SUPPORT` the statements that got it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=HALVES, default="mended")
    parser.add_argument("--show", default="")
    arguments = parser.parse_args()
    rows = table(arguments.half)
    print(f"{'mark category':24}" + "".join(f"{support:>13}" for support in Support))
    for mark, category, counts in rows:
        print(f"{mark} {category:22}" + "".join(f"{counts[support]:13}" for support in Support))
    for mark in "STW":
        total = sum((counts for one, _, counts in rows if one == mark), Counter[Support]())
        print(f"{mark} {'all':22}" + "".join(f"{total[support]:13}" for support in Support))
    wanted, _, marks = arguments.show.partition(":")
    for case in cases():
        found = case.check()
        if case.half == arguments.half and found.support == wanted and case.mark in (marks or "STW"):
            print(f"{case.name} {case.mark} {case.category}: {case.text} {list(found.problems)}")


if __name__ == "__main__":
    main()
