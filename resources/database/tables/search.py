"""What search reads besides texts and vectors: which words stand where; and what was found, page by page."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

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
from resources.search.vocabulary import NothingFound, SearchMode, WithoutReranking, WithoutVectors, WithoutWords

postings = sa.Table(
    "postings",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("term", Text, primary_key=True),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("part", Integer, primary_key=True, server_default="0"),
    # a number for each passage that has the term: its index · 2^32 + its words · 2^16 + the term's frequency; at most
    # 128 in a row, which the primary key includes
    sa.Column("entries", ARRAY(sa.BigInteger), nullable=False),
    sa.Index("ix_postings_document", "tenant_id", "document_id"),
    document_fk(),
)

search_statistics = sa.Table(
    "search_statistics",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("passages", sa.BigInteger, nullable=False),
    sa.Column("words", sa.BigInteger, nullable=False),
    sa.Column("languages", ARRAY(Text), nullable=False),
    sa.Column(
        "frequent", ARRAY(Text), nullable=False, server_default=EmptyTexts
    ),  # terms of over 30 % of the passages
    sa.Column("vectors", JSONB, nullable=False, server_default=EmptyObject),  # passages that each model has one of
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
)

searches = sa.Table(
    "searches",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("asked_by", Text, nullable=False),
    sa.Column("query", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("filters", JSONB, nullable=False),
    sa.Column("model", Text),  # of the vectors that were compared; null: the words alone decided
    sa.Column("lane", Text),  # in which they were compared
    sa.Column("without_vectors", Text),  # why the words alone decided
    sa.Column("without_words", Text),  # why the vectors alone decided
    sa.Column("found", Integer, nullable=False),  # hits as they were stored; those of deleted documents are gone
    sa.Column("more", Boolean, nullable=False, server_default=sa.false()),  # others behind them were not stored
    sa.Column("nothing", Text),  # why there were none
    sa.Column("reranker", Text),  # what gave the hits their order; null: they stand as they were fused
    sa.Column("without_reranking", Text),  # why they do
    created(),
    sa.Index("ix_searches_asked_by", "tenant_id", "asked_by", "created_at", "id"),
    sa.Index("ix_searches_created_at", "tenant_id", "created_at"),
    project_fk(),
    one_of("mode", SearchMode),
    one_of("without_vectors", WithoutVectors),
    one_of("without_words", WithoutWords),
    sa.CheckConstraint("(mode = 'vectors') = (coalesce(without_words, '') = 'NOT_ASKED')", name="words"),
    one_of("nothing", NothingFound),
    one_of("without_reranking", WithoutReranking),
    sa.CheckConstraint("(model IS NULL) = (without_vectors IS NOT NULL)", name="model"),
    sa.CheckConstraint("(model IS NULL) = (lane IS NULL)", name="lane"),
    sa.CheckConstraint("(reranker IS NULL) = (without_reranking IS NOT NULL)", name="reranker"),
    sa.CheckConstraint("(found = 0) = (nothing IS NOT NULL)", name="found"),
)

search_hits = sa.Table(
    "search_hits",
    metadata,
    tenant(),
    sa.Column("search_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("rank", Integer, primary_key=True),
    sa.Column("document_id", UUID(as_uuid=True), nullable=False),
    sa.Column("passage_index", Integer, nullable=False),
    sa.Column("score", DOUBLE_PRECISION, nullable=False),  # the fused one
    sa.Column("rank_before", Integer),  # reranking; null: nothing was reranked
    sa.Column("rerank_score", DOUBLE_PRECISION),
    sa.Column("lexical_rank", Integer),
    sa.Column("lexical_score", DOUBLE_PRECISION),
    sa.Column("dense_rank", Integer),
    sa.Column("distance", DOUBLE_PRECISION),
    sa.Index("ix_search_hits_passage", "tenant_id", "document_id", "passage_index"),
    sa.ForeignKeyConstraint(["tenant_id", "search_id"], ["searches.tenant_id", "searches.id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "passage_index"],
        ["passages.tenant_id", "passages.document_id", "passages.index"],
        ondelete="CASCADE",
    ),
)
