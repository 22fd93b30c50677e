"""What the sample study is made of, and that it is made again from its sources without a difference."""

from collections import Counter
from pathlib import Path

import make
import pymupdf
import pytest

from tests.samples.reading import DOCUMENTS, STUDY, gold, read_text, text_of

NAMES = sorted(path.name for path in DOCUMENTS.iterdir())


def test_the_study_has_documents_of_every_format() -> None:
    formats = Counter(Path(name).suffix for name in NAMES)
    least = {".pdf": 8, ".docx": 5, ".html": 4, ".xlsx": 2, ".csv": 1, ".json": 1, ".xml": 1}
    assert {suffix: formats[suffix] for suffix in least if formats[suffix] < least[suffix]} == {}
    assert formats[".txt"] + formats[".md"] >= 3
    assert len(NAMES) >= 22


def test_every_document_is_labelled_and_every_label_has_its_document() -> None:
    assert sorted(gold()) == NAMES


def test_the_study_is_small() -> None:
    assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) < 3_000_000


def test_one_document_is_long_enough_to_be_cut_into_chunks() -> None:
    assert max(len(text_of(name).split()) for name in NAMES) > 5_000


def test_pdfs_have_one_to_eight_pages_with_numbers_and_one_has_at_least_six() -> None:
    pages = {}
    for name in NAMES:
        if name.endswith(".pdf"):
            with pymupdf.open(DOCUMENTS / name) as document:
                pages[name] = document.page_count
                assert all(str(page.number + 1) in page.get_text() for page in document)
    assert max(pages.values()) >= 6
    assert set(pages.values()) <= set(range(1, 9))


def test_no_mark_is_left_in_a_document() -> None:
    assert [name for name in NAMES if "[[" in text_of(name) or "]]" in text_of(name)] == []


def test_labels_are_made_again_from_the_sources_as_committed() -> None:
    types = make.variable_types()
    lines = make.label_lines([(source, make.read_labels(source, types)) for source in make.sources()])
    assert lines[0] == (STUDY / "gold.jsonl").read_text(encoding="utf-8")
    assert lines[1] == (STUDY / "words.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", make.sources(), ids=lambda source: source.file_name)
def test_a_document_made_again_reads_the_same(source: make.Source, tmp_path: Path) -> None:
    made = tmp_path / source.file_name
    made.write_bytes(make.render(source))
    assert " ".join(read_text(made).split()) == text_of(source.file_name)


@pytest.mark.parametrize("source", make.sources(), ids=lambda source: source.file_name)
def test_making_a_document_twice_gives_the_same_bytes(source: make.Source) -> None:
    assert make.render(source) == make.render(source)
