"""Conversations, answers, and what is said in them and in summaries and themes: statements with their citations.

Every word of a document that is kept here hangs on a citation or a source, and with the text it is gone: foreign keys
and a trigger take citations and sources, triggers take the statements that rested on them (0005_deletion.sql).
"""

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
    metadata,
    one_of,
    project_fk,
    tenant,
    text_fk,
)
from resources.statements import Abstention, AnswerStatus, CheckedBy, Support

Id = UUID(as_uuid=True)


def _belongs_to(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete="CASCADE")


conversations = sa.Table(
    "conversations",
    metadata,
    tenant(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("asked_by", Text, nullable=False),  # whose it is, as `searches.asked_by`
    sa.Column("title", Text, nullable=False),
    sa.Column("answers", Integer, nullable=False, server_default="0"),  # the number of the last
    sa.Column(
        "summarised", Integer, nullable=False, server_default="0"
    ),  # its statements stand for answers up to this
    created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.Index("ix_conversations_asked_by", "tenant_id", "asked_by", "updated_at", "id"),
    project_fk(),
)

answers = sa.Table(
    "answers",
    metadata,
    tenant(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("conversation_id", Id, nullable=False),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("number", Integer, nullable=False),  # 1, 2, 3, … in its conversation
    sa.Column("task_id", Id),  # that asked; null: a person's message
    sa.Column("question", Text, nullable=False),  # as it was asked
    sa.Column("questions", ARRAY(Text), nullable=False),  # as it was understood: each stands alone
    sa.Column("filters", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("status", Text, nullable=False),
    sa.Column("abstention", Text),
    sa.Column("reason", Text),  # of a failure, for a person
    sa.Column("model", Text),  # provider:model that answered; null: sentences were copied, no model was asked
    sa.Column("passages", Integer, nullable=False, server_default="0"),  # that retrieval found
    sa.Column("calls", Integer, nullable=False, server_default="0"),  # to models, those from the ledger included
    sa.Column("cost_usd", sa.Numeric(18, 9)),  # of the calls that were paid; null: a price is not known
    sa.Column("sources_deleted", Integer, nullable=False, server_default="0"),  # since it was given
    created(),
    # while RUNNING: when whoever answers last said so. Not in an index, so that saying it rewrites none
    sa.Column("alive_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.Column("ended_at", TIMESTAMP(timezone=True)),
    sa.UniqueConstraint("tenant_id", "conversation_id", "number", name="number"),
    sa.Index("ix_answers_running", "tenant_id", "created_at", postgresql_where=sa.text("status = 'RUNNING'")),
    project_fk(),
    _belongs_to("conversation_id", "conversations"),
    one_of("status", AnswerStatus),
    one_of("abstention", Abstention),
    sa.CheckConstraint("(status = 'ABSTAINED') = (abstention IS NOT NULL)", name="abstained"),
    sa.CheckConstraint("(status = 'FAILED') = (reason IS NOT NULL)", name="failed"),
    sa.CheckConstraint("(status = 'RUNNING') = (ended_at IS NULL)", name="ended"),
)

answer_sources = sa.Table(  # the evidence that an answer was made from
    "answer_sources",
    metadata,
    tenant(),
    sa.Column("answer_id", Id, primary_key=True),
    sa.Column("label", Integer, primary_key=True),  # 1, 2, 3, …: as it was shown to the model
    sa.Column("document_id", Id, nullable=False),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("score", DOUBLE_PRECISION, nullable=False),
    sa.Column("lexical_rank", Integer),
    sa.Column("dense_rank", Integer),
    sa.Index("ix_answer_sources_document", "tenant_id", "document_id"),
    _belongs_to("answer_id", "answers"),
    text_fk(),
    sa.CheckConstraint('0 <= start AND start < "end"', name="span"),
)

summaries = sa.Table(
    "summaries",
    metadata,
    tenant(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("document_id", Id),  # null: of the whole project
    sa.Column("fingerprint", Text, nullable=False),  # of what it was made from and how
    sa.Column("model", Text),  # null: sentences were copied, no model was asked
    sa.Column("stale", Boolean, nullable=False, server_default=sa.false()),  # something it rested on was deleted
    created(),
    sa.UniqueConstraint(
        "tenant_id", "project_id", "document_id", name="one_each", postgresql_nulls_not_distinct=True
    ),
    project_fk(),
    text_fk(),
)

themes = sa.Table(
    "themes",
    metadata,
    tenant(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("number", Integer, nullable=False),  # the largest is 1
    sa.Column("label", Text),  # null: a document was deleted since, and the words may have been its own
    sa.Column("keywords", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("opportunity", DOUBLE_PRECISION, nullable=False),  # 0 … 1: how much of it no variable reads yet
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("model", Text),  # that wrote the label; null: the label is its keywords
    sa.Column("stale", Boolean, nullable=False, server_default=sa.false()),
    created(),
    sa.UniqueConstraint("tenant_id", "project_id", "number", name="number"),
    project_fk(),
)

theme_passages = sa.Table(
    "theme_passages",
    metadata,
    tenant(),
    sa.Column("theme_id", Id, primary_key=True),
    sa.Column("document_id", Id, primary_key=True),
    sa.Column("passage_index", Integer, primary_key=True),
    sa.Column("distance", DOUBLE_PRECISION, nullable=False),  # cosine, to the theme's centre
    sa.Index("ix_theme_passages_passage", "tenant_id", "document_id", "passage_index"),
    _belongs_to("theme_id", "themes"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "passage_index"],
        ["passages.tenant_id", "passages.document_id", "passages.index"],
        ondelete="CASCADE",
    ),
)

statements = sa.Table(
    "statements",
    metadata,
    tenant(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    # of which it is one: an answer, what is remembered of a conversation, a summary, or a theme
    sa.Column("answer_id", Id),
    sa.Column("conversation_id", Id),
    sa.Column("summary_id", Id),
    sa.Column("theme_id", Id),
    sa.Column("number", Integer, nullable=False),  # 1, 2, 3, … there
    sa.Column("text", Text, nullable=False),
    sa.Column("support", Text, nullable=False),
    sa.Column("checked_by", Text),
    sa.Column("problems", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("question", Integer),  # the place, from 0, of the question that it answers
    sa.Index("ix_statements_answer", "tenant_id", "answer_id", "number"),
    sa.Index("ix_statements_conversation", "tenant_id", "conversation_id", "number"),
    sa.Index("ix_statements_summary", "tenant_id", "summary_id", "number"),
    sa.Index("ix_statements_theme", "tenant_id", "theme_id", "number"),
    project_fk(),
    _belongs_to("answer_id", "answers"),
    _belongs_to("conversation_id", "conversations"),
    _belongs_to("summary_id", "summaries"),
    _belongs_to("theme_id", "themes"),
    one_of("support", Support),
    one_of("checked_by", CheckedBy),
    sa.CheckConstraint("(support = 'UNCHECKED') = (checked_by IS NULL)", name="checked"),
    sa.CheckConstraint("num_nonnulls(answer_id, conversation_id, summary_id, theme_id) = 1", name="of_one"),
)

citations = sa.Table(
    "citations",
    metadata,
    tenant(),
    sa.Column("statement_id", Id, primary_key=True),
    sa.Column("number", Integer, primary_key=True),
    sa.Column("document_id", Id, nullable=False),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("label", Integer),  # of the source in its answer
    sa.Index("ix_citations_document", "tenant_id", "document_id"),
    _belongs_to("statement_id", "statements"),
    text_fk(),
    sa.CheckConstraint('0 <= start AND start < "end"', name="span"),
)

call_sources = sa.Table(  # documents whose words a call saw, where they are several
    "call_sources",
    metadata,
    tenant(),
    sa.Column("call_key", Text, primary_key=True),
    sa.Column("document_id", Id, primary_key=True),
    sa.Index("ix_call_sources_document", "tenant_id", "document_id"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "call_key"], ["calls.tenant_id", "calls.key"], ondelete="CASCADE", onupdate="CASCADE"
    ),
    text_fk(),
)
