"""A project file is taken as it was meant, or refused with everything that is to be mended."""

import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.project import Project, ProjectError, project_from_data, variable_from_dict, variable_to_dict, waves


def written(*variables: Any, **keys: Any) -> dict[str, Any]:
    return {"name": "Study", "documents": "docs", "variables": list(variables), **keys}


def variable(name: str = "x", type_: str = "TEXT", **keys: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "instructions": "What it says.", **keys}


def category(**keys: Any) -> dict[str, Any]:
    return variable("kind", "CATEGORY", classification_rules=["Lease", "Sale"], **keys)


def project(*variables: Any) -> Project:
    return project_from_data(written(*variables))


def problems(*variables: Any, **keys: Any) -> list[str]:
    with pytest.raises(ProjectError) as refused:
        project_from_data(written(*variables, **keys))
    return refused.value.problems


def test_all_problems_are_listed_at_once_whatever_their_kind() -> None:
    said = problems(
        variable("a", "NUMBR", confidence=0.5, max_values=0, validation={"pattern": "("}),
        variable("b", "NUMBER", validation={"minimum": "low"}, confidence_threshold=2),
        variable("c", "DATE", validation={"earliest": "2021-13-01"}, depends_on="z"),
        {"type": "TEXT", "instructions": ""},
        "d",
        unknown=1,
        settings={"variables_per_call": 0},
    )
    for words in (
        "unknown: this key is not known.",
        "variable a, type: Input should be",
        "variable a, confidence: this key is not known.",
        "variable a: max_values must be at least 1.",
        "variable a: validation.pattern: the pattern '(' is no regular expression",
        "variable b, validation.minimum: Input should be a valid number",
        "variable b: confidence_threshold must be between 0 and 1.",
        "variable c: validation.earliest must be a date as YYYY-MM-DD.",
        "variable c: depends_on names z, which is no variable of this project.",
        "variable 4, name: this key is missing.",
        "instructions are missing",
        "variable 5",
    ):
        assert sum(words in problem for problem in said) == 1, (words, said)
    assert "settings.variables_per_call: at least 1." in problems(
        variable(confidence=1), settings={"variables_per_call": 0}
    )


def test_a_key_that_could_not_be_read_is_not_complained_of_twice() -> None:
    assert len(problems(variable("a", "CATEGORY", classification_rules=5))) == 1
    assert len(problems(variable("a", "CATGORY", classification_rules=["x"]))) == 1
    assert len(problems(variable("a", default_value="x", if_uncertain="DEFALT"))) == 1
    assert len(problems(variable("a", "NUMBR"), variable("b", depends_on=[{"variable": "a", "values": ["x"]}]))) == 1


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"type_": "NUMBER", "default_value": "many"}, "default_value: 'many' is not a number"),
        ({"type_": "NUMBER", "default_value": True}, "default_value: 'true' is not a number"),
        ({"type_": "NUMBER", "default_value": [1]}, "is not one NUMBER"),
        ({"type_": "DATE", "default_value": "2021-02-30"}, "default_value: '2021-02-30' is not a date"),
        ({"type_": "DATE", "default_value": "unknown"}, "is not a date as YYYY-MM-DD"),
        ({"type_": "BOOLEAN", "default_value": "maybe"}, "neither true nor false"),
        ({"type_": "NUMBER", "if_multiple_values": "ALL", "default_value": [1, "x"]}, "'x' is not a number"),
        ({"if_uncertain": "DEFAULT"}, "if_uncertain: DEFAULT needs a default_value"),
        ({"type_": "NUMBER", "validation": {"allowed_values": [1, "two"]}}, "allowed_values: 'two' is not a number"),
        ({"type_": "DATE", "validation": {"allowed_values": ["May"]}}, "allowed_values: 'May' is not a date"),
        ({"validation": {"minimum": 1}}, "validation.minimum is for NUMBER only"),
        ({"validation": {"latest": "2020-01-01"}}, "validation.latest is for DATE only"),
        ({"type_": "NUMBER", "validation": {"minimum": float("nan")}}, "minimum must be a finite number"),
        ({"type_": "NUMBER", "validation": {"minimum": 2, "maximum": 1}}, "minimum is greater than maximum"),
        (
            {"type_": "DATE", "validation": {"earliest": "2021-01-02", "latest": "2021-01-01"}},
            "earliest is after latest",
        ),
        ({"merge_chunks": "ALL"}, "merge_chunks: ALL needs if_multiple_values: ALL or CONCATENATE"),
        ({"merge_chunks": "VOTE"}, "merge_chunks: Input should be 'AGREEMENT'"),
        ({"validation": {"expressions": ["x >= y"]}}, "y: no variable of this project"),
        ({"validation": {"expressions": "x.y == 1"}}, "at character 1: 'x.y' is not allowed"),
        ({"type_": "BOOLEAN", "if_multiple_values": "ALL"}, "a BOOLEAN cannot have several values"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_saved(keys: dict[str, Any], said: str) -> None:
    found = problems(variable(**keys))
    assert len(found) == 1 and said in found[0], found


@pytest.mark.parametrize(
    ("type_", "keys", "default"),
    [
        ("NUMBER", {"default_value": "12.50"}, 12.5),
        ("NUMBER", {"default_value": 0}, 0),
        ("DATE", {"default_value": datetime.date(2021, 3, 1)}, "2021-03-01"),
        ("DATE", {"default_value": 2021}, "2021"),
        ("BOOLEAN", {"default_value": "No"}, False),
        ("TEXT", {"default_value": 5}, "5"),
        ("NUMBER", {"default_value": 5, "if_multiple_values": "ALL"}, [5]),
        ("NUMBER", {"default_value": [1, 2.5], "if_multiple_values": "CONCATENATE"}, "1; 2.5"),
        ("JSON", {"default_value": {"a": 1}}, {"a": 1}),
    ],
)
def test_a_default_has_the_type_of_its_variable(type_: str, keys: dict[str, Any], default: Any) -> None:
    made = project(variable(type_=type_, **keys)).variables[0]
    assert made.default_value == default
    assert type(made.default_value) is type(default)


def test_a_default_and_allowed_values_of_a_category_get_its_exact_spelling() -> None:
    made = project(category(default_value="lease", validation={"allowed_values": ["SALE", "Lease"]})).variables[0]
    assert (made.default_value, made.validation.allowed_values) == ("Lease", ("Sale", "Lease"))
    for keys in ({"default_value": "Gift"}, {"validation": {"allowed_values": ["Gift"]}}):
        (said,) = problems(category(**keys))
        assert "'Gift' is not one of the categories 'Lease', 'Sale'" in said


def test_allowed_values_may_be_written_as_yaml_reads_them() -> None:
    def allowed(type_: str, *values: Any) -> tuple[str, ...]:
        return (
            project(variable(type_=type_, validation={"allowed_values": list(values)}))
            .variables[0]
            .validation.allowed_values
        )

    assert allowed("NUMBER", 1, 2.0, "3.50") == ("1", "2", "3.5")
    assert allowed("DATE", datetime.date(2021, 1, 1), 2022) == ("2021-01-01", "2022")
    assert allowed("BOOLEAN", True) == ("true",)
    assert allowed("TEXT", "EUR", 5) == ("EUR", "5")


def test_a_dependency_on_a_value_that_can_never_be_is_refused() -> None:
    def dependent(*values: Any, on: str = "kind") -> dict[str, Any]:
        return variable("y", depends_on=[{"variable": on, "values": list(values)}])

    assert len(project(category(), dependent("lease")).variables) == 2
    (said,) = problems(category(), dependent("Lease", "Gift"))
    assert "depends_on kind: it is never met: 'Gift' is not one of the categories" in said
    flag = variable("paid", "BOOLEAN")
    assert project(flag, dependent(True, on="paid")).variables[1].depends_on[0].values == ("true",)
    assert "neither true nor false" in problems(flag, dependent("perhaps", on="paid"))[0]
    number = variable("n", "NUMBER")
    assert project(number, dependent(5.0, on="n")).variables[1].depends_on[0].values == ("5",)


def test_every_circle_of_dependencies_is_named() -> None:
    said = problems(
        variable("a", depends_on="b"),
        variable("b", depends_on="c"),
        variable("c", depends_on="a"),
        variable("d", depends_on="d"),
        variable("e", depends_on="a"),
    )
    circles = [problem.removeprefix("depends_on goes round in a circle: ").rstrip(".") for problem in said]
    assert len(circles) == 2 and "d → d" in circles
    (three,) = (circle.split(" → ") for circle in circles if circle != "d → d")
    assert three[0] == three[-1]
    assert all((one, other) in {("a", "b"), ("b", "c"), ("c", "a")} for one, other in pairwise(three))


def test_a_long_chain_is_no_circle_and_is_asked_in_its_order() -> None:
    chain = [variable(f"v{n}", **({"depends_on": f"v{n + 1}"} if n < 1500 else {})) for n in range(1501)]
    made = project(*chain)
    assert [wave[0].name for wave in waves(made.variables)] == [f"v{n}" for n in range(1500, -1, -1)]


def test_a_variable_is_the_same_after_it_was_stored() -> None:
    made = project(
        category(merge_chunks="AGREEMENT", validation={"expressions": "kind == 'Lease'"}, default_value="sale")
    ).variables[0]
    assert variable_from_dict(variable_to_dict(made)) == made


KEYS = st.sampled_from(
    [*variable(), "validation", "depends_on", "default_value", "max_values", "merge_chunks", "z", 1]
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["TEXT", "x", "ALL"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(st.dictionaries(KEYS, PLAIN, max_size=6) | PLAIN, max_size=3), st.dictionaries(KEYS, PLAIN, max_size=3)
)
def test_whatever_is_written_is_read_or_refused_in_words(variables: list[Any], keys: dict[Any, Any]) -> None:
    whole = [{**variable(f"v{n}"), **item} if isinstance(item, dict) else item for n, item in enumerate(variables)]
    try:
        project_from_data({**written(*whole), **keys})
    except ProjectError as refused:
        assert refused.problems
        assert all(problem.strip() for problem in refused.problems)
