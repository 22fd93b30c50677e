"""What a text is beyond doubt, and that the classifier is asked about everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.documents import filetype
from crucible_assets.documents.charset import plausibility
from crucible_assets.documents.filetype import Format, detect
from crucible_assets.documents.prose import LONGEST, is_bare, is_prose
from tests.documents import make

PROSE = make.LOREM * 3
TABLE = "name,price,town\nmill,12,Ayr\nbarn,7,Oban\n" * 20
ROWS = "A long enough name of a mill,a long enough name of its town\n" * 12
DOUBTFUL = {
    "a control character": PROSE + "\x07",
    "NUL": PROSE.replace(" ", "\x00 "),
    "a turn of the writing": PROSE + "\u202egnp.exe",
    "an escape": PROSE + "\x1b$B",
    "a tag": PROSE + "<script>alert(1)</script>",
    "a declaration": "<!DOCTYPE html>" + PROSE,
    "a table": TABLE,
    "long rows": ROWS,
    "columns by tab": PROSE + "\n" + "a\tb\tc\n" * 9,
    "columns by bar": PROSE + "\n| a | b |\n|---|---|\n",
    "a heading": "# Title\n\n" + PROSE,
    "a heading underlined": "Title\n=====\n\n" + PROSE,
    "a list": PROSE + "\n- one\n- two\n",
    "JSON": '{"a": "' + PROSE + '"}',
    "short lines": "mill\nbarn\nbridge\n" * 30,
    "too little": "Some words.",
    "too much": PROSE * (LONGEST // len(PROSE) + 1),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the classifier was asked about; it then calls everything a web page."""
    seen: list[bytes] = []

    def classified(data: bytes) -> tuple[str, float]:
        seen.append(data)
        return "html", 0.99

    monkeypatch.setattr(filetype, "_classified", classified)
    return seen


@pytest.mark.parametrize("text", [PROSE, PROSE + "\n\nfield_0: clause 17\n\n" + PROSE, "Größe und Maß. " * 20])
def test_running_text_under_its_own_name_needs_no_second_opinion(asked: list[bytes], text: str) -> None:
    assert detect(text.encode(), "a.txt").format is Format.TEXT
    assert asked == []


@pytest.mark.parametrize("name", ["a", "a.py", "a.html", "a.json", "a.pdf"])
def test_under_another_name_it_does(asked: list[bytes], name: str) -> None:
    assert detect(PROSE.encode(), name).format is Format.HTML
    assert len(asked) == 1


@pytest.mark.parametrize("what", sorted(DOUBTFUL))
def test_what_bears_a_mark_of_something_else_is_no_prose(what: str) -> None:
    assert not is_prose(DOUBTFUL[what].encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_other_encodings_are_no_clean_prose(encoding: str) -> None:
    assert not is_prose(("Größe und Maß. " * 20).encode(encoding))


@pytest.mark.parametrize(
    ("text", "name", "kind"), [(TABLE, "a.csv", Format.CSV), ("# Title\n\n- one\n" + PROSE, "a.md", Format.MARKDOWN)]
)
def test_tables_and_markdown_go_by_their_names_when_they_can_be_nothing_structured(
    asked: list[bytes], text: str, name: str, kind: Format
) -> None:
    assert is_bare(text.encode())
    assert detect(text.encode(), name).format is kind
    assert asked == []


@pytest.mark.parametrize("text", ["<p>one</p>", '{"a": 1}', '[{"a": 1}]', 'note: [{"a": 1}]', "a\x01b", ""])
def test_what_may_be_markup_or_json_is_not_bare(text: str) -> None:
    assert not is_bare(text.encode())


def test_prose_that_the_classifier_takes_for_a_table_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filetype, "_classified", lambda data: ("csv", 0.95))
    assert detect(PROSE.encode(), "a.txt").format is Format.TEXT
    assert detect(TABLE.encode(), "a.txt").format is Format.CSV


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    if is_prose(data):
        assert is_bare(data) or data.decode().strip()[0] == "["
        assert "\x00" not in data.decode()


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("", 0.0),
        ("All of it is good.", 1.0),
        ("Größe", 1.0),
        ("a_b", (1 + 0.2 + 1) / 3),
        ("a\x00", (1 - 4) / 2),
        ("a\r", 0.0),
        ("aж", (1 - 1) / 2),  # the script changes inside a word
        ("жa", (1 - 1) / 2),
        ("жaж", (1 - 1 - 1) / 3),
        ("ж a", 1.0),
        ("ж_a", (1 + 0.2 + 1) / 3),
        ("日本語とかな", 1.0),
        ("e\u0301a", 1.0),
        ("a\ue000", (1 - 4) / 2),
    ],
)
def test_plausibility_counts_for_and_against(text: str, score: float) -> None:
    assert plausibility(text) == pytest.approx(score)


@given(st.text(max_size=40), st.text(max_size=40))
def test_plausibility_of_texts_apart_is_their_mean(one: str, other: str) -> None:
    both = plausibility(f"{one} {other}") * (len(one) + 1 + len(other))
    assert both == pytest.approx(plausibility(one) * len(one) + 1 + plausibility(other) * len(other))
