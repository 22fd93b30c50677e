"""Whether a row keeps the rules that users write over several of its variables.

Values are held as spans, so that what is known in part is judged by what it can mean: a date of which only the year
is known is the span of its days, and a rule is broken only if no reading of it keeps the rule. Numbers are decimal,
so `total == net + vat` has no rounding. A variable without a value makes a rule not applicable. The grammar is in
`resources.expressions`; nothing is executed.
"""

import ast
import decimal
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from crucible_assets.extractions.spans import (
    CONTEXT,
    NotJudged,
    Span,
    Value,
    as_date,
    as_number,
    as_span,
    as_truth,
    calculated,
    equal,
    held,
    hull,
    joined,
    less,
    negated,
    rounded,
    said,
    short,
    within,
    year_of,
)
from resources.expressions import CONSTANTS, ExpressionError, check_expression, names_in, parse
from resources.vocabulary import Variable

__all__ = ["ExpressionError", "check_expression", "names_in", "row_violations", "violated"]

_MOST_DIGITS = 30  # that round() may keep


def violated(text: str, values: Mapping[str, Any]) -> str | None:
    """A sentence that says how a row's values break a rule, or why they cannot be judged; None when they keep it.

    `values` are coerced values by variable (ISO text for dates, lists for several values, None for none). None too
    where one of the variables that the rule names has no value. Never raises: a rule that is no rule is said.
    """
    try:
        names = names_in(text)
        if any(values.get(name) in (None, "", [], ()) for name in names):
            return None
        with decimal.localcontext(CONTEXT):
            kept = as_truth(_value(parse(text), values))
    except ExpressionError as error:
        return f"the rule {text[:80]!r} cannot be read: {error}"
    except NotJudged as error:
        return f"the rule {text!r} cannot be judged: {error}"
    except (decimal.DecimalException, OverflowError) as error:
        what = "division by zero" if isinstance(error, decimal.DivisionByZero) else "the numbers are too large"
        return f"the rule {text!r} cannot be judged: {what}"
    if kept is not False:
        return None
    return f"the rule {text!r} is broken: " + ", ".join(f"{n} is {short(values[n])}" for n in sorted(names))


def row_violations(variables: Iterable[Variable], values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The sentences of `violated` for every variable of a row that has a broken rule."""
    broken = {
        variable.name: tuple(s for rule in variable.validation.expressions if (s := violated(rule, values)))
        for variable in variables
    }
    return {name: sentences for name, sentences in broken.items() if sentences}


def _value(node: ast.expr, values: Mapping[str, Any]) -> Value:
    match node:
        case ast.Constant():
            return held(node.value)
        case ast.Name():
            return CONSTANTS[node.id] if node.id in CONSTANTS else held(values[node.id])
        case ast.Tuple() | ast.List():
            return tuple(_value(part, values) for part in node.elts)
        case ast.BoolOp():
            return joined(node.op, [as_truth(_value(part, values)) for part in node.values])
        case ast.UnaryOp(op=ast.Not()):
            truth = as_truth(_value(node.operand, values))
            return None if truth is None else not truth
        case ast.UnaryOp():
            span = as_number(_value(node.operand, values))
            return span if isinstance(node.op, ast.UAdd) else Span(-span.high, -span.low, "number")
        case ast.BinOp():
            return calculated(node.op, as_span(_value(node.left, values)), as_span(_value(node.right, values)))
        case ast.Compare():
            operands = [_value(part, values) for part in (node.left, *node.comparators)]
            pairs = zip(node.ops, operands, operands[1:], strict=False)
            return joined(ast.And(), [_compared(op, left, right) for op, left, right in pairs])
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, [_value(part, values) for part in node.args])
        case _:
            raise NotJudged(f"{type(node).__name__} is not allowed")


def _compared(op: ast.cmpop, left: Value, right: Value) -> bool | None:
    match op:
        case ast.In():
            return within(left, right)
        case ast.NotIn():
            return negated(within(left, right))
        case ast.Eq():
            return equal(left, right)
        case ast.NotEq():
            return negated(equal(left, right))
        case ast.Gt():
            return less(right, left)
        case ast.GtE():
            return negated(less(left, right))
        case ast.LtE():
            return negated(less(right, left))
        case _:
            return less(left, right)


def _called(name: str, arguments: list[Value]) -> Value:
    match name, arguments:
        case "days_between", [first, last]:
            one, other = as_date(first), as_date(last)
            return Span(other.low - one.high, other.high - one.low, "number")
        case "year", [date]:
            day = as_date(date)
            return hull([year_of(day.low), year_of(day.high)])
        case "len", [(str() | tuple()) as sized]:
            return hull([Decimal(len(sized))])
        case "abs", [value]:
            span = as_number(value)
            nearest = Decimal(0) if span.low < 0 < span.high else min(abs(span.low), abs(span.high))
            return Span(nearest, max(abs(span.low), abs(span.high)), "number")
        case "round", [value, *digits]:
            span, places = as_number(value), _places(digits)
            return Span(rounded(span.low, places), rounded(span.high, places), "number")
        case (("min" | "max"), _):
            chosen = min if name == "min" else max
            spans = [as_span(value) for value in _listed(arguments)]
            if len({span.kind for span in spans}) != 1:
                raise NotJudged(f"{name} needs numbers only or dates only")
            return Span(chosen(s.low for s in spans), chosen(s.high for s in spans), spans[0].kind)
        case _:
            raise NotJudged(f"{name} cannot be taken of {', '.join(map(said, arguments))}")


def _listed(arguments: list[Value]) -> list[Value]:
    return list(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments


def _places(digits: list[Value]) -> int:
    places = int(as_number(digits[0]).low) if digits else 0
    if abs(places) > _MOST_DIGITS:
        raise NotJudged(f"round keeps at most {_MOST_DIGITS} digits")
    return places
