"""TEXT, LOCATION, BOOLEAN, CATEGORY, JSON, and answers that say there is nothing."""

import time

import pytest

from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.coercion.coerced import Coerced
from resources.vocabulary import Variable, VariableType


def coerced(raw: object, type_: str, *categories: str) -> Coerced:
    return coerce(raw, Variable("x", VariableType(type_), "", classification_rules=dict.fromkeys(categories, "")))


NOTHING = (
    None, "", "  ", "-", "—", "?", "n/a", "N.A.", "None", "null", "unknown", "Not stated.",
    "not specified in the document", "The value is not mentioned", "no information available",
    "keine Angabe", "k. A.", "nicht angegeben", "non précisé", "no especificado", "不明",
)  # fmt: skip


@pytest.mark.parametrize("raw", NOTHING)
@pytest.mark.parametrize("type_", list(VariableType))
def test_an_answer_that_says_nothing_is_absent_and_never_a_zero(raw: str | None, type_: str) -> None:
    result = coerced(raw, type_, "Yes", "No")
    assert (result.value, result.problem, result.absent) == (None, None, True)


@pytest.mark.parametrize("raw", ["not a party", "no", "Nonesuch Ltd", "unknown soldier", "no smoking", "0"])
def test_a_text_with_such_words_in_it_is_a_value(raw: str) -> None:
    assert coerced(raw, "TEXT").value == raw


def test_text_keeps_its_words_and_folds_its_spaces() -> None:
    assert coerced("  Acme\n  Corp.\u00a0Ltd ", "TEXT").value == "Acme Corp. Ltd"
    assert coerced("Leeds ,\tUK", "LOCATION").value == "Leeds , UK"
    assert coerced(12, "TEXT").value == "12"
    assert coerced("Cafe\u0301", "TEXT").value == "Café"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (True, True), (1, True), (0, False), ("yes", True), ("Yes, it does.", True), ("No: nothing", False),
        ("ja", True), ("Nein.", False), ("oui", True), ("sí", True), ("не", None), ("нет", False), ("はい", True),
        ("not true", False), ("FALSE", False), ("No agreement was made", None), ("yes or no", None), ("maybe", None),
        (2, None),
    ],
)  # fmt: skip
def test_a_boolean_is_yes_or_no_and_never_a_guess(raw: object, value: bool | None) -> None:
    result = coerced(raw, "BOOLEAN")
    assert result.value is value
    assert (result.problem is None) == (value is not None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Full-time", "Full-time"), ("full time", "Full-time"), ("FULL_TIME.", "Full-time"),
        ("Fulltime", "Full-time"), ("Unknown", "Unknown"), ("permanent", None),
        ("Grade A", "Grade A"), ("Grade C", None), ("x", None),
    ],
)  # fmt: skip
def test_a_category_has_its_exact_spelling_or_is_refused(raw: str, value: str | None) -> None:
    result = coerced(raw, "CATEGORY", "Full-time", "Part-time", "Unknown", "Grade A", "Grade B")
    assert result.value == value
    assert (result.problem is None) == (value is not None)


def test_categories_that_differ_in_punctuation_only_are_told_apart_by_exact_spelling() -> None:
    assert coerced("A-B", "CATEGORY", "A B", "A-B").value == "A-B"
    assert coerced("a/b", "CATEGORY", "A B", "A-B").value is None
    assert coerced("C++", "CATEGORY", "C", "C++").value == "C++"


def test_json_is_an_object_or_a_text_that_parses_as_one() -> None:
    assert coerced({"a": [1]}, "JSON").value == {"a": [1]}
    assert coerced('{"a": [1]}', "JSON").value == {"a": [1]}
    assert "not JSON" in (coerced("{a: 1}", "JSON").problem or "")
    assert coerced("null", "JSON").absent


def test_a_structure_is_no_scalar() -> None:
    assert "JSON list" in (coerced(["a"], "TEXT").problem or "")
    assert coerced([], "TEXT").absent


HOSTILE = [
    "3" + " " * 490 + "x", "March to " * 55, "two and a half million " * 21,
    "3 of of of " * 45, "1/2 " * 120, "(" * 499,
    "1,2,3," * 80, "3 - 5 " * 80, "2020 - " * 70, "一二三四五六七八九十" * 49,
    "und " * 120, "-" * 499, "a" * 499, "10^" * 160,
]  # fmt: skip


def test_an_answer_that_is_a_page_is_no_number_and_no_date() -> None:
    for type_ in ("NUMBER", "DATE"):
        assert "602 characters are too many" in (coerced("5" + " and" * 150 + "x", type_).problem or "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_answer_takes_long_to_read(text: str) -> None:
    began = time.thread_time()
    for type_ in ("NUMBER", "DATE", "BOOLEAN", "CATEGORY"):
        coerced(text, type_, "Yes", "No")
    assert time.thread_time() - began < 3  # some tenths of a second at worst


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Lease: the landlord lets the floor", "Lease"),
        ("Lease (commercial)", "Lease"),
        ("Lease with option – see clause 4", "Lease with option"),
        ("Category: Sale", "Sale"),
        ('"Sale".', "Sale"),
        ("2. Sale", "Sale"),
        ("Lease or Sale", None),
        ("Lease: or rather a Sale", None),
        ("Leasehold: yes", None),
        ("neither Lease nor Sale", None),
    ],
)
def test_a_category_with_an_explanation_behind_it_is_that_category(raw: str, value: str | None) -> None:
    result = coerced(raw, "CATEGORY", "Lease", "Sale", "Lease with option")
    assert result.value == value
    assert (result.problem is None) == (value is not None)
