"""Check of the exports: every file is in the blob store with the bytes it was made with."""

import hashlib

import dagster as dg

from crucible_assets.exports.asset import exports
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from resources.database.repositories.datasets import latest_version, list_exports
from resources.installation import Installation


@dg.asset_check(
    asset=exports,
    partitions_def=projects,
    description="Each file of the newest dataset version can be fetched and is unchanged.",
)
def files_are_stored(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Read every file back and compare its hash."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        version = latest_version(session, key.project)
        files = [row for row in list_exports(session, key.project) if row.dataset_version == version]
    broken = []
    for row in files:
        try:
            if hashlib.sha256(installation.files.get(row.blob)).hexdigest() != row.sha256:
                broken.append({"file": row.name, "problem": "its bytes changed"})
        except FileNotFoundError:
            broken.append({"file": row.name, "problem": "it is gone"})
    return dg.AssetCheckResult(
        passed=bool(files) and not broken,
        metadata={"files": len(files), "problems": table(broken, ["file", "problem"])},
    )
