"""The project file as the API writes it: read again it is the same project, written again the same bytes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.answer import _plain
from resources.project import ProjectError, project_from_data
from resources.project_rules import folded_name
from resources.project_settings import ProjectSettings
from resources.project_yaml import data_from_yaml, project_to_yaml

STUDY = Path(__file__).resolve().parents[2] / "samples" / "heat_pump_grants" / "project.yaml"


def twice(data: dict[str, Any]) -> str:
    project = project_from_data(data, variables_needed=False)
    text = project_to_yaml(project)
    again = project_from_data(data_from_yaml(text), variables_needed=False)
    assert again == project
    assert project_to_yaml(again) == text
    return text


def test_the_sample_study_round_trips() -> None:
    text = twice(data_from_yaml(STUDY.read_text("utf-8")))
    assert "documents: documents/" in text
    assert "if_uncertain" not in text.split("name: municipality")[0]  # what is left at its default is not written


def test_a_project_without_a_place_of_documents_says_what_is_missing() -> None:
    assert twice({"name": "x"}).startswith("# `crucible run` needs `documents:`")


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t\r :#-'\"|>&*!%@`{}[]\u0085\u2028"),
    max_size=40,
)
VALUES = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | TEXTS
VARIABLES = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), "instructions": TEXTS},
    optional={
        "type": st.sampled_from(["TEXT", "NUMBER", "JSON", "DATE", "CATEGORY", "BOOLEAN"]),
        "display_name": TEXTS,
        "classification_rules": st.dictionaries(TEXTS, TEXTS, max_size=3),
        "default_value": VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(TEXTS, VALUES, max_size=2),
        "if_multiple_values": st.sampled_from(["ALL", "CONCATENATE", "FIRST"]),
        "confidence_threshold": st.floats(0, 1),
        "validation": st.fixed_dictionaries({}, optional={"allowed_values": st.lists(TEXTS, max_size=2)}),
        "examples": st.lists(st.fixed_dictionaries({"text": TEXTS, "value": VALUES}), max_size=2),
    },
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={"temperature": st.floats(0, 1), "models": st.just(["openai:a", "local"]), "budget_usd": st.floats(1, 9)}
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, st.lists(VARIABLES, max_size=2), SETTINGS)
def test_whatever_a_project_says_its_file_says_too(name: str, about: str, variables: Any, chosen: Any) -> None:
    plain = [{"type": "TEXT", **variable} for variable in variables]
    data = {"id": "x", "name": name, "description": about, "variables": plain, "settings": chosen}
    try:
        project_from_data(data, variables_needed=False)
    except ProjectError:
        return
    twice(data)


def test_a_joined_default_is_read_again() -> None:
    numbers = {"name": "n", "type": "NUMBER", "instructions": "x", "if_multiple_values": "CONCATENATE"}
    assert "1; 2.5" in twice({"name": "x", "variables": [{**numbers, "default_value": [1, 2.5]}]})


def test_aliases_may_repeat_a_part() -> None:
    text = (
        "name: x\nvariables:\n- {name: a, type: NUMBER, instructions: y, validation: &v {minimum: 0}}\n"
        "- {name: b, type: NUMBER, instructions: z, validation: *v}\n"
    )
    assert project_from_data(data_from_yaml(text)).variables[1].validation.minimum == 0


@pytest.mark.parametrize("names", [("a_b", "a__b"), ("x_", "x__"), ("a_1_b", "a_1___b")])
def test_names_that_are_one_name_in_an_answer_are_refused(names: tuple[str, ...]) -> None:
    plain = [{"name": name, "type": "TEXT", "instructions": "x"} for name in names]
    with pytest.raises(ProjectError, match="a model cannot tell this name from"):
        project_from_data({"name": "x", "variables": plain})


@given(st.text(max_size=12) | st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True))
def test_names_are_folded_as_answers_are_read(name: str) -> None:
    assert folded_name(name) == _plain(name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"chunk_tokens_min": 100},
        {"chunk_tokens_max": 1_000},
        {"chunk_tokens_max": 20_000},
        {"overlap_tokens_min": 400},
        {"overlap_tokens_max": 1_500},
        {"whole_below_words": -1},
        {"retrieve_chunks": 0},
        {"temperature": 1.2},
        {"temperature": float("nan")},
        {"max_output_tokens": 1},
        {"models": ["gpt-4"]},
        {"models": ["local", "local"]},
        {"routes": {"nobody:x": 1}},
        {"verification": "all", "verification_model": "x"},
        {"budget_usd": float("inf")},
        {"variables_per_call": 501},
        {"reranker": "cohere"},
        {"reranker": "endpoint:"},
        {"document_sections": 0},
        {"segment_sections": 101},
        {"document_share": 0.01},
        {"document_share": float("nan")},
    ],
)
def test_a_setting_that_cannot_be_honoured_is_refused_by_name(wrong: dict[str, Any]) -> None:
    plain = [{"name": "a", "type": "TEXT", "instructions": "x"}]
    with pytest.raises(ProjectError) as refused:
        project_from_data({"name": "x", "variables": plain, "settings": wrong})
    assert {p.field for p in refused.value.located} & {f"settings.{key}" for key in (*wrong, "overlap_tokens_max")}
    assert wrong.keys() <= set(ProjectSettings.__dataclass_fields__)
