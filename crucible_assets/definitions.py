"""All that Dagster loads, on one screen. The only file of this package that knows jobs and sensors."""

import dagster as dg

from crucible_assets.chunks.asset import chunks
from crucible_assets.chunks.checks import chunks_cover_the_text
from crucible_assets.datasets.asset import dataset
from crucible_assets.datasets.checks import cells_add_up, rows_are_complete, values_keep_the_rules
from crucible_assets.documents.asset import documents
from crucible_assets.documents.checks import documents_are_readable
from crucible_assets.embeddings.asset import embeddings
from crucible_assets.embeddings.checks import every_passage_has_a_vector
from crucible_assets.exports.asset import exports
from crucible_assets.exports.checks import files_are_stored
from crucible_assets.extractions.asset import extractions, samples
from crucible_assets.extractions.checks import every_cell_has_a_state
from crucible_assets.insights.asset import document_summaries, project_summary, themes
from crucible_assets.insights.checks import (
    documents_are_summed_up,
    facts_are_cited,
    summary_is_cited,
    themes_have_passages,
)
from crucible_assets.learning.asset import calibration, feedback, refinements
from crucible_assets.learning.checks import calibration_does_no_harm, refinements_are_asked
from crucible_assets.prompts.asset import prompts, variables
from crucible_assets.prompts.checks import one_active_prompt_each
from crucible_assets.search_quality.asset import search_quality
from crucible_assets.search_quality.checks import search_has_not_worsened
from jobs.jobs import ALL_JOBS
from jobs.schedules import refresh
from jobs.search_quality import search_watch
from resources.installation import Installation
from resources.settings import load_settings
from sensors.housekeeping import housekeeping_sensor
from sensors.inbox import inbox_sensor
from sensors.provider_batches import provider_batch_sensor
from sensors.search_index import search_index_sensor
from sensors.tasks import task_sensor

defs = dg.Definitions(
    assets=[
        *(documents, chunks, embeddings),
        *(variables, feedback, refinements, prompts),
        *(samples, extractions),
        *(dataset, exports, calibration),
        search_quality,
        *(document_summaries, project_summary, themes),
    ],
    asset_checks=[
        documents_are_readable,
        chunks_cover_the_text,
        every_passage_has_a_vector,
        one_active_prompt_each,
        every_cell_has_a_state,
        cells_add_up,
        rows_are_complete,
        values_keep_the_rules,
        files_are_stored,
        refinements_are_asked,
        calibration_does_no_harm,
        search_has_not_worsened,
        facts_are_cited,
        documents_are_summed_up,
        summary_is_cited,
        themes_have_passages,
    ],
    jobs=ALL_JOBS,
    schedules=[refresh, search_watch],
    sensors=[task_sensor, inbox_sensor, provider_batch_sensor, housekeeping_sensor, search_index_sensor],
    executor=dg.in_process_executor,  # a run is one process: its schedule already uses what the machine has
    resources={"installation": Installation(load_settings())},
)
