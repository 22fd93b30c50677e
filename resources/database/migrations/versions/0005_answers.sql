-- Tables of answers, summaries and themes, as of revision 0005. Never edited: a change is a new revision.

CREATE TABLE conversations (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    title TEXT NOT NULL,
    answers INTEGER DEFAULT '0' NOT NULL,
    summarised INTEGER DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_conversations PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_conversations_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_conversations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_conversations_asked_by ON conversations (tenant_id, asked_by, updated_at, id);

CREATE TABLE answers (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    project_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    task_id UUID,
    question TEXT NOT NULL,
    questions TEXT[] NOT NULL,
    filters JSONB DEFAULT '{}'::jsonb NOT NULL,
    status TEXT NOT NULL,
    abstention TEXT,
    reason TEXT,
    model TEXT,
    passages INTEGER DEFAULT '0' NOT NULL,
    calls INTEGER DEFAULT '0' NOT NULL,
    cost_usd NUMERIC(18, 9),
    sources_deleted INTEGER DEFAULT '0' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    alive_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_answers PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_answers_number UNIQUE (tenant_id, conversation_id, number),
    CONSTRAINT fk_answers_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_answers_conversations FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_answers_status CHECK (status IN ('RUNNING', 'ANSWERED', 'ABSTAINED', 'FAILED', 'WITHDRAWN')),
    CONSTRAINT ck_answers_abstention CHECK (abstention IN ('NOTHING_FOUND', 'NOT_ENOUGH', 'UNSUPPORTED')),
    CONSTRAINT ck_answers_abstained CHECK ((status = 'ABSTAINED') = (abstention IS NOT NULL)),
    CONSTRAINT ck_answers_failed CHECK ((status = 'FAILED') = (reason IS NOT NULL)),
    CONSTRAINT ck_answers_ended CHECK ((status = 'RUNNING') = (ended_at IS NULL)),
    CONSTRAINT fk_answers_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_answers_running ON answers (tenant_id, created_at) WHERE status = 'RUNNING';

CREATE TABLE answer_sources (
    tenant_id TEXT NOT NULL,
    answer_id UUID NOT NULL,
    label INTEGER NOT NULL,
    document_id UUID NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    lexical_rank INTEGER,
    dense_rank INTEGER,
    CONSTRAINT pk_answer_sources PRIMARY KEY (tenant_id, answer_id, label),
    CONSTRAINT fk_answer_sources_answers FOREIGN KEY(tenant_id, answer_id) REFERENCES answers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_answer_sources_document_texts FOREIGN KEY(tenant_id, document_id) REFERENCES document_texts (tenant_id, document_id) ON DELETE CASCADE,
    CONSTRAINT ck_answer_sources_span CHECK (0 <= start AND start < "end"),
    CONSTRAINT fk_answer_sources_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_answer_sources_document ON answer_sources (tenant_id, document_id);

CREATE TABLE summaries (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    document_id UUID,
    fingerprint TEXT NOT NULL,
    model TEXT,
    stale BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_summaries PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_summaries_one_each UNIQUE NULLS NOT DISTINCT (tenant_id, project_id, document_id),
    CONSTRAINT fk_summaries_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_summaries_document_texts FOREIGN KEY(tenant_id, document_id) REFERENCES document_texts (tenant_id, document_id) ON DELETE CASCADE,
    CONSTRAINT fk_summaries_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE themes (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    label TEXT,
    keywords TEXT[] DEFAULT '{}'::text[] NOT NULL,
    opportunity DOUBLE PRECISION NOT NULL,
    fingerprint TEXT NOT NULL,
    model TEXT,
    stale BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_themes PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_themes_number UNIQUE (tenant_id, project_id, number),
    CONSTRAINT fk_themes_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_themes_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE theme_passages (
    tenant_id TEXT NOT NULL,
    theme_id UUID NOT NULL,
    document_id UUID NOT NULL,
    passage_index INTEGER NOT NULL,
    distance DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_theme_passages PRIMARY KEY (tenant_id, theme_id, document_id, passage_index),
    CONSTRAINT fk_theme_passages_themes FOREIGN KEY(tenant_id, theme_id) REFERENCES themes (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_theme_passages_passages FOREIGN KEY(tenant_id, document_id, passage_index) REFERENCES passages (tenant_id, document_id, index) ON DELETE CASCADE,
    CONSTRAINT fk_theme_passages_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_theme_passages_passage ON theme_passages (tenant_id, document_id, passage_index);

CREATE TABLE statements (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    answer_id UUID,
    conversation_id UUID,
    summary_id UUID,
    theme_id UUID,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    support TEXT NOT NULL,
    checked_by TEXT,
    problems TEXT[] DEFAULT '{}'::text[] NOT NULL,
    question INTEGER,
    CONSTRAINT pk_statements PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_statements_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_statements_answers FOREIGN KEY(tenant_id, answer_id) REFERENCES answers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_statements_conversations FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversations (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_statements_summaries FOREIGN KEY(tenant_id, summary_id) REFERENCES summaries (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_statements_themes FOREIGN KEY(tenant_id, theme_id) REFERENCES themes (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_statements_support CHECK (support IN ('SUPPORTED', 'PARTLY', 'UNSUPPORTED', 'UNCHECKED')),
    CONSTRAINT ck_statements_checked_by CHECK (checked_by IN ('COPY', 'WORDS', 'MODEL')),
    CONSTRAINT ck_statements_checked CHECK ((support = 'UNCHECKED') = (checked_by IS NULL)),
    CONSTRAINT ck_statements_of_one CHECK (num_nonnulls(answer_id, conversation_id, summary_id, theme_id) = 1),
    CONSTRAINT fk_statements_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_statements_answer ON statements (tenant_id, answer_id, number);

CREATE INDEX ix_statements_conversation ON statements (tenant_id, conversation_id, number);

CREATE INDEX ix_statements_summary ON statements (tenant_id, summary_id, number);

CREATE INDEX ix_statements_theme ON statements (tenant_id, theme_id, number);

CREATE TABLE citations (
    tenant_id TEXT NOT NULL,
    statement_id UUID NOT NULL,
    number INTEGER NOT NULL,
    document_id UUID NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    label INTEGER,
    CONSTRAINT pk_citations PRIMARY KEY (tenant_id, statement_id, number),
    CONSTRAINT fk_citations_statements FOREIGN KEY(tenant_id, statement_id) REFERENCES statements (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_citations_document_texts FOREIGN KEY(tenant_id, document_id) REFERENCES document_texts (tenant_id, document_id) ON DELETE CASCADE,
    CONSTRAINT ck_citations_span CHECK (0 <= start AND start < "end"),
    CONSTRAINT fk_citations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_citations_document ON citations (tenant_id, document_id);

CREATE TABLE call_sources (
    tenant_id TEXT NOT NULL,
    call_key TEXT NOT NULL,
    document_id UUID NOT NULL,
    CONSTRAINT pk_call_sources PRIMARY KEY (tenant_id, call_key, document_id),
    CONSTRAINT fk_call_sources_calls FOREIGN KEY(tenant_id, call_key) REFERENCES calls (tenant_id, key) ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT fk_call_sources_document_texts FOREIGN KEY(tenant_id, document_id) REFERENCES document_texts (tenant_id, document_id) ON DELETE CASCADE,
    CONSTRAINT fk_call_sources_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_call_sources_document ON call_sources (tenant_id, document_id);
