"""Cells and what is made of them: history, verdicts, datasets, files."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import (
    EmptyObject,
    EmptyTexts,
    Integer,
    Now,
    Text,
    created,
    document_fk,
    metadata,
    one_of,
    project_fk,
    tenant,
)
from resources.vocabulary import CellState, Verdict


def _cell_columns(*, history: bool) -> list[sa.Column[Any]]:
    key = not history
    return [
        sa.Column("project_id", Text, primary_key=key, nullable=False),
        sa.Column("document_id", UUID(as_uuid=True), primary_key=key, nullable=False),
        sa.Column("row_key", Text, primary_key=key, nullable=False),  # '' when the document is the row
        sa.Column("variable", Text, primary_key=key, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("value", JSONB),
        sa.Column("raw", JSONB),
        sa.Column("confidence", sa.REAL),
        sa.Column("uncalibrated", sa.REAL),  # the confidence before calibration; NULL where none was applied
        sa.Column("evidence", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("reasons", ARRAY(Text), nullable=False, server_default=EmptyTexts),
        sa.Column("prompt_version", Integer),
        sa.Column("model", Text),
        sa.Column("call_keys", ARRAY(Text), nullable=False, server_default=EmptyTexts),
        sa.Column("fingerprint", Text, nullable=False),
        sa.Column("task_id", UUID(as_uuid=True)),
        sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    ]


cells = sa.Table(
    "cells",
    metadata,
    tenant(),
    *_cell_columns(history=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "variable"],
        ["variables.tenant_id", "variables.project_id", "variables.name"],
        ondelete="CASCADE",
    ),
    document_fk(),
    one_of("state", CellState),
    sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
    sa.CheckConstraint("state <> 'FAILED' OR cardinality(reasons) > 0", name="failed_has_reason"),
)

cell_history = sa.Table(
    "cell_history",
    metadata,
    tenant(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *_cell_columns(history=True),
    sa.Column("superseded_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    document_fk(),
    sa.Index("ix_cell_history_cell", "tenant_id", "project_id", "document_id", "row_key", "variable"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("document_id", UUID(as_uuid=True), nullable=False),
    sa.Column("row_key", Text, nullable=False, server_default=""),
    sa.Column("variable", Text, nullable=False),
    sa.Column("verdict", Text, nullable=False),
    sa.Column("corrected_value", JSONB),
    sa.Column("note", Text, nullable=False, server_default=""),
    sa.Column("author", Text, nullable=False),
    created(),
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),  # the order in which they came
    sa.Column("judged_state", Text, nullable=False),  # the cell as the person saw it
    sa.Column("judged_value", JSONB),
    project_fk(),
    document_fk(),
    one_of("verdict", Verdict),
    one_of("judged_state", CellState),
    sa.Index("ix_feedback_cell", "tenant_id", "project_id", "document_id", "row_key", "variable"),
)

datasets = sa.Table(
    "datasets",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("version", Integer, primary_key=True),
    sa.Column("content_hash", Text, nullable=False),
    sa.Column("rows", Integer, nullable=False),
    sa.Column("states", JSONB, nullable=False),
    sa.Column("quality", JSONB, nullable=False),
    created(),
    project_fk(),
)

exports = sa.Table(
    "exports",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("dataset_version", Integer, nullable=False),
    sa.Column("format", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("blob", Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("options", JSONB, nullable=False, server_default=EmptyObject),
    created(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "dataset_version"],
        ["datasets.tenant_id", "datasets.project_id", "datasets.version"],
        ondelete="CASCADE",
    ),
    sa.UniqueConstraint("tenant_id", "project_id", "name", "sha256", name="file"),
)
