"""Coding rules and figures in words, the same in the Markdown codebook and the workbook."""

from crucible_assets.datasets.cells import DocumentRecord
from crucible_assets.datasets.evaluate import Scores, VariableScore
from crucible_assets.datasets.intervals import Interval
from crucible_assets.datasets.values import text_of
from resources.vocabulary import IfMultipleValues, IfUncertain, Variable, VariableType

_UNCERTAIN = {
    IfUncertain.KEEP_FLAGGED: "the value is kept and flagged UNCERTAIN",
    IfUncertain.NULL: "the value is left out and the cell flagged UNCERTAIN",
    IfUncertain.DEFAULT: "the default value stands and the cell is flagged UNCERTAIN",
}
_SEVERAL = {
    IfMultipleValues.ALL: "all are kept",
    IfMultipleValues.FIRST: "the first in the document is kept",
    IfMultipleValues.MOST_CONFIDENT: "the most confident is kept",
    IfMultipleValues.CONCATENATE: "all are kept, joined by '; '",
}


def coding_rules(variable: Variable) -> tuple[tuple[str, str], ...]:
    """Give the rules by which a variable's values were decided, as (what, rule)."""
    rules = [
        ("Confidence threshold", f"{variable.confidence_threshold:g}"),
        ("Below it", _UNCERTAIN[variable.if_uncertain]),
        ("Several values", _SEVERAL[variable.if_multiple_values]),
    ]
    if variable.max_values is not None:
        rules.append(("At most", f"{variable.max_values} values"))
    if variable.default_value is not None:
        rules.append(("Default value", str(variable.default_value)))
    if variable.unit:
        rules.append(("Unit", variable.unit))
    if variable.depends_on:
        parts = [
            f"{d.variable} is one of {', '.join(d.values)}" if d.values else f"{d.variable} has a value"
            for d in variable.depends_on
        ]
        rules.append(("Asked only if", " and ".join(parts)))
    if limits := limits_text(variable):
        rules.append(("Must keep", limits))
    return tuple(rules)


def limits_text(variable: Variable) -> str:
    """Give the validation rules in one line; empty when there are none."""
    limits = variable.validation
    named = (
        ("minimum", limits.minimum),
        ("maximum", limits.maximum),
        ("earliest", limits.earliest),
        ("latest", limits.latest),
        ("pattern", limits.pattern),
        ("one of", ", ".join(limits.allowed_values) or None),
    )
    parts = [f"{name} {_limit(value)}" for name, value in named if value is not None]
    return "; ".join([*parts, *(["required"] if limits.required else [])])


def _limit(value: float | str) -> str:
    return value if isinstance(value, str) else text_of(value, VariableType.NUMBER)


def share(value: float | None) -> str:
    """Give a share (0-1) as a percentage with one decimal, or a dash."""
    return "–" if value is None else f"{100 * value:.1f} %"


def figure(value: float | None) -> str:
    """Give a figure with six significant digits, or a dash."""
    return "–" if value is None else f"{value:.6g}"


def interval(value: Interval | None) -> str:
    """Give a 95 % interval of a share, or a dash."""
    return "–" if value is None else f"{100 * value[0]:.1f}-{100 * value[1]:.1f} %"


def doubts(document: DocumentRecord) -> str:
    """Give what the search of a document for entities could not settle, in one line; empty when nothing."""
    return "; ".join([*([document.failure] if document.failure else []), *document.warnings])


def entity_score(rows: Scores) -> str:
    """Give how many labelled entities were found, and how many rows are none."""
    return f"{rows.matched} of {rows.gold} labelled, {rows.predicted - rows.matched} further rows"


def score_text(score: VariableScore) -> str:
    """Give a variable's evaluation in one line."""
    strict, relaxed = score.strict, score.relaxed
    parts = [
        f"strict F1 {share(strict.f1)} (95 % interval {interval(score.f1_interval)})",
        f"precision {share(strict.precision)}, recall {share(strict.recall)}",
        f"relaxed F1 {share(relaxed.f1)}",
        f"documents wholly right {share(score.accuracy)} ({interval(score.accuracy_interval)})",
        f"left empty where nothing is {share(score.abstention_kept)} of {score.empty}",
        f"{score.documents} documents with {strict.gold} labelled values",
    ]
    return "; ".join(parts)
