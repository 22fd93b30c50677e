"""Parquet: the typed table, with the codebook in the file's metadata."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

_ROW_GROUP = 65_536  # fixed, so that the bytes do not depend on the machine


def write_parquet(frame: pl.DataFrame, path: Path, metadata: Mapping[str, str]) -> None:
    """Write a table as Parquet (zstd); `metadata` is stored in the file, keys sorted."""
    frame.rechunk().write_parquet(
        path,
        compression="zstd",
        compression_level=3,
        statistics=True,
        row_group_size=_ROW_GROUP,
        metadata=dict(sorted(metadata.items())),
    )
