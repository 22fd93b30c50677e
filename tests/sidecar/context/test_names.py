"""Names of files: data, never paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.context.names import LONGEST, UnsafeNameError, display_name, entry_name, is_passed_over


@given(st.text())
def test_a_name_is_one_visible_bounded_part(raw):
    name = display_name(raw)
    assert 0 < len(name) <= LONGEST
    assert not set("/\\\x00\n\r\u202e") & set(name)
    assert name.strip(" .")
    assert name.encode()
    assert display_name(name) == name


@given(st.text())
def test_a_name_in_an_archive_leads_nowhere_else(raw):
    try:
        name = entry_name(raw)
    except UnsafeNameError:
        return
    assert not name.startswith("/")
    assert ".." not in name.split("/")
    assert 0 < len(name) <= LONGEST


@pytest.mark.parametrize("raw", ["../a", "a/../../b", "/a", "\\\\host\\a", "C:\\a", "c:a", "a\\..\\b"])
def test_a_name_that_leads_out_is_unsafe(raw):
    with pytest.raises(UnsafeNameError):
        entry_name(raw)


def test_control_characters_become_spaces():
    assert display_name("a\x07b\r\nc\x00.txt") == "a b c .txt"


@pytest.mark.parametrize(
    ("raw", "passed"),
    [("__MACOSX/._a.pdf", True), (".DS_Store", True), ("a/.git/x", True), ("~$a.docx", True), ("a/b.pdf", False)],
)
def test_what_systems_put_there_is_passed_over(raw, passed):
    assert is_passed_over(raw) is passed
