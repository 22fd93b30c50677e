"""The jobs. Each covers one kind of partition: batches (`ingest`, `full`) or projects (the others)."""

import dagster as dg

from crucible_assets.partitions import batches, projects
from jobs.ask import ask
from jobs.provider_batches import provider_batches
from jobs.search_index import search_index
from jobs.search_quality import measure_search

RETRIED = {"dagster/max_retries": "2", "dagster/retry_strategy": "FROM_FAILURE"}

ingest = dg.define_asset_job(
    "ingest",
    selection=["documents", "chunks", "embeddings"],
    partitions_def=batches,
    tags=RETRIED,
    description="Read new and stale documents of some batches, cut them, embed them.",
)
prepare = dg.define_asset_job(
    "prepare",
    selection=["prompts"],
    partitions_def=projects,
    tags=RETRIED,
    description="Generate the prompts of a project and activate what changed.",
)
sample = dg.define_asset_job(
    "sample",
    selection=["samples"],
    partitions_def=projects,
    tags=RETRIED,
    description="Extract a few documents of a project.",
)
full = dg.define_asset_job(
    "full",
    selection=["extractions"],
    partitions_def=batches,
    tags=RETRIED,
    description="Extract every document of some batches.",
)
export = dg.define_asset_job(
    "export",
    selection=["dataset", "exports"],
    partitions_def=projects,
    tags=RETRIED,
    description="Assemble the dataset of a project, check it, and write its files.",
)

refine = dg.define_asset_job(
    "refine",
    selection=["refinements", "calibration"],
    partitions_def=projects,
    tags=RETRIED,
    description="Learn from verdicts and gold: instructions where they measure as well, confidence to believe.",
)
calibrate = dg.define_asset_job(
    "calibrate",
    selection=["calibration"],
    partitions_def=projects,
    tags=RETRIED,
    description="Calibrate the confidence of a project's variables on verdicts and gold; no model is asked.",
)

summarise = dg.define_asset_job(
    "summarise",
    selection=["document_summaries"],
    partitions_def=batches,
    tags=RETRIED,
    description="Sum up the documents of some batches in cited facts.",
)
summarise_project = dg.define_asset_job(
    "summarise_project",
    selection=["project_summary"],
    partitions_def=projects,
    tags=RETRIED,
    description="Sum up what the documents of a project say together.",
)
extract_themes = dg.define_asset_job(
    "extract_themes",
    selection=["themes"],
    partitions_def=projects,
    tags=RETRIED,
    description="Find what the passages of a project are about, and which of it no variable reads yet.",
)

ALL_JOBS = (
    ingest,
    prepare,
    sample,
    full,
    export,
    refine,
    calibrate,
    provider_batches,
    search_index,
    measure_search,
    summarise,
    summarise_project,
    extract_themes,
    ask,
)
