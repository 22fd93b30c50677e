"""What may be asked for with a task: kept with it, and carried by its runs. Knows nothing of Dagster."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from resources.vocabulary import CallMode

CARRIED = {
    "request_id": "crucible/request",
    "traceparent": "crucible/traceparent",
    "idempotency_key": "crucible/idempotency_key",
}
"""What a task's parameters may hold of the request that made it, and the run tag that carries it on."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What may be asked for with a task; it travels to the run as tags, its documents with the task itself."""

    sample: int | None = None
    models: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    export_options: Mapping[str, Any] | None = None
    force: bool = False
    variables: tuple[str, ...] = ()  # of a REFINE task; all when empty
    calls: CallMode | None = None  # None: as the project says
    budget_usd: str | None = None  # for the calls of this task; a decimal number
    documents: tuple[UUID, ...] | None = None  # exactly these; None: as the kind of task says
    themes: int | None = None  # how many an EXTRACT_THEMES task should find; None: as many as there are
    question: str | None = None  # of an ASK task
    filters: Mapping[str, Any] | None = None  # of its documents, as `DocumentFilters` writes them
    asked_by: str | None = None  # whose conversation the answer is; None: of who made the task

    def as_json(self) -> dict[str, Any]:
        """For the task's row."""
        data = {
            "sample": self.sample,
            "models": list(self.models),
            "formats": list(self.formats),
            "export_options": dict(self.export_options or {}),
            "force": self.force,
            "variables": list(self.variables),
            "calls": self.calls.value if self.calls else None,
            "budget_usd": self.budget_usd,
        }
        if self.themes is not None:
            data["themes"] = self.themes
        if self.question is not None:  # only with the task: a run's tags are for everybody to see
            data |= {"question": self.question, "filters": dict(self.filters or {}), "asked_by": self.asked_by}
        if self.documents is not None:
            data["documents"] = [str(document) for document in self.documents]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Wish":
        """The inverse of `as_json`; what is not there has its default."""
        documents = data.get("documents")
        return cls(
            data.get("sample"),
            tuple(data.get("models") or ()),
            tuple(data.get("formats") or ()),
            data.get("export_options") or {},
            bool(data.get("force")),
            tuple(data.get("variables") or ()),
            CallMode(data["calls"]) if data.get("calls") else None,
            data.get("budget_usd"),
            None if documents is None else tuple(UUID(document) for document in documents),
            data.get("themes"),
            data.get("question"),
            data.get("filters"),
            data.get("asked_by"),
        )

    @property
    def tags(self) -> dict[str, str]:
        """For the runs of the task."""
        tags = {}
        if self.sample is not None:
            tags["crucible/sample"] = str(self.sample)
        if self.models:
            tags["crucible/models"] = ",".join(self.models)
        if self.formats:
            tags["crucible/formats"] = ",".join(self.formats)
        if self.export_options:
            tags["crucible/export_options"] = json.dumps(dict(self.export_options), sort_keys=True)
        if self.force:
            tags["crucible/force"] = "true"
        if self.variables:
            tags["crucible/variables"] = ",".join(self.variables)
        if self.calls is not None:
            tags["crucible/calls"] = self.calls.value
        if self.budget_usd is not None:
            tags["crucible/budget"] = self.budget_usd
        if self.themes is not None:
            tags["crucible/themes"] = str(self.themes)
        return tags


def carried_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Run tags of the request that made a task, as far as it is known."""
    return {tag: str(parameters[name]) for name, tag in CARRIED.items() if parameters.get(name)}
