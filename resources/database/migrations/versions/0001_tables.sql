-- Tables as of revision 0001. Never edited: a change is a new revision.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE tenants (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_tenants PRIMARY KEY (id), 
    CONSTRAINT ck_tenants_id CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);

CREATE TABLE projects (
    tenant_id TEXT NOT NULL, 
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    description TEXT DEFAULT '' NOT NULL, 
    domain TEXT DEFAULT '' NOT NULL, 
    language TEXT, 
    unit_of_observation TEXT NOT NULL, 
    entity_pattern TEXT, 
    source TEXT, 
    settings JSONB DEFAULT '{}'::jsonb NOT NULL, 
    archived BOOLEAN DEFAULT false NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_projects PRIMARY KEY (tenant_id, id), 
    CONSTRAINT ck_projects_id CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'), 
    CONSTRAINT ck_projects_unit_of_observation CHECK (unit_of_observation IN ('DOCUMENT', 'ENTITY')), 
    CONSTRAINT fk_projects_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE attempts (
    tenant_id TEXT NOT NULL, 
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    project_id TEXT NOT NULL, 
    task_id UUID, 
    call_key TEXT NOT NULL, 
    attempt INTEGER NOT NULL, 
    provider TEXT NOT NULL, 
    model TEXT NOT NULL, 
    status TEXT NOT NULL, 
    error TEXT, 
    seconds REAL NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_attempts PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_attempts_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT ck_attempts_status CHECK (status IN ('FINISHED', 'FAILED')), 
    CONSTRAINT fk_attempts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_attempts_call ON attempts (tenant_id, call_key);

CREATE TABLE datasets (
    tenant_id TEXT NOT NULL, 
    project_id TEXT NOT NULL, 
    version INTEGER NOT NULL, 
    content_hash TEXT NOT NULL, 
    rows INTEGER NOT NULL, 
    states JSONB NOT NULL, 
    quality JSONB NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_datasets PRIMARY KEY (tenant_id, project_id, version), 
    CONSTRAINT fk_datasets_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_datasets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE documents (
    tenant_id TEXT NOT NULL, 
    id UUID NOT NULL, 
    project_id TEXT NOT NULL, 
    batch INTEGER NOT NULL, 
    sha256 TEXT NOT NULL, 
    name TEXT NOT NULL, 
    other_names TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    version INTEGER DEFAULT '1' NOT NULL, 
    current BOOLEAN DEFAULT true NOT NULL, 
    origin TEXT NOT NULL, 
    media_type TEXT, 
    size_bytes BIGINT NOT NULL, 
    blob TEXT NOT NULL, 
    status TEXT NOT NULL, 
    error_reason TEXT, 
    error_message TEXT, 
    title TEXT, 
    author TEXT, 
    dated TEXT, 
    language TEXT, 
    page_count INTEGER, 
    word_count INTEGER, 
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL, 
    warnings TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    parser_version TEXT, 
    chunks_version TEXT, 
    embeddings_version TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_documents PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_documents_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT uq_documents_bytes UNIQUE (tenant_id, project_id, sha256), 
    CONSTRAINT ck_documents_status CHECK (status IN ('UPLOADED', 'PARSED', 'READY', 'FAILED')), 
    CONSTRAINT ck_documents_origin CHECK (origin IN ('FOLDER', 'INBOX')), 
    CONSTRAINT ck_documents_failed_has_reason CHECK ((status = 'FAILED') = (error_reason IS NOT NULL)), 
    CONSTRAINT ck_documents_batch CHECK (batch >= 1), 
    CONSTRAINT fk_documents_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_documents_batch ON documents (tenant_id, project_id, batch);

CREATE TABLE tasks (
    tenant_id TEXT NOT NULL, 
    id UUID NOT NULL, 
    project_id TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    status TEXT NOT NULL, 
    parameters JSONB DEFAULT '{}'::jsonb NOT NULL, 
    steps JSONB DEFAULT '[]'::jsonb NOT NULL, 
    step INTEGER DEFAULT '0' NOT NULL, 
    run_id TEXT, 
    progress JSONB DEFAULT '{}'::jsonb NOT NULL, 
    message TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    started_at TIMESTAMP WITH TIME ZONE, 
    finished_at TIMESTAMP WITH TIME ZONE, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_tasks PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_tasks_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT ck_tasks_kind CHECK (kind IN ('INGEST', 'SAMPLE', 'FULL', 'EXPORT')), 
    CONSTRAINT ck_tasks_status CHECK (status IN ('PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED')), 
    CONSTRAINT fk_tasks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_tasks_one_active_extraction ON tasks (tenant_id, project_id) WHERE kind IN ('SAMPLE', 'FULL') AND status IN ('PENDING', 'RUNNING', 'PAUSED');

CREATE TABLE variables (
    tenant_id TEXT NOT NULL, 
    project_id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    position INTEGER NOT NULL, 
    type TEXT NOT NULL, 
    definition JSONB NOT NULL, 
    active BOOLEAN DEFAULT true NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_variables PRIMARY KEY (tenant_id, project_id, name), 
    CONSTRAINT fk_variables_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT ck_variables_type CHECK (type IN ('TEXT', 'NUMBER', 'DATE', 'BOOLEAN', 'CATEGORY', 'LOCATION', 'JSON')), 
    CONSTRAINT fk_variables_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE calls (
    tenant_id TEXT NOT NULL, 
    key TEXT NOT NULL, 
    project_id TEXT NOT NULL, 
    document_id UUID, 
    task_id UUID, 
    variables TEXT[] NOT NULL, 
    provider TEXT NOT NULL, 
    model TEXT NOT NULL, 
    reply TEXT NOT NULL, 
    finish_reason TEXT NOT NULL, 
    input_tokens INTEGER NOT NULL, 
    cached_tokens INTEGER NOT NULL, 
    output_tokens INTEGER NOT NULL, 
    cache_write_tokens INTEGER NOT NULL, 
    cost_usd NUMERIC(18, 9), 
    price_version TEXT, 
    seconds REAL NOT NULL, 
    request_id TEXT, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_calls PRIMARY KEY (tenant_id, key), 
    CONSTRAINT fk_calls_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_calls_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_calls_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_calls_project ON calls (tenant_id, project_id, created_at);

CREATE TABLE cell_history (
    tenant_id TEXT NOT NULL, 
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    project_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    row_key TEXT NOT NULL, 
    variable TEXT NOT NULL, 
    state TEXT NOT NULL, 
    value JSONB, 
    raw JSONB, 
    confidence REAL, 
    evidence JSONB DEFAULT '[]'::jsonb NOT NULL, 
    reasons TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    prompt_version INTEGER, 
    model TEXT, 
    call_keys TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    fingerprint TEXT NOT NULL, 
    task_id UUID, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    superseded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_cell_history PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_cell_history_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_cell_history_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_cell_history_cell ON cell_history (tenant_id, project_id, document_id, row_key, variable);

CREATE TABLE cells (
    tenant_id TEXT NOT NULL, 
    project_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    row_key TEXT NOT NULL, 
    variable TEXT NOT NULL, 
    state TEXT NOT NULL, 
    value JSONB, 
    raw JSONB, 
    confidence REAL, 
    evidence JSONB DEFAULT '[]'::jsonb NOT NULL, 
    reasons TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    prompt_version INTEGER, 
    model TEXT, 
    call_keys TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    fingerprint TEXT NOT NULL, 
    task_id UUID, 
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_cells PRIMARY KEY (tenant_id, project_id, document_id, row_key, variable), 
    CONSTRAINT fk_cells_variables FOREIGN KEY(tenant_id, project_id, variable) REFERENCES variables (tenant_id, project_id, name) ON DELETE CASCADE, 
    CONSTRAINT fk_cells_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT ck_cells_state CHECK (state IN ('VALUE', 'ABSENT', 'NOT_APPLICABLE', 'UNCERTAIN', 'FAILED')), 
    CONSTRAINT ck_cells_confidence CHECK (confidence BETWEEN 0 AND 1), 
    CONSTRAINT ck_cells_failed_has_reason CHECK (state <> 'FAILED' OR cardinality(reasons) > 0), 
    CONSTRAINT fk_cells_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE chunks (
    tenant_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    index INTEGER NOT NULL, 
    start INTEGER NOT NULL, 
    "end" INTEGER NOT NULL, 
    text TEXT NOT NULL, 
    tokens INTEGER NOT NULL, 
    heading_path TEXT[] DEFAULT '{}'::text[] NOT NULL, 
    content_hash TEXT NOT NULL, 
    CONSTRAINT pk_chunks PRIMARY KEY (tenant_id, document_id, index), 
    CONSTRAINT fk_chunks_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_chunks_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE document_texts (
    tenant_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    text TEXT NOT NULL, 
    segments JSONB NOT NULL, 
    CONSTRAINT pk_document_texts PRIMARY KEY (tenant_id, document_id), 
    CONSTRAINT fk_document_texts_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_document_texts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE events (
    tenant_id TEXT NOT NULL, 
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    task_id UUID, 
    kind TEXT NOT NULL, 
    message TEXT NOT NULL, 
    payload JSONB DEFAULT '{}'::jsonb NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_events PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_events_tasks FOREIGN KEY(tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_events_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_events_task ON events (tenant_id, task_id, id);

CREATE TABLE exports (
    tenant_id TEXT NOT NULL, 
    id UUID NOT NULL, 
    project_id TEXT NOT NULL, 
    dataset_version INTEGER NOT NULL, 
    format TEXT NOT NULL, 
    name TEXT NOT NULL, 
    blob TEXT NOT NULL, 
    size_bytes BIGINT NOT NULL, 
    sha256 TEXT NOT NULL, 
    options JSONB DEFAULT '{}'::jsonb NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_exports PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_exports_datasets FOREIGN KEY(tenant_id, project_id, dataset_version) REFERENCES datasets (tenant_id, project_id, version) ON DELETE CASCADE, 
    CONSTRAINT uq_exports_file UNIQUE (tenant_id, project_id, name, sha256), 
    CONSTRAINT fk_exports_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE feedback (
    tenant_id TEXT NOT NULL, 
    id UUID NOT NULL, 
    project_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    row_key TEXT DEFAULT '' NOT NULL, 
    variable TEXT NOT NULL, 
    verdict TEXT NOT NULL, 
    corrected_value JSONB, 
    note TEXT DEFAULT '' NOT NULL, 
    author TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_feedback PRIMARY KEY (tenant_id, id), 
    CONSTRAINT fk_feedback_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT fk_feedback_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE, 
    CONSTRAINT ck_feedback_verdict CHECK (verdict IN ('CORRECT', 'INCORRECT', 'PARTIALLY_CORRECT')), 
    CONSTRAINT fk_feedback_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE prompts (
    tenant_id TEXT NOT NULL, 
    project_id TEXT NOT NULL, 
    variable TEXT NOT NULL, 
    version INTEGER NOT NULL, 
    system TEXT NOT NULL, 
    question TEXT NOT NULL, 
    model_settings JSONB NOT NULL, 
    response_schema JSON NOT NULL, 
    content_hash TEXT NOT NULL, 
    active BOOLEAN NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_prompts PRIMARY KEY (tenant_id, project_id, variable, version), 
    CONSTRAINT fk_prompts_variables FOREIGN KEY(tenant_id, project_id, variable) REFERENCES variables (tenant_id, project_id, name) ON DELETE CASCADE, 
    CONSTRAINT ck_prompts_version CHECK (version >= 1), 
    CONSTRAINT fk_prompts_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_prompts_one_active ON prompts (tenant_id, project_id, variable) WHERE active;

CREATE TABLE passages (
    tenant_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    index INTEGER NOT NULL, 
    chunk_index INTEGER NOT NULL, 
    start INTEGER NOT NULL, 
    "end" INTEGER NOT NULL, 
    text TEXT NOT NULL, 
    tokens INTEGER NOT NULL, 
    content_hash TEXT NOT NULL, 
    CONSTRAINT pk_passages PRIMARY KEY (tenant_id, document_id, index), 
    CONSTRAINT fk_passages_chunks FOREIGN KEY(tenant_id, document_id, chunk_index) REFERENCES chunks (tenant_id, document_id, index) ON DELETE CASCADE, 
    CONSTRAINT fk_passages_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE vectors (
    tenant_id TEXT NOT NULL, 
    document_id UUID NOT NULL, 
    passage_index INTEGER NOT NULL, 
    model TEXT NOT NULL, 
    dimension INTEGER NOT NULL, 
    embedding HALFVEC NOT NULL, 
    CONSTRAINT pk_vectors PRIMARY KEY (tenant_id, document_id, passage_index, model), 
    CONSTRAINT fk_vectors_passages FOREIGN KEY(tenant_id, document_id, passage_index) REFERENCES passages (tenant_id, document_id, index) ON DELETE CASCADE, 
    CONSTRAINT ck_vectors_dimension CHECK (vector_dims(embedding) = dimension), 
    CONSTRAINT fk_vectors_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

