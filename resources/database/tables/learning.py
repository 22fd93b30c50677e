"""What is learnt from verdicts and labels: refined instructions, and how far a confidence is to be believed."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from resources.database.tables.base import Integer, Text, created, metadata, one_of, project_fk, tenant
from resources.vocabulary import CalibrationMethod, Claim, RefinementStatus

refinements = sa.Table(
    "refinements",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("variable", Text, nullable=False),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("status", Text, nullable=False),
    sa.Column("based_on", Text, nullable=False),  # hash of the variable as the researcher wrote it
    sa.Column("instructions", Text, nullable=False),
    sa.Column("counter_examples", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("analysis", JSONB, nullable=False),  # patterns of the feedback it answers to
    sa.Column("old_version", Integer, nullable=False),
    sa.Column("new_version", Integer),
    sa.Column("measured", JSONB),  # {"old": {...}, "new": {...}} on the same held-out labels
    sa.Column("reason", Text),
    created(),
    sa.Column("decided_at", TIMESTAMP(timezone=True)),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "variable"],
        ["variables.tenant_id", "variables.project_id", "variables.name"],
        ondelete="CASCADE",
    ),
    one_of("status", RefinementStatus),
    sa.Index(
        "uq_refinements_one_active",
        "tenant_id",
        "project_id",
        "variable",
        unique=True,
        postgresql_where=sa.text("status = 'ACTIVE'"),
    ),
)

labels = sa.Table(
    "labels",  # gold values given with a file; feedback is in its own table
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("document_name", Text, primary_key=True),
    sa.Column("row_name", Text, primary_key=True, server_default=""),
    sa.Column("variable", Text, primary_key=True),
    sa.Column("values", JSONB, nullable=False),
    created(),
    project_fk(),
)

calibrations = sa.Table(
    "calibrations",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("model", Text, primary_key=True),  # whose confidences it was learnt on, and is good for
    sa.Column("variable", Text, primary_key=True),  # '' for the curve of all variables together
    sa.Column("claim", Text, primary_key=True),
    sa.Column("method", Text, nullable=False),
    sa.Column("labels", Integer, nullable=False),
    sa.Column("curve", JSONB, nullable=False),
    sa.Column("reliability", JSONB, nullable=False),
    created(),
    project_fk(),
    one_of("claim", Claim),
    one_of("method", CalibrationMethod),
    sa.CheckConstraint("labels >= 0", name="labels"),
)
