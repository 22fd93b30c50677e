"""Documents and everything that is made from them on the way to a question: texts, chunks, passages, vectors."""

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import (
    Boolean,
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
from resources.vocabulary import DocumentOrigin, DocumentStatus

documents = sa.Table(
    "documents",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("batch", Integer, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("other_names", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("version", Integer, nullable=False, server_default="1"),
    sa.Column("current", Boolean, nullable=False, server_default=sa.true()),
    sa.Column("origin", Text, nullable=False),
    sa.Column("added_by", Text),  # the subject who uploaded it
    sa.Column("media_type", Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("blob", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("error_reason", Text),
    sa.Column("error_message", Text),
    sa.Column("title", Text),
    sa.Column("author", Text),
    sa.Column("dated", Text),
    sa.Column("language", Text),
    sa.Column("page_count", Integer),
    sa.Column("word_count", Integer),
    sa.Column("metadata", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("warnings", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("parser_version", Text),
    sa.Column("chunks_version", Text),  # what the chunks were made from; unequal means stale
    sa.Column("embeddings_version", Text),
    sa.Column("indexed_passages", Integer, nullable=False, server_default="0"),  # whose words can be searched
    sa.Column("indexed_words", sa.BigInteger, nullable=False, server_default="0"),
    created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
    sa.UniqueConstraint("tenant_id", "project_id", "sha256", name="bytes"),
    sa.Index("ix_documents_batch", "tenant_id", "project_id", "batch"),
    sa.Index("ix_documents_created_at", "tenant_id", "created_at", "id"),
    sa.Index(
        "ix_documents_former",
        *("tenant_id", "project_id"),
        postgresql_include=["id"],
        postgresql_where=sa.text("NOT current"),
    ),
    one_of("status", DocumentStatus),
    one_of("origin", DocumentOrigin),
    sa.CheckConstraint("(status = 'FAILED') = (error_reason IS NOT NULL)", name="failed_has_reason"),
    sa.CheckConstraint("batch >= 1", name="batch"),
)

document_texts = sa.Table(
    "document_texts",
    metadata,
    tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("text", Text, nullable=False),
    sa.Column("segments", JSONB, nullable=False),
    document_fk(),
)

chunks = sa.Table(
    "chunks",
    metadata,
    tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("index", Integer, primary_key=True),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("tokens", Integer, nullable=False),
    sa.Column("heading_path", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("content_hash", Text, nullable=False),
    document_fk(),
)

passages = sa.Table(
    "passages",
    metadata,
    tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("index", Integer, primary_key=True),
    sa.Column("chunk_index", Integer, nullable=False),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("tokens", Integer, nullable=False),
    sa.Column("content_hash", Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "chunk_index"],
        ["chunks.tenant_id", "chunks.document_id", "chunks.index"],
        ondelete="CASCADE",
    ),
)

vectors = sa.Table(
    "vectors",
    metadata,
    tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("passage_index", Integer, primary_key=True),
    sa.Column("model", Text, primary_key=True),
    sa.Column("project_id", Text, nullable=False),  # the document's, so that a search reads one index
    sa.Column("dimension", Integer, nullable=False),
    sa.Column("embedding", HALFVEC(), nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "passage_index"],
        ["passages.tenant_id", "passages.document_id", "passages.index"],
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("vector_dims(embedding) = dimension", name="dimension"),
    sa.Index("ix_vectors_project", "tenant_id", "project_id", "model"),
    postgresql_partition_by="LIST (tenant_id)",  # large tenants have a partition and an index of their own
)
