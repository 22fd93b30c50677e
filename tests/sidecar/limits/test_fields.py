"""What fields of requests may hold: what Postgres can store, bounded, in one Unicode form."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from resources.project import PROJECT_ID
from resources.project_rules import NAME
from sidecar.fields import (
    INT32_MAX,
    SLUG,
    VARIABLE_NAME,
    Int32,
    Json,
    JsonObject,
    Line,
    LongText,
    Name,
    Number,
    ProjectId,
    Text,
    VariableName,
    text_field,
)


def taken(kind, value):
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("kind", [Name, Line, Text, LongText, text_field(9), text_field(9, blank=True)])
@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800", "x" * 200_001])
def test_a_text_that_postgres_cannot_hold_is_refused(kind, bad):
    with pytest.raises(ValidationError):
        taken(kind, bad)


@pytest.mark.parametrize("blank", ["", "   ", "\n\t", "\u3000"])
def test_a_name_is_not_blank(blank):
    with pytest.raises(ValidationError):
        taken(Name, blank)
    assert taken(Line, blank) == blank


def test_a_text_is_composed():
    assert taken(Name, "Mu\u0308ller\n") == "Müller\n"


@pytest.mark.parametrize("bad", ["", "A", "-a", "a_b", "a" * 64, "a\n", "é", "a/../b"])
def test_an_id_is_a_slug(bad):
    with pytest.raises(ValidationError):
        taken(ProjectId, bad)


@pytest.mark.parametrize("bad", ["", "1a", "A", "a-b", "a" * 61, "a\n"])
def test_a_variable_s_name(bad):
    with pytest.raises(ValidationError):
        taken(VariableName, bad)


def test_the_patterns_are_those_of_the_project_file():
    assert re.compile(SLUG.strip("^$")) == PROJECT_ID
    assert re.compile(VARIABLE_NAME.strip("^$")) == NAME


@pytest.mark.parametrize("bad", [INT32_MAX + 1, -INT32_MAX - 2])
def test_an_integer_fits_its_column(bad):
    with pytest.raises(ValidationError):
        taken(Int32, bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e999])
def test_a_number_is_one(bad):
    with pytest.raises(ValidationError):
        taken(Number, bad)


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "bad",
    ["\x00", {"\x00": 1}, [{"a": "\udfff"}], float("nan"), [1e999], nested(33), [0] * 20_000, "x" * 100_001, 10**400],
    ids=lambda value: str(value)[:9],
)
def test_json_that_postgres_cannot_hold_is_refused(bad):
    with pytest.raises(ValidationError):
        taken(Json, bad)


@pytest.mark.parametrize("good", [None, 7, "ü", nested(32), {"a": [1, 2.5, {"b": None}]}])
def test_other_json_is_taken_as_it_is(good):
    assert taken(Json, good) == good


def test_an_object_is_one():
    assert taken(JsonObject, {"a": 1}) == {"a": 1}
    with pytest.raises(ValidationError):
        taken(JsonObject, [1])
