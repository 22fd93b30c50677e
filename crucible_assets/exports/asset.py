"""The asset `exports`: files made from a dataset, kept in the blob store."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg

from crucible_assets.datasets.asset import covers_whole_corpus, dataset
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.load import load_dataset
from crucible_assets.exports.formats import ExportFormat, write
from crucible_assets.learning.load import load_calibration
from crucible_assets.learning.scoring import figures_of
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import require_project
from resources.database.repositories.datasets import latest_version, save_export
from resources.installation import Installation
from resources.observe.runs import observed

DEFAULT_FORMATS = tuple(ExportFormat)


@dg.asset(
    partitions_def=projects,
    deps=[dataset],
    group_name="dataset",
    kinds={"csv", "excel", "parquet"},
    owners=["team:research"],
    description="CSV (wide and long), Excel, Parquet, JSON lines and the codebook; "
    "the same dataset gives the same bytes.",
)
@observed
def exports(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Write the files and store them under their content."""
    key = ProjectKey.parse(context.partition_key)
    tags = context.run.tags
    formats = [ExportFormat(name) for name in tags.get("crucible/formats", "").split(",") if name] or DEFAULT_FORMATS
    chosen: dict[str, Any] = json.loads(tags.get("crucible/export_options", "{}"))
    written = []
    with installation.database.transaction(key.tenant) as session, tempfile.TemporaryDirectory() as folder:
        project = require_project(session, key)
        data, _ = load_dataset(session, project, whole_corpus=covers_whole_corpus(context))
        data = replace(data, calibration=figures_of(load_calibration(session, project.id)))
        version = latest_version(session, project.id)
        if version is None:
            raise dg.Failure("There is no dataset yet: materialise `dataset` of this project first.")
        for file in write(data, formats, ExportOptions(**chosen), Path(folder)):
            blob = installation.files.put(key.tenant, file.path.read_bytes())
            save_export(
                session, project.id, version,
                format=file.format.value, name=file.path.name, blob=blob, size_bytes=file.bytes,
                sha256=file.sha256, options=chosen,
            )  # fmt: skip
            written.append(
                {
                    "file": file.path.name,
                    "format": file.format.value,
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "blob": blob,
                    "notes": "; ".join(file.notes),
                }
            )
    return dg.MaterializeResult(
        metadata={
            "files": table(written, ["file", "format", "bytes", "sha256", "blob", "notes"]),
            "dataset version": version,
            "list": dg.MetadataValue.json(written),
        }
    )
