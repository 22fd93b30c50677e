"""The codebook as Markdown, for people."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from crucible_assets.datasets.columns import Column, ColumnKind
from crucible_assets.datasets.dataset import CalibrationFigures
from crucible_assets.datasets.evaluate import Evaluation
from crucible_assets.exports.codebook import NOTES, STATE_MEANINGS, Codebook, VariableEntry
from crucible_assets.exports.wording import (
    coding_rules,
    doubts,
    entity_score,
    figure,
    interval,
    score_text,
    share,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~])")
_LONGEST = 200  # characters of a value shown in a table of frequencies
_HOLDS = {
    ColumnKind.ROW: "identifies the row in every file",
    ColumnKind.DOCUMENT: "name of the document",
    ColumnKind.ENTITY: "entity in the document that the row is about",
    ColumnKind.ENTITY_STATUS: "how well the entity was found in the document",
    ColumnKind.ENTITY_QUOTE: "words that name the entity, quoted from the document",
    ColumnKind.VALUE: "value",
    ColumnKind.STATE: "state",
    ColumnKind.CONFIDENCE: "confidence, 0 to 1",
    ColumnKind.EVIDENCE: "words quoted from the document",
    ColumnKind.PAGE: "page, from 1",
    ColumnKind.PLACE: "place in a document without pages",
    ColumnKind.PROMPT_VERSION: "version of the prompt",
}


def codebook_markdown(book: Codebook) -> str:
    """Give the codebook as a Markdown text with a line end. Text from people and documents is escaped."""
    parts = (
        _study(book),
        _states(book),
        _evaluation(book.dataset.evaluation),
        _calibration(book.dataset.calibration),
        _variables(book),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def escaped(text: str) -> str:
    """Give text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def _study(book: Codebook) -> Iterator[str]:
    spec, cost = book.dataset.spec, book.dataset.cost
    yield from (f"# Codebook: {escaped(spec.project_name)}", "")
    if spec.description:
        yield from (escaped(spec.description), "")
    facts = [
        ("Domain", escaped(spec.domain)),
        ("Language", escaped(spec.language or "")),
        ("Unit of observation", spec.unit_of_observation.value.lower()),
        ("Rows", f"{book.rows} from {book.documents} documents"),
        ("Variables", str(len(book.entries))),
        ("Cells", escaped(book.account)),
        ("Complete", "yes: every row has one cell for every variable" if book.complete else "**no**: see Cells"),
        ("Model", escaped(", ".join(book.models)) or "none"),
    ]
    if cost is not None:
        tokens = f"{cost.input_tokens} input and {cost.output_tokens} output tokens"
        facts.append(("Cost", f"{escaped(cost.in_words())}, {cost.calls} calls, {tokens}"))
    yield from _table(("", ""), [fact for fact in facts if fact[1]])
    yield from ("Keys:", "")
    yield from _columns(book.keys)
    yield from _documents(book)


def _documents(book: Codebook) -> Iterator[str]:
    """Of a dataset of entities: documents without rows, and those whose search left doubts. The rest are counted."""
    documents = book.dataset.documents
    if not documents:
        return
    yield from ("## Documents", "")
    shown = [d for d in documents if not d.rows or doubts(d)]
    yield from (f"{len(documents)} documents have {sum(d.rows for d in documents)} rows.", "")
    if shown:
        rows = [
            (escaped(d.name), str(d.rows), "" if d.expected is None else str(d.expected), escaped(doubts(d)))
            for d in shown
        ]
        yield from ("Without rows, or with doubts about them:", "")
        yield from _table(("document", "rows", "rows in the source", "what remains doubtful"), rows)


def _columns(columns: Sequence[Column]) -> list[str]:
    rows = [(escaped(column.name), _holds(column), str(column.dtype)) for column in columns]
    return _table(("column", "holds", "type"), rows)


def _holds(column: Column) -> str:
    if column.kind is ColumnKind.VALUE and column.position is None:
        return "all values, joined by '; '"
    numbered = column.variable is not None and column.name != column.variable.name
    if column.kind is ColumnKind.VALUE and numbered and column.position is not None:
        return f"value {column.position + 1}"
    return _HOLDS[column.kind]


def _states(book: Codebook) -> Iterator[str]:
    yield from ("## States and missing values", "")
    rows = [(state.value, STATE_MEANINGS[state], str(count)) for state, count in book.states.items()]
    yield from _table(("state", "meaning", "cells"), [(escaped(a), b, c) for a, b, c in rows])
    yield from (f"- {escaped(note)}" for note in NOTES)
    yield ""


def _evaluation(evaluation: Evaluation | None) -> Iterator[str]:
    if evaluation is None:
        return
    strict, relaxed = evaluation.strict, evaluation.relaxed
    yield from ("## Evaluation against labelled values", "")
    rows = [
        ("documents", str(evaluation.documents)),
        ("strict F1", f"{share(strict.f1)} (95 % interval {interval(evaluation.f1_interval)})"),
        ("strict precision, recall", f"{share(strict.precision)}, {share(strict.recall)}"),
        ("relaxed F1", share(relaxed.f1)),
        ("mean strict F1 over variables", share(evaluation.macro_strict_f1)),
        ("cells wholly right", share(evaluation.accuracy)),
    ]
    if evaluation.rows is not None:
        rows.append(("entities found", entity_score(evaluation.rows)))
    named = (
        ("labelled documents not in the dataset", evaluation.unknown_documents),
        ("labelled variables not in the dataset", evaluation.unknown_variables),
        ("names that several documents bear", evaluation.ambiguous_documents),
        ("labelled entities that are missing", evaluation.missed_rows),
        ("entities that are not labelled", evaluation.invented_rows),
    )
    rows.extend((what, escaped(", ".join(names))) for what, names in named if names)
    yield from _table(("figure", ""), rows)


def _calibration(figures: Sequence[CalibrationFigures]) -> Iterator[str]:
    if not figures:
        return
    yield from ("## Calibration of confidences", "")
    yield (
        "Confidences are corrected by what people said of labelled cells, apart for values (STATED) and for absence "
        "(ABSENT). ECE and Brier score are 0 for perfect confidences; those after it are cross-validated."
    )
    yield ""
    head = ("variable", "claim", "model", "labels", "method", "right", "ECE before, after", "Brier before, after")
    yield from _table(
        head,
        [
            (
                escaped(f.variable) or "all together",
                f.claim,
                escaped(f.model),
                str(f.labels),
                f.method,
                share(f.accuracy),
                f"{f.ece_before:.3f}, {f.ece_after:.3f}",
                f"{f.brier_before:.3f}, {f.brier_after:.3f}",
            )
            for f in figures
        ],
    )


def _variables(book: Codebook) -> Iterator[str]:
    yield from ("## Variables", "")
    for entry in book.entries:
        yield from _variable(entry)


def _variable(entry: VariableEntry) -> Iterator[str]:
    variable, figures = entry.variable, entry.figures
    yield from (f"### {escaped(variable.name)}", "")
    yield from (f"**{escaped(variable.title)}**, {variable.type.value}", "")
    yield from (escaped(variable.instructions), "")
    if variable.classification_rules:
        rules = variable.classification_rules.items()
        yield from _table(("category", "applies when"), [(escaped(name), escaped(rule)) for name, rule in rules])
    facts = [(what, escaped(rule)) for what, rule in coding_rules(variable)]
    facts.append(("Prompt version", ", ".join(str(version) for version in entry.prompt_versions) or "–"))
    facts.append(("Model", escaped(", ".join(entry.models)) or "–"))
    states = [f"{count} {escaped(state.value)}" for state, count in figures.states.items() if count]
    if figures.missing_cells:
        states.append(f"{figures.missing_cells} missing")
    facts.append(("Cells", ", ".join(states) or "none"))
    facts.append(("Evidence found", f"{share(figures.evidence_share)} of {figures.with_value} cells with a value"))
    facts.append(("Mean confidence", figure(figures.mean_confidence)))
    if figures.minimum is not None and figures.maximum is not None:
        facts.append(("Range", f"{escaped(figures.minimum)} to {escaped(figures.maximum)}"))
    if figures.mean is not None:
        spread = f"{figure(figures.mean)}, {figure(figures.median)}, {figure(figures.deviation)}"
        facts.append(("Mean, median, standard deviation", spread))
    if entry.score is not None:
        facts.append(("Evaluation", escaped(score_text(entry.score))))
    yield from _table(("", ""), facts)
    yield from _columns(entry.columns)
    if entry.frequencies:
        shown = [(escaped(_short(value)), str(count)) for value, count in entry.frequencies]
        yield from _table(("value", "count"), shown)
        if (rest := figures.distinct - len(shown)) > 0:
            yield from (f"and {rest} further values.", "")


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + " …"
