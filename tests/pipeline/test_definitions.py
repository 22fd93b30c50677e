"""What Dagster loads: complete, loadable, and told to a person."""

import dagster as dg

from crucible_assets.definitions import defs
from crucible_assets.partitions import BatchKey, ProjectKey, by_project, segments
from jobs.steps import Wish, steps_of
from resources.vocabulary import TaskKind


def test_definitions_can_be_loaded_by_a_code_server():
    dg.Definitions.validate_loadable(defs)


def test_the_lineage_is_the_design():
    graph = defs.resolve_asset_graph()
    upstream = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert upstream == {
        "documents": set(),
        "chunks": {"documents"},
        "embeddings": {"chunks"},
        "variables": set(),
        "feedback": set(),
        "refinements": {"variables", "feedback"},
        "prompts": {"variables", "refinements"},
        "samples": {"chunks", "prompts"},
        "extractions": {"chunks", "prompts"},
        "dataset": {"extractions", "samples"},
        "exports": {"dataset"},
        "calibration": {"dataset", "feedback"},
        "document_summaries": {"embeddings"},
        "project_summary": {"document_summaries"},
        "themes": {"embeddings"},
        "search_quality": {"embeddings"},
    }


def test_every_asset_says_what_it_is_who_owns_it_and_is_checked():
    graph = defs.resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name != "default", key
        assert key in checked or key.to_user_string() in {"variables", "feedback", "samples"}, key


def test_jobs_schedule_and_sensors_are_there():
    repository = defs.get_repository_def()
    assert {"ingest", "prepare", "sample", "full", "export", "refine", "calibrate"} <= {
        job.name for job in repository.get_all_jobs()
    }
    assert sorted(schedule.name for schedule in repository.schedule_defs) == ["refresh", "search_watch"]
    assert {sensor.name for sensor in repository.sensor_defs} == {
        "task_sensor",
        "inbox_sensor",
        "provider_batch_sensor",
        "housekeeping_sensor",
        "search_index_sensor",
    }


def test_a_run_covers_only_its_own_project_where_batches_are_interleaved():
    keys = ["t/a/0001", "t/b/0001", "t/a/0002", "t/a/0003", "t/b/0002"]
    assert segments(keys, ["t/a/0001", "t/a/0002", "t/a/0003"]) == [
        ("t/a/0001", "t/a/0001"),
        ("t/a/0002", "t/a/0003"),
    ]
    assert segments(keys, []) == []
    assert segments(keys, keys) == [("t/a/0001", "t/b/0002")]


def test_keys_are_read_as_they_are_written():
    assert BatchKey.parse(str(BatchKey("t", "p", 7))) == BatchKey("t", "p", 7)
    assert ProjectKey.parse("t/p") == ProjectKey("t", "p")
    assert list(by_project(["t/a/0001", "t/b/0001", "t/a/0002"])) == [ProjectKey("t", "a"), ProjectKey("t", "b")]


def test_a_full_task_reads_prepares_extracts_and_delivers():
    keys = ["t/a/0001", "t/b/0001", "t/a/0002"]
    steps = steps_of(TaskKind.FULL, ProjectKey("t", "a"), ["t/a/0001", "t/a/0002"], keys)
    assert [step.job for step in steps] == ["ingest", "ingest", "prepare", "full", "full", "export"]
    assert [step.job for step in steps_of(TaskKind.EXPORT, ProjectKey("t", "a"), [], keys)] == ["export"]
    refine = steps_of(TaskKind.REFINE, ProjectKey("t", "a"), [], keys)
    assert [step.job for step in refine] == ["prepare", "refine", "prepare"]
    wish = Wish(
        sample=3, models=("a:b",), formats=("xlsx",), export_options={"bom": True}, force=True, variables=("x", "y")
    )
    assert Wish.from_json(wish.as_json()) == wish
