"""What cannot be seen, or is too long for a question, is refused when a project is read, with what to mend."""

import pytest

from resources.project import ProjectError
from resources.project_texts import LONGEST_TEXT, line_problems, project_text_problems, text_problems
from tests.injection.requests import project

UNSEEN = {
    "NUL": ("\x00", "the control character U+0000"),
    "escape": ("\x1b[2J", "the control character U+001B"),
    "backspace": ("\x08", "the control character U+0008"),
    "form feed": ("\x0c", "the control character U+000C"),
    "next line": ("\x85", "the control character U+0085"),
    "right-to-left override": ("\u202e", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
    "left-to-right override": ("\u202d", "LEFT-TO-RIGHT OVERRIDE (U+202D)"),
    "embedding": ("\u202b", "RIGHT-TO-LEFT EMBEDDING (U+202B)"),
    "isolate": ("\u2066", "LEFT-TO-RIGHT ISOLATE (U+2066)"),
    "tag characters": ("\U000e0069\U000e0067", "the tag character U+E0069"),
    "half a character": ("\ud800", "half of a character, U+D800"),
}
TEXTS = [
    lambda words: {"instructions": words},
    lambda words: {"display_name": words},
    lambda words: {"type": "NUMBER", "unit": words},
    lambda words: {"type": "CATEGORY", "classification_rules": {words: "", "lease": ""}},
    lambda words: {"type": "CATEGORY", "classification_rules": {"sale": words, "lease": ""}},
    lambda words: {"examples": [{"text": words, "value": None}]},
    lambda words: {"examples": [{"text": "x", "value": words}]},
    lambda words: {"type": "JSON", "examples": [{"text": "x", "value": {"a": [words]}}]},
    lambda words: {"examples": [{"text": "x", "value": "x", "source_text": words}]},
]


def problems(**change) -> list[str]:
    try:
        project({"name": "victim", "type": "TEXT", "instructions": "Its name.", **change})
    except ProjectError as error:
        return error.problems
    return []


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("unseen", "said"), UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_can_see_is_refused_by_name(unseen, said, text):
    found = problems(**text(f"ab{unseen}cd"))
    assert len(found) == 1, found
    assert f"character 3 is {said}" in found[0]
    assert found[0].startswith("variable victim: ")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_too_long_for_a_question_is_refused(text):
    found = problems(**text("a" * (LONGEST_TEXT + 1)))
    assert [p for p in found if f"{LONGEST_TEXT + 1} characters are too many; write at most" in p], found


def test_the_longest_text_is_taken():
    assert problems(instructions="a" * LONGEST_TEXT) == []


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\u2029"])
@pytest.mark.parametrize("text", TEXTS[1:4])
def test_names_and_units_stand_on_one_line(text, end):
    assert any("write it on one line" in p for p in problems(**text(f"EUR{end}x")))


@pytest.mark.parametrize(
    "text",
    [
        "Two\nlines\tand\r\nmore",
        "نام می\u200cخواهم",
        "שם\u200f הספק",
        "👩\u200d🔬",
        "naïve — “quoted” … 中文 हिन्दी",
        "a\u00adb",
    ],
)
def test_what_people_write_is_taken(text):
    assert problems(instructions=text) == []


def test_many_unseen_characters_are_counted_and_named_once():
    assert text_problems("instructions", "\x00\x00\x00") == [
        "instructions: character 1 is the control character U+0000, which nobody can see but the model reads; "
        "delete it (3 such characters in all)."
    ]


def test_a_projects_own_texts_are_held_to_the_same():
    found = project_text_problems({"description": "a\x00"}, {"name": "a\nb", "domain": None, "language": ""})
    assert [problem.partition(":")[0] for problem in found] == ["description", "name"]
    assert line_problems("name", "a" * 301) == ["name: 301 characters are too many; write at most 300."]
