"""Which documents of a project may answer a search, as a part of its statement."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents may answer; empty tuples and None do not narrow."""

    current: bool = True  # only newest versions
    documents: tuple[UUID, ...] = ()
    languages: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    dated_from: date | None = None
    dated_to: date | None = None
    metadata: dict[str, Any] = field(default_factory=dict)  # each of these pairs stands in the document's own
    entity: str | None = None  # the key of an entity that the document tells of


ALL = Filters()
"""Every document that is current."""


@dataclass(frozen=True, slots=True)
class Eligible:
    """The documents that may answer: a common table expression, with its values, and a condition that reads it.

    Where nothing narrows, the few former versions of documents are left out, instead of all others being let in.
    """

    expression: str
    values: dict[str, Any]
    narrowed: bool  # by more than being current

    def holds(self, column: str) -> str:
        """That the document whose id is in this column may answer."""
        return (
            f"{column} IN (SELECT id FROM eligible)" if self.narrowed else f"{column} NOT IN (SELECT id FROM former)"
        )


_FORMER = """
former AS MATERIALIZED (
    SELECT d.id FROM documents d WHERE d.project_id = :project AND NOT d.current AND :current
)"""
_NARROWED = """
eligible AS MATERIALIZED (
    SELECT d.id FROM documents d
    WHERE d.project_id = :project AND (d.current OR NOT :current) AND {conditions}
)"""


def eligible(project_id: str, filters: Filters) -> Eligible:
    """The documents of a project that the filters let through."""
    conditions, values = _conditions(filters)
    values |= {"project": project_id, "current": filters.current}
    if not conditions:
        return Eligible(_FORMER, values, narrowed=False)
    return Eligible(_NARROWED.format(conditions=" AND ".join(conditions)), values, narrowed=True)


def _conditions(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    """The conditions on documents `d` beside being current, and their values."""
    conditions, values = list[str](), dict[str, Any]()
    for name, column, wanted in (
        ("documents", "d.id", list(filters.documents)),
        ("languages", "d.language", list(filters.languages)),
        ("media_types", "d.media_type", list(filters.media_types)),
    ):
        if wanted:
            conditions.append(f"{column} = ANY(:{name})")
            values[name] = wanted
    if filters.dated_from is not None:
        # a year or a month alone counts as a whole
        conditions.append("d.dated >= left(:dated_from, length(d.dated))")
        values["dated_from"] = filters.dated_from.isoformat()
    if filters.dated_to is not None:
        conditions.append("left(d.dated, 10) <= :dated_to")
        values["dated_to"] = filters.dated_to.isoformat()
    if filters.metadata:
        conditions.append("d.metadata @> CAST(:metadata AS jsonb)")
        values["metadata"] = json.dumps(filters.metadata)
    if filters.entity is not None:
        conditions.append(
            "EXISTS (SELECT FROM entities n WHERE n.document_id = d.id AND n.project_id = :project "
            "AND n.row_key = :entity)"
        )
        values["entity"] = filters.entity
    return conditions, values
