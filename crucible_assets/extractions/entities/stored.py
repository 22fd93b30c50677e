"""What a search found in the form of the database's rows."""

from typing import Any

from crucible_assets.extractions.cell import Evidence
from crucible_assets.extractions.entities.mention import Decision, Entity, Found, Mention
from crucible_assets.extractions.plan import Source
from crucible_assets.extractions.stored import evidence_row


def search_row(found: Found, fingerprint: str) -> dict[str, Any]:
    """The record of a search, for `entity_searches`."""
    return {
        "found": len(found.entities),
        "expected": found.expected,
        "warnings": list(found.warnings),
        "failure": found.failure,
        "call_keys": list(found.keys),
        "fingerprint": fingerprint,
    }


def entity_rows(found: Found, source: Source) -> list[dict[str, Any]]:
    """The entities, for `entities`."""
    return [_entity(entity, position, source) for position, entity in enumerate(found.entities, 1)]


def _entity(entity: Entity, position: int, source: Source) -> dict[str, Any]:
    return {
        "row_key": entity.row_key,
        "position": position,
        "name": entity.name,
        "other_names": list(entity.other_names),
        "status": entity.status.value,
        "evidence": [_mention(mention, source) for mention in entity.mentions],
        "call_keys": list(dict.fromkeys(m.call_key for m in entity.mentions if m.call_key)),
    }


def _mention(mention: Mention, source: Source) -> dict[str, Any]:
    placed = mention.placement
    evidence = Evidence(mention.quote, placed.start, placed.end, placed.status, placed.score)
    return {"name": mention.name} | evidence_row(evidence, source)


def resolution_rows(found: Found) -> list[dict[str, Any]]:
    """The decisions about pairs of mentions, for `resolutions`."""
    return [_decision(decision) for decision in found.decisions]


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "left_mention": decision.left,
        "right_mention": decision.right,
        "left_name": decision.left_name,
        "right_name": decision.right_name,
        "same": decision.same,
        "method": decision.method.value,
        "score": decision.score,
        "reason": decision.reason,
        "call_key": decision.call_key,
    }
