"""CSV: RFC 4180 (comma, CRLF, quotes where needed), UTF-8, no formulas.

A missing value is an empty field; an empty text is `""`. Whole numbers are written without a decimal point.
"""

from pathlib import Path

import polars as pl

from crucible_assets.datasets.values import LARGEST_EXACT_INTEGER
from crucible_assets.exports.formulas import guarded


def write_csv(frame: pl.DataFrame, path: Path, *, bom: bool = False) -> None:
    """Write a table as CSV; `bom` puts a UTF-8 byte order mark first, which some programs need."""
    guarded(_whole_numbers(frame)).write_csv(
        path, include_bom=bom, line_terminator="\r\n", quote_style="necessary", float_scientific=False
    )


def _whole_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn columns of floats that are all whole into integers, so that a year is 2019 and not 2019.0."""
    floats = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    whole = [
        name
        for name in floats
        if ((column := frame[name].drop_nulls()) == column.round()).all()
        and (column.abs() <= LARGEST_EXACT_INTEGER).all()
    ]
    return frame.with_columns(pl.col(name).cast(pl.Int64) for name in whole)
