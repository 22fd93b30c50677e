"""Rules made from the variables: a Pandera schema for the wide table, and every value that breaks it.

A value column is checked by value and not only by column type: a NUMBER column that had to become String,
because one value in it is no number, shows which value that is. Columns of joined values ('; ') are checked
part by part.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrors

from crucible_assets.datasets.cells import DatasetSpec
from crucible_assets.datasets.errors import SpecError
from crucible_assets.datasets.partial_dates import span_of
from crucible_assets.datasets.values import JOINT
from resources.patterns import PatternError, check_pattern, matches
from resources.vocabulary import CellState, Variable, VariableType

Keeps = Callable[[str], bool]  # whether the text form of one value keeps the rule


@dataclass(frozen=True, slots=True)
class Violation:
    """One value that breaks one rule. `row` is the row key, or None when the whole column is at fault."""

    variable: str
    row: str | None
    rule: str  # 'type', 'minimum', 'maximum', 'earliest', 'latest', 'pattern', 'allowed_values', 'required' …
    value: str | None


def rules_for(spec: DatasetSpec, columns: Sequence[str] | None = None) -> pa.DataFrameSchema:
    """Make the schema of the wide table with these columns (by default one column per variable).

    `required` is a rule of the row: a value must be there unless the variable is not applicable in it. Raises
    SpecError for a pattern that is no regular expression or a limit that is no date.
    """
    present = tuple(columns) if columns is not None else tuple(v.name for v in spec.variables)
    schema_columns: dict[str, pa.Column] = {}
    required: list[pa.Check] = []
    for variable in spec.variables:
        own = columns_of(variable, spec, present)
        rules = _rules(variable)
        for name in own or (variable.name,):
            joined = variable.multiple and name == variable.name
            checks = [_column_check(rule, keeps, joined) for rule, keeps in rules.items()]
            schema_columns[name] = pa.Column(None, checks=checks, nullable=True, required=True)
        if variable.validation.required and own:
            required.append(_required_check(variable, own, present))
    return pa.DataFrameSchema(schema_columns, checks=required, name=spec.project_name, strict=False)


def check(frame: pl.DataFrame, spec: DatasetSpec) -> tuple[Violation, ...]:
    """Give every violation of the rules in a wide table, ordered by variable, row and rule.

    The row is named by the `_row` column (by its number from 0 when there is none). Raises SpecError as
    `rules_for` does.
    """
    schema = rules_for(spec, frame.columns)
    # Environment variables can switch Pandera off; a dataset must not pass because of that.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            found = [violation for error in errors.schema_errors for violation in _violations(error, frame, spec)]
        else:
            return ()
    variables = {variable.name: place for place, variable in enumerate(spec.variables)}
    rows = {row: place for place, row in enumerate(_row_names(frame))}
    order = sorted(found, key=lambda v: (variables.get(v.variable, -1), rows.get(v.row or "", -1), v.rule))
    return tuple(order)


def columns_of(variable: Variable, spec: DatasetSpec, columns: Sequence[str]) -> tuple[str, ...]:
    """Give those of the columns that hold the variable's values: its name, or its name with a number."""
    others = {other.name for other in spec.variables} - {variable.name}
    numbered = re.compile(re.escape(variable.name) + r"_[1-9]\d*")
    return tuple(
        name for name in columns if name == variable.name or (numbered.fullmatch(name) and name not in others)
    )


def _rules(variable: Variable) -> dict[str, Keeps]:
    limits = variable.validation
    rules: dict[str, Keeps] = {}
    if variable.type is VariableType.NUMBER:
        rules["type"] = lambda text: _number(text) is not None
        if (low := limits.minimum) is not None:
            rules["minimum"] = lambda text: (number := _number(text)) is None or number >= low
        if (high := limits.maximum) is not None:
            rules["maximum"] = lambda text: (number := _number(text)) is None or number <= high
    elif variable.type is VariableType.DATE:
        rules["type"] = lambda text: span_of(text) is not None
        # A partial date breaks a limit only when every day it can mean does.
        if earliest := _limit(variable, "earliest", limits.earliest):
            rules["earliest"] = lambda text: (span := span_of(text)) is None or span[1] >= earliest
        if latest := _limit(variable, "latest", limits.latest):
            rules["latest"] = lambda text: (span := span_of(text)) is None or span[0] <= latest
    elif variable.type is VariableType.BOOLEAN:
        rules["type"] = lambda text: text in ("true", "false")
    categories = tuple(variable.classification_rules) if variable.type is VariableType.CATEGORY else ()
    if allowed := frozenset(limits.allowed_values or categories):
        rules["allowed_values"] = lambda text: text in allowed
    if limits.pattern is not None:
        pattern = limits.pattern
        try:
            check_pattern(pattern)
        except PatternError as error:
            raise SpecError(f"variable {variable.name!r}: {error}") from error
        rules["pattern"] = lambda text: _keeps_pattern(pattern, text)
    return rules


def _keeps_pattern(pattern: str, text: str) -> bool:
    try:
        return matches(pattern, text)
    except PatternError:
        return False  # a value that cannot be judged in time is for a person to look at


def _limit(variable: Variable, rule: str, limit: str | None) -> datetime.date | None:
    if limit is None:
        return None
    try:
        return datetime.date.fromisoformat(limit)
    except ValueError as error:
        raise SpecError(f"variable {variable.name!r}: {rule} {limit!r} is no date; write it as YYYY-MM-DD") from error


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number == number else None  # NaN is no number


def _column_check(rule: str, keeps: Keeps, joined: bool) -> pa.Check:
    def judged(text: str) -> bool:
        if not joined:
            return keeps(text)
        # Text may hold the separator itself, so a rule of text is also kept by the whole.
        whole = rule in _TEXT_RULES and keeps(text)
        return whole or all(keeps(part) for part in text.split(JOINT))

    def holds(data: PolarsData) -> pl.LazyFrame:
        # Values repeat in real columns, so each distinct one is judged once.
        texts = data.lazyframe.select(pl.col(data.key).cast(pl.String)).collect().to_series()
        verdicts = {text: judged(text) for text in texts.unique() if text is not None}
        verdict = [None if text is None else verdicts[text] for text in texts]
        return pl.LazyFrame({data.key: pl.Series(verdict, dtype=pl.Boolean)})

    return pa.Check(holds, name=rule, error=rule)


def _required_check(variable: Variable, own: Sequence[str], present: Sequence[str]) -> pa.Check:
    there = pl.any_horizontal(pl.col(name).is_not_null() for name in own)
    state = f"_state_{variable.name}"
    if state in present:
        there = there | pl.col(state).eq_missing(pl.lit(CellState.NOT_APPLICABLE.value))

    def holds(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(there.alias(variable.name))

    return pa.Check(holds, name=f"required {variable.name}", error=f"required {variable.name}")


def _row_names(frame: pl.DataFrame) -> list[str]:
    return frame["_row"].to_list() if "_row" in frame.columns else [str(n) for n in range(frame.height)]


def _violations(error: SchemaError, frame: pl.DataFrame, spec: DatasetSpec) -> list[Violation]:
    rule = error.check if isinstance(error.check, str) else str(getattr(error.check, "name", error.check))
    if error.check_output is None or not (rule in _ROW_RULES or rule.startswith("required ")):
        # The schema itself does not fit: a column is missing, or Pandera met an error while checking.
        name = str(error.failure_cases) if rule == "column_in_dataframe" else str(error.schema.name)
        return [Violation(_variable_name(name, spec), None, rule, None)]
    failed = [place for place, kept in enumerate(pl.DataFrame(error.check_output).to_series()) if kept is False]
    rows = _row_names(frame)
    if rule.startswith("required "):
        return [Violation(rule.removeprefix("required "), rows[place], "required", None) for place in failed]
    column = str(error.schema.name)
    values = frame[column].cast(pl.String)
    name = _variable_name(column, spec)
    return [Violation(name, rows[place], rule, values[place]) for place in failed]


_TEXT_RULES = frozenset({"allowed_values", "pattern"})
_ROW_RULES = frozenset({"type", "minimum", "maximum", "earliest", "latest"}) | _TEXT_RULES


def _variable_name(column: str, spec: DatasetSpec) -> str:
    for variable in spec.variables:
        if columns_of(variable, spec, (column,)):
            return variable.name
    return column
