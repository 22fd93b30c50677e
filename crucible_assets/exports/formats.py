"""The formats a dataset can be written in, and writing them all at once."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.values import canonical_json
from crucible_assets.exports.codebook import Codebook, codebook
from crucible_assets.exports.codebook_json import as_json, codebook_json
from crucible_assets.exports.codebook_markdown import codebook_markdown
from crucible_assets.exports.csv_files import write_csv
from crucible_assets.exports.json_lines import write_json_lines
from crucible_assets.exports.parquet import write_parquet
from crucible_assets.exports.prepared import Prepared, prepare
from crucible_assets.exports.xlsx import write_xlsx


class ExportFormat(StrEnum):
    """A kind of file that a dataset can be written as."""

    CSV_WIDE = "csv-wide"
    CSV_LONG = "csv-long"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSON = "json"
    CODEBOOK = "codebook"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that was written; `notes` say what the format could not hold whole."""

    format: ExportFormat
    path: Path
    bytes: int
    sha256: str
    notes: tuple[str, ...] = ()


Notes = tuple[str, ...]
Writer = Callable[[Prepared, Codebook, Path], Notes]


def write(
    dataset: Dataset, formats: Sequence[ExportFormat], options: ExportOptions, out: Path
) -> tuple[ExportFile, ...]:
    """Write the dataset in these formats into the folder `out`, which is made when it is not there.

    Files are named after the project. They are written beside the final place and renamed when all are done, so
    nobody sees half a file, and after an error none of them is there anew. The same dataset and options give the
    same bytes. Raises the errors of `prepare` and TooLargeForFormatError.
    """
    prepared = prepare(dataset, options)
    book = codebook(prepared)
    slug = slug_of(dataset.spec.project_name)
    out.mkdir(parents=True, exist_ok=True)
    with _folder_beside(out) as made:
        files = [
            _written(format_, made / f"{slug}{suffix}", writer, prepared, book)
            for format_ in dict.fromkeys(formats)
            for suffix, writer in _WRITERS[format_]
        ]
        return tuple(_moved(file, out) for file in files)


def slug_of(name: str) -> str:
    """Give a file name of a-z, 0-9 and '-' (60 characters at most) for a project name.

    A name that has no such letters gives `dataset-` and eight digits of its SHA-256, so two projects differ.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
    reserved = re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", slug)  # no file names on Windows
    if slug and not reserved:
        return slug
    return f"dataset-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextlib.contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix=".crucible-export-", dir=out))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _written(format_: ExportFormat, path: Path, writer: Writer, prepared: Prepared, book: Codebook) -> ExportFile:
    notes = writer(prepared, book, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return ExportFile(format_, path, path.stat().st_size, digest, notes)


def _moved(file: ExportFile, out: Path) -> ExportFile:
    target = file.path.replace(out / file.path.name)
    return ExportFile(file.format, target, file.bytes, file.sha256, file.notes)


def _csv_wide(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    write_csv(prepared.wide, path, bom=prepared.options.bom)
    return ()


def _csv_long(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    write_csv(prepared.judged_long, path, bom=prepared.options.bom)
    return ()


def _parquet_wide(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    write_parquet(prepared.wide, path, {"crucible.codebook": canonical_json(as_json(book))})
    return ()


def _parquet_long(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    write_parquet(prepared.long, path, {"crucible.codebook": canonical_json(as_json(book))})
    return ()


def _json(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    write_json_lines(prepared.dataset.spec, prepared.table, path)
    return ()


def _markdown(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    path.write_text(codebook_markdown(book), encoding="utf-8", newline="\n")
    return ()


def _codebook_json(prepared: Prepared, book: Codebook, path: Path) -> Notes:
    path.write_text(codebook_json(book), encoding="utf-8", newline="\n")
    return ()


_WRITERS: dict[ExportFormat, tuple[tuple[str, Writer], ...]] = {
    ExportFormat.CSV_WIDE: (("-wide.csv", _csv_wide),),
    ExportFormat.CSV_LONG: (("-long.csv", _csv_long),),
    ExportFormat.XLSX: ((".xlsx", write_xlsx),),
    ExportFormat.PARQUET: (("-wide.parquet", _parquet_wide), ("-long.parquet", _parquet_long)),
    ExportFormat.JSON: ((".jsonl", _json),),
    ExportFormat.CODEBOOK: (("-codebook.md", _markdown), ("-codebook.json", _codebook_json)),
}
