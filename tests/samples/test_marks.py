"""Marks in sources: what they give, and which mistakes are refused."""

from pathlib import Path

import make
import pytest
from generator.marks import Source, SourceError, read_labels, read_source
from hypothesis import given
from hypothesis import strategies as st

from tests.samples.reading import STUDY

TYPES = {"place": "LOCATION", "cost": "NUMBER", "listed": "BOOLEAN", "firms": "TEXT", "house": "JSON"}


def source_of(text: str, absent: tuple[str, ...] = (), suffix: str = ".txt") -> Source:
    return Source(Path(f"case{suffix}"), {"file": "case.txt", "absent": absent}, text)


def test_marked_words_stay_in_the_text_and_give_typed_values() -> None:
    source = source_of(
        "In [[place|Toberduff]], [[listed=false|not listed]], for [[cost=12.5|12,50 €]] "
        "by [[firms|A Ltd]] and [[firms|B Ltd]], [[house.year_built=1911|of 1911]], [[house.floor_area_m2=78|78 m²]]."
    )
    labels = read_labels(source, TYPES)
    assert source.text == "In Toberduff, not listed, for 12,50 € by A Ltd and B Ltd, of 1911, 78 m²."
    assert labels.values == {
        "place": ["Toberduff"],
        "cost": [12.5],
        "listed": [False],
        "firms": ["A Ltd", "B Ltd"],
        "house": [{"year_built": 1911, "floor_area_m2": 78}],
    }
    assert labels.words["cost"] == ["12,50 €"]


def test_a_value_marked_twice_is_one_value_with_two_places() -> None:
    labels = read_labels(source_of("[[place|Carrowbeg]] … [[place|Carrowbeg]]"), {"place": "LOCATION"})
    assert labels.values["place"] == ["Carrowbeg"]
    assert labels.words["place"] == ["Carrowbeg", "Carrowbeg"]


@pytest.mark.parametrize(
    ("text", "absent", "said"),
    [
        ("[[colour|red]]", ("place",), "unknown variable 'colour'"),
        ("no mark", (), "neither marked nor absent"),
        ("[[place|Here]]", ("place",), "marked and absent at once"),
        ("[[place|Here]] or [[place|There]]", (), "several values"),
        ("[[place|Here]]", ("weight",), "unknown in 'absent'"),
    ],
)
def test_a_mistake_in_the_marks_is_refused_with_the_source_named(
    text: str, absent: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SourceError, match=r"case\.txt") as caught:
        read_labels(source_of(text, absent), {"place": "LOCATION"})
    assert said in str(caught.value)


def test_a_source_without_front_matter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loose.txt"
    path.write_text("just text")
    with pytest.raises(SourceError, match="front matter"):
        read_source(path)


def test_two_sources_of_one_document_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "sources" / name).write_text("---\nfile: same.txt\n---\ntext")
    monkeypatch.setattr(make, "HERE", tmp_path)
    with pytest.raises(SourceError, match=r"same\.txt"):
        make.sources()


def test_every_source_of_the_study_becomes_a_document() -> None:
    assert len(make.sources()) == len(list((STUDY / "sources").iterdir()))


plain = st.text(st.characters(blacklist_characters="[]|=", blacklist_categories=["Cs"]), max_size=30)


@given(before=plain, words=plain.filter(str.strip), after=plain)
def test_taking_marks_off_changes_nothing_else(before: str, words: str, after: str) -> None:
    source = source_of(f"{before}[[place|{words}]]{after}")
    assert source.text == before + words + after
    assert read_labels(source, {"place": "LOCATION"}).values == {"place": [" ".join(words.split())]}
