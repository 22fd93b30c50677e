"""The sample study as the tests see it: its labels, and the text of its documents read by other means than ours.

The readers are the plain libraries, not the project's parsers, so that the labels are checked independently.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pymupdf
import yaml
from bs4 import BeautifulSoup
from docx.table import Table
from python_calamine import CalamineWorkbook

from resources.project import Project, project_from_data

STUDY = Path(__file__).resolve().parents[2] / "samples" / "heat_pump_grants"
DOCUMENTS = STUDY / "documents"
LETTERS = pymupdf.TEXTFLAGS_TEXT & ~pymupdf.TEXT_PRESERVE_LIGATURES  # typeset ligatures read as their letters


@cache
def project() -> Project:
    return project_from_data(yaml.safe_load((STUDY / "project.yaml").read_text(encoding="utf-8")))


@cache
def gold() -> dict[str, dict[str, list[Any]]]:
    return {row["doc"]: row["gold"] for row in _rows("gold.jsonl")}


@cache
def words() -> dict[str, dict[str, list[str]]]:
    return {row["doc"]: row["words"] for row in _rows("words.jsonl")}


@cache
def text_of(name: str) -> str:
    """What a person reads in a document, white space collapsed to single spaces."""
    return " ".join(read_text(DOCUMENTS / name).split())


def read_text(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".pdf":
        with pymupdf.open("pdf", data) as document:
            return "\n".join(page.get_text(flags=LETTERS) for page in document)
    if path.suffix == ".docx":
        return _docx_text(path)
    if path.suffix == ".xlsx":
        return _xlsx_text(path)
    text = data.decode("utf-8")
    if path.suffix == ".html":
        soup = BeautifulSoup(text, "lxml")
        for element in soup(["script", "style"]):
            element.decompose()
        return soup.get_text()
    return text


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (STUDY / name).read_text(encoding="utf-8").splitlines()]


def _docx_text(path: Path) -> str:
    document = docx.Document(str(path))
    lines = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += [" ".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines)


def _xlsx_text(path: Path) -> str:
    book = CalamineWorkbook.from_path(str(path))
    lines = []
    for name in book.sheet_names:
        for row in book.get_sheet_by_name(name).to_python():
            lines.append(" ".join(_cell(cell) for cell in row))
    return "\n".join(lines)


def _cell(value: object) -> str:
    """A cell as text; 13400.0 reads 13400."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
