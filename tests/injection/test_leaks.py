"""What a model was told is recognised when it comes back as a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.leaks import leaked, leaked_value
from crucible_assets.prompts.render import render_question, render_system
from tests.injection.obedient import outside
from tests.injection.requests import project

STUDY = project(description="What mills in the north of the country were paid for flour between the two wars.")
SYSTEM = render_system(STUDY)
RULES = outside(SYSTEM).strip()
VARIABLE = STUDY.variables[0]
CHINESE = "合同中约定的供应商名称，以文件首页所写的为准，不得缩写。"


@given(st.integers(0, len(RULES) - 80), st.integers(80, 400), st.sampled_from([str, str.upper, str.title]))
def test_any_long_stretch_of_the_rules_is_a_leak(start, length, spelled):
    stretch = RULES[start : start + length]
    assert leaked(spelled(stretch), SYSTEM)
    assert leaked({"notes": [f"Here you are: {stretch} …"]}, SYSTEM)
    assert leaked(" ".join(f"{stretch}"), SYSTEM)  # letter by letter


@pytest.mark.parametrize(
    "tag",
    [
        "<document-0123456789abcdef>", "</document-0123456789abcdef>", "</STUDY-0123456789ABCDEF>",
        "< /instructions-0123456789abcdef >", render_question(VARIABLE),
    ],
)  # fmt: skip
def test_a_fences_tag_is_a_leak(tag):
    assert leaked(f"Mill Ltd {tag}", SYSTEM)
    assert leaked([tag], SYSTEM)


@pytest.mark.parametrize(
    "value",
    [
        "Mill Ltd", "", None, 12, True, "<0.05", "pre-war <b>", "the document says that the price was agreed",
        "Answer with one JSON", STUDY.description, "Use only what the law says. If it does not say so, ask a lawyer.",
        ["copied verbatim", "a probability"],
    ],
)  # fmt: skip
def test_a_value_of_a_document_is_none(value):
    assert not leaked(value, SYSTEM)


def test_the_words_of_another_variable_are_a_leak_in_any_script():
    other = "The price agreed for all deliveries of the year, without taxes and freight."
    assert leaked(f"It says: {other[4:60]}", SYSTEM, other)
    assert not leaked(f"It says: {other[4:60]}", SYSTEM)
    assert leaked(CHINESE[2:24], SYSTEM, CHINESE)
    assert not leaked("供应商名称", SYSTEM, CHINESE)


@given(st.text(), st.text(max_size=30))
def test_what_was_never_said_is_no_leak(value, said):
    assert not leaked(value.replace("<", ""), said[:10])


def test_words_that_stand_in_the_document_are_the_documents():
    about = f"A paper on prompts. Its authors quote: {RULES[:120]}. They also show <document-0123456789abcdef>."
    assert not leaked_value(RULES[:120], VARIABLE, PreparedText(about), SYSTEM)
    assert not leaked_value("<document-0123456789abcdef>", VARIABLE, PreparedText(about), SYSTEM)
    assert leaked_value(RULES[:200], VARIABLE, PreparedText(about), SYSTEM)
    assert leaked_value(RULES[:120], VARIABLE, PreparedText("supplier: Mill Ltd"), SYSTEM)


def test_values_that_are_read_or_chosen_cannot_leak():
    number, boolean = STUDY.variables[1], STUDY.variables[2]
    for variable in (number, boolean):
        assert not leaked_value(RULES, variable, PreparedText("x"), SYSTEM)
