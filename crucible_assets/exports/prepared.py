"""A dataset laid out once for all formats: each format writes the same columns and figures."""

from dataclasses import dataclass

import polars as pl

from crucible_assets.datasets.columns import Column, ExportOptions, layout
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.long import long_of
from crucible_assets.datasets.quality import VariableQuality, quality_of
from crucible_assets.datasets.reconcile import Reconciliation, reconcile
from crucible_assets.datasets.table import Table, arrange
from crucible_assets.datasets.wide import fill

VERDICT_COLUMNS = ("verdict", "corrected_value", "note")
"""What a person fills; `crucible feedback` reads it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the writers share."""

    dataset: Dataset
    options: ExportOptions
    table: Table
    columns: tuple[Column, ...]
    wide: pl.DataFrame
    long: pl.DataFrame
    figures: tuple[VariableQuality, ...]
    account: Reconciliation

    @property
    def judged_long(self) -> pl.DataFrame:
        """The long table, with empty columns for a person's verdicts where they are wanted."""
        if not self.options.verdicts:
            return self.long
        return self.long.with_columns(pl.lit(None, dtype=pl.String()).alias(name) for name in VERDICT_COLUMNS)


def prepare(dataset: Dataset, options: ExportOptions) -> Prepared:
    """Lay a dataset out. Raises the errors of `arrange` and `layout`."""
    spec = dataset.spec
    table = arrange(spec, dataset.rows, dataset.cells)
    columns = layout(spec, table, options)
    return Prepared(
        dataset=dataset,
        options=options,
        table=table,
        columns=columns,
        wide=fill(table, columns),
        long=long_of(spec, table),
        figures=quality_of(spec, table),
        account=reconcile(table.rows, spec.variables, dataset.cells),
    )
