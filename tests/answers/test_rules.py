"""The rules of the check: each decides its example, nothing else decides it, and the documentation lists them all."""

from pathlib import Path

import pytest

from crucible_assets.answers.checking.check import RESERVATIONS, RULES
from crucible_assets.answers.checking.differences.near import FIRST, LAST, OF_DIFFERENCES
from tests.answers.rules import EXAMPLES, found, table, without

STANDS = {"number", "date", "identifier", "name", "quotation"}
PAGE = Path(__file__).parents[2] / "docs" / "answers.md"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.name)
def test_each_rule_decides_its_example_and_no_other_rule_finds_the_same(example):
    decided = found(example.case())
    assert decided[1] == example.name
    with without(example.name):
        assert found(example.case()) != decided


def test_every_rule_has_an_example_in_the_order_in_which_they_are_asked():
    near = [rule.name for rule in (*FIRST, *OF_DIFFERENCES, *LAST)]
    names = {"cites": ["cites nothing"], "stands": [one.name for one in EXAMPLES if one.name in STANDS], "near": near}
    asked = [name for rule in (*RULES, *RESERVATIONS) for name in names.get(rule.name, [rule.name])]
    assert [one.name for one in EXAMPLES] == asked


def test_the_documentation_has_the_table_that_the_command_prints():
    assert "\n".join(table()) in PAGE.read_text(encoding="utf-8")
