"""Rules that users write over the variables of one row ('end_date >= start_date'): their grammar.

A rule is read with Python's own parser and then held against a list of what may stand in it; nothing is ever
compiled or executed. `crucible_assets.extractions.expressions` says whether a row keeps a rule.

    rule        = comparison | rule 'and' rule | rule 'or' rule | 'not' rule | variable that is true or false
    comparison  = value ('==' '!=' '<' '<=' '>' '>=' 'in' 'not in') value, also in a row: 0 <= share <= 100
    value       = variable | number | 'text' | true | false | (value, value) | value (+ - * / % **) value
                | abs(x) | min(…) | max(…) | round(x, digits) | len(x) | days_between(from, to) | year(date)
"""

import ast
import math
from collections.abc import Collection
from functools import lru_cache

LONGEST = 500  # characters of a rule
MOST_NODES = 150  # parts of a rule
DEEPEST = 20  # brackets within brackets
CONSTANTS: dict[str, bool] = {"true": True, "false": False}
FUNCTIONS: dict[str, tuple[int, int]] = {  # name → fewest and most arguments
    "abs": (1, 1),
    "min": (1, MOST_NODES),
    "max": (1, MOST_NODES),
    "round": (1, 2),
    "len": (1, 1),
    "days_between": (2, 2),
    "year": (1, 1),
}
ALLOWED = (
    "allowed are variables, numbers, quoted texts, comparisons, in, and, or, not, + - * / % ** and the functions "
    + ", ".join(FUNCTIONS)
)
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Pow)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_SIGNS = (ast.Not, ast.USub, ast.UAdd)
_LARGEST = 1e300


class ExpressionError(ValueError):
    """A rule that cannot be used. The message says where (characters from 1) and what is allowed."""


def check_expression(text: str, names: Collection[str]) -> None:
    """Raise ExpressionError unless `text` is a rule over variables among `names`."""
    tree = parse(text)
    used = names_in(text)
    if not used:
        raise ExpressionError("the rule names no variable")
    unknown = sorted(used - set(names))
    if unknown:
        raise ExpressionError(f"{', '.join(unknown)}: no variable of this project; {ALLOWED}")
    if not isinstance(tree, (ast.Compare, ast.BoolOp, ast.Name)) and not _is_not(tree):
        raise ExpressionError("the rule is a value, not a comparison: nothing says when it is kept")


def names_in(text: str) -> frozenset[str]:
    """The variables that a rule names. Raises ExpressionError as `parse` does."""
    nodes = list(ast.walk(parse(text)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    names = (node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called)
    return frozenset(name for name in names if name not in CONSTANTS)


@lru_cache(maxsize=1024)
def parse(text: str) -> ast.expr:
    """The syntax tree of a rule, of the allowed nodes only. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"the rule has {len(text)} characters, more than {LONGEST}")
    for sign in "\\#":  # an escape that Python would warn of, a comment that would hide the rest
        if sign in text:
            raise ExpressionError(f"at character {text.index(sign) + 1}: {sign!r} is not allowed; {ALLOWED}")
    source = "".join(" " if c.isspace() else c for c in text)  # a rule may be folded over lines
    lead = len(source) - len(source.lstrip())
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except SyntaxError as error:
        at = (error.offset or 1) + lead
        raise ExpressionError(f"at character {at}: {error.msg}; {ALLOWED}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"the rule cannot be read: {error or 'too deep'}; {ALLOWED}") from None
    _Checked(source.strip(), lead).visit(tree, 1)
    return tree


class _Checked:
    """A walk over a tree that refuses what is not on the list."""

    def __init__(self, source: str, lead: int) -> None:
        self._source = source
        self._lead = lead
        self._nodes = 0

    def visit(self, node: ast.expr, depth: int) -> None:
        """Check a node and all below it."""
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > DEEPEST:
            raise self._error(node, f"more than {MOST_NODES} parts or {DEEPEST} levels: write several rules")
        match node:
            case ast.Constant():
                self._constant(node)
            case ast.Name():
                pass
            case ast.UnaryOp(op=op) if isinstance(op, _SIGNS):
                self.visit(node.operand, depth + 1)
            case ast.BinOp(op=op) if isinstance(op, _OPERATIONS):
                self._all([node.left, node.right], depth)
            case ast.BoolOp():
                self._all(node.values, depth)
            case ast.Compare(ops=ops) if all(isinstance(op, _COMPARISONS) for op in ops):
                self._all([node.left, *node.comparators], depth)
            case ast.Tuple() | ast.List():
                self._all(node.elts, depth)
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS and not node.keywords:
                fewest, most = FUNCTIONS[name]
                if not fewest <= len(node.args) <= most:
                    raise self._error(
                        node, f"{name} takes {fewest if fewest == most else f'{fewest} to {most}'} values"
                    )
                self._all(node.args, depth)
            case ast.Call(func=ast.Name(id=name)):
                raise self._error(node, f"there is no function {name!r} of this form")
            case _:
                raise self._error(node, f"{(ast.get_source_segment(self._source, node) or '')[:40]!r} is not allowed")

    def _all(self, nodes: list[ast.expr], depth: int) -> None:
        for node in nodes:
            self.visit(node, depth + 1)

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        known = isinstance(value, (bool, str, int, float))
        if not known or (isinstance(value, (int, float)) and not (abs(value) < _LARGEST and math.isfinite(value))):
            raise self._error(node, "only texts, true, false and numbers below 1e300 are values")

    def _error(self, node: ast.expr, problem: str) -> ExpressionError:
        before = self._source.encode("utf-8", "surrogatepass")[: node.col_offset]  # the parser counts in bytes
        at = len(before.decode("utf-8", "surrogatepass")) + self._lead + 1
        return ExpressionError(f"at character {at}: {problem}; {ALLOWED}")


def _is_not(tree: ast.expr) -> bool:
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
