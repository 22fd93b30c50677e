"""Listing the documents of a folder: nothing is dropped in silence, nothing outside the folder is read."""

import hashlib
from pathlib import Path

import pytest

from crucible_assets.documents.inbox import list_files, media_type, sha256, sha256_of_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in ("b.txt", "a.pdf", "sub/c.md", ".secret", ".hidden/d.txt", "~$a.docx", ".~lock.b.odt#"):
        (root / name).write_text(name)
    (tmp_path / "outside.txt").write_text("not yours")
    return root


def test_a_folder_is_listed_in_order_without_hidden_and_lock_files(folder: Path) -> None:
    found = list_files(folder)
    assert [file.name for file in found.files] == ["a.pdf", "b.txt", "sub/c.md"]
    assert found.files[0].size == len("a.pdf")
    assert found.problems == ()


def test_a_glob_selects(folder: Path) -> None:
    assert [file.name for file in list_files(f"{folder}/**/*.md").files] == ["sub/c.md"]


def test_a_single_file_is_a_listing_of_one(folder: Path) -> None:
    assert [file.name for file in list_files(folder / "b.txt").files] == ["b.txt"]


def test_a_name_with_brackets_is_no_glob(folder: Path) -> None:
    (folder / "x[1].txt").write_text("x")
    assert [file.name for file in list_files(folder / "x[1].txt").files] == ["x[1].txt"]


def test_links_are_followed_inside_the_folder_and_reported_otherwise(folder: Path, tmp_path: Path) -> None:
    (folder / "inside.txt").symlink_to(folder / "b.txt")
    (folder / "outside.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "broken.txt").symlink_to(folder / "gone.txt")
    (folder / "above").symlink_to(tmp_path)
    found = list_files(folder)
    assert "inside.txt" in [file.name for file in found.files]
    assert [problem.name for problem in found.problems] == ["above", "broken.txt", "outside.txt"]
    assert all(len(problem.reason) > 10 for problem in found.problems)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list_files(tmp_path / "nowhere")


def test_the_identity_is_the_hash_of_the_bytes(folder: Path) -> None:
    data = (folder / "b.txt").read_bytes()
    assert sha256(data) == sha256_of_file(folder / "b.txt") == hashlib.sha256(data).hexdigest()


def test_media_types_by_name() -> None:
    assert media_type("A.PDF") == "application/pdf"
    assert media_type("noise.bin") == "application/octet-stream"
