"""The check of `search_quality`: search finds as well as last time."""

from typing import Any

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import projects
from crucible_assets.search_quality.asking import LEGS, Places, compared
from crucible_assets.search_quality.asset import PLACES, STATE, search_quality
from resources.search.measures import Comparison

SIGNIFICANT = 0.05
_COLUMNS = ["leg", "questions", "MRR", "better", "worse", "p"]


@dg.asset_check(
    asset=search_quality,
    partitions_def=projects,
    description="On the questions that were asked last time too, search finds not significantly worse (paired "
    "randomisation test). More documents make the same question harder, so that a warning is a reason to look.",
)
def search_has_not_worsened(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Compare the last two materialisations of the project."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=search_quality.key, asset_partitions=[context.partition_key]), limit=2
    ).records
    told = [record.asset_materialization.metadata for record in records if record.asset_materialization]
    if len(told) < 2:
        return _result(True, {"said": "measured for the first time"})
    now, before = (_places(metadata) for metadata in told)
    found = {leg: compared(now, before, leg) for leg in LEGS}
    fused = found["fused"]
    if fused is None:
        return _result(True, {"said": "none of the questions was asked before"})
    return _result(
        not worsened(fused),
        {
            "compared": table([_row(leg, one) for leg, one in found.items() if one is not None], _COLUMNS),
            "passages now": _text(told[0]),
            "passages before": _text(told[1]),
        },
    )


def worsened(found: Comparison) -> bool:
    """Whether search is worse, and hardly by chance."""
    return found.difference < 0 and found.p < SIGNIFICANT


def _places(metadata: Any) -> Places:
    value = metadata[PLACES].value
    return value if isinstance(value, dict) else {}


def _text(metadata: Any) -> str:
    return str(metadata[STATE].value)


def _row(leg: str, found: Comparison) -> dict[str, str]:
    return {
        "leg": leg,
        "questions": str(found.queries),
        "MRR": f"{found.difference:+.4f}",
        "better": str(found.better),
        "worse": str(found.worse),
        "p": f"{found.p:.2g}",
    }


def _result(passed: bool, metadata: dict[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)
