"""Entities found in documents, the rows where they are the unit of observation, and how they were resolved."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import (
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
from resources.vocabulary import EvidenceStatus, ResolutionMethod

entity_searches = sa.Table(
    "entity_searches",  # how a document was searched: without it a document without entities is one not searched yet
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("found", Integer, nullable=False),  # entities
    sa.Column("expected", Integer),  # what the source says about how many there are; null when it says nothing
    sa.Column("warnings", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("failure", Text),  # why a part of the document could not be searched
    sa.Column("call_keys", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    document_fk(),
    project_fk(),
)

entities = sa.Table(
    "entities",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("row_key", Text, primary_key=True),
    sa.Column("position", Integer, nullable=False),  # in the order of the document, from 1
    sa.Column("name", Text, nullable=False),
    sa.Column("other_names", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("status", Text, nullable=False),  # how well its best mention was found in the document
    sa.Column("evidence", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),  # every mention, placed
    sa.Column("call_keys", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    document_fk(),
    project_fk(),
    sa.CheckConstraint("row_key <> ''", name="row_key"),
    one_of("status", EvidenceStatus),
)

resolutions = sa.Table(
    "resolutions",  # every pair of mentions that was compared, and the verdict
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("left_mention", Integer, primary_key=True),  # in the order of the document, from 1
    sa.Column("right_mention", Integer, primary_key=True),
    sa.Column("left_name", Text, nullable=False),
    sa.Column("right_name", Text, nullable=False),
    sa.Column("same", sa.Boolean, nullable=False),
    sa.Column("method", Text, nullable=False),
    sa.Column("score", sa.REAL),
    sa.Column("reason", Text, nullable=False),
    sa.Column("call_key", Text),
    created(),
    document_fk(),
    project_fk(),
    one_of("method", ResolutionMethod),
)
