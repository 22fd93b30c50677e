"""What a stream sends."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from resources.database.repositories.events import Event, Standing
from resources.vocabulary import EventKind

Kind = Annotated[EventKind, WithJsonSchema({"type": "string", "enum": [kind.value for kind in EventKind]})]


class StreamEvent(BaseModel):
    """One message of a stream."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 17,
                    "kind": "document_completed",
                    "task_id": "0f8b1c9e-6a0c-4a3c-9f55-4a1e4c1d7f10",
                    "at": "2026-11-21T12:00:00.123456Z",
                    "data": {
                        "message": "6 cells: 1 ABSENT, 5 VALUE",
                        "document_id": "7d9c1f5a-3c41-4a3e-8f0e-2f1f3a6f2b11",
                        "document": "loan-0042.pdf",
                        "cells": {"ABSENT": 1, "VALUE": 5},
                        "cost_usd": "0.0421",
                    },
                }
            ]
        }
    )

    seq: int = Field(
        ge=0,
        description="Of a fact: its number, 1, 2, 3, … in its task. Of `progress`: that of the last fact before it. "
        "To go on after a break, pass the last `seq` you saw as `after`",
    )
    kind: Kind
    task_id: UUID
    at: datetime = Field(description="When it was written")
    data: dict[str, Annotated[JsonValue, WithJsonSchema({})]] = Field(
        description="Of a fact: `message`, and of a document `document_id`, `document` (its name; both null once it "
        "was deleted), `cells` by state and `cost_usd` of the task so far. Of `progress`: `status` and the counts "
        "(documents, documents_done, documents_failed, documents_unchanged, states, cost_usd, input_tokens, "
        "output_tokens, calls_in_flight, seconds_left, …)"
    )


def of_fact(task_id: UUID, fact: Event) -> StreamEvent:
    """A fact as it is sent."""
    data: dict[str, JsonValue] = {**fact.payload, "message": fact.message}
    if fact.kind in (EventKind.DOCUMENT_COMPLETED, EventKind.DOCUMENT_FAILED):
        data["document_id"] = None if fact.document_id is None else str(fact.document_id)
        data["document"] = fact.document
    return StreamEvent(seq=fact.seq, kind=fact.kind, task_id=task_id, at=fact.created_at, data=data)


def of_progress(task_id: UUID, after: int, standing: Standing) -> StreamEvent:
    """Where a task stands, as it is sent to who has had the facts up to `after`."""
    data: dict[str, JsonValue] = {**standing.progress, "status": standing.status.value}
    return StreamEvent(seq=after, kind=EventKind.PROGRESS, task_id=task_id, at=standing.updated_at, data=data)
