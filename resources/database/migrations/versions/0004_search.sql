-- Tables of search, as of revision 0004. Never edited: a change is a new revision.

CREATE TABLE postings (
    tenant_id TEXT NOT NULL,
    document_id UUID NOT NULL,
    term TEXT NOT NULL,
    project_id TEXT NOT NULL,
    entries BIGINT[] NOT NULL,
    CONSTRAINT pk_postings PRIMARY KEY (tenant_id, document_id, term),
    CONSTRAINT fk_postings_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_postings_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_postings_term ON postings (tenant_id, project_id, term);

CREATE TABLE search_statistics (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    passages BIGINT NOT NULL,
    words BIGINT NOT NULL,
    languages TEXT[] NOT NULL,
    frequent TEXT[] DEFAULT '{}' NOT NULL,
    vectors JSONB DEFAULT '{}' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_search_statistics PRIMARY KEY (tenant_id, project_id),
    CONSTRAINT fk_search_statistics_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_search_statistics_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE searches (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    query TEXT NOT NULL,
    mode TEXT NOT NULL,
    filters JSONB NOT NULL,
    model TEXT,
    lane TEXT,
    without_vectors TEXT,
    found INTEGER NOT NULL,
    nothing TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_searches PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_searches_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_searches_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE,
    CONSTRAINT ck_searches_mode CHECK (mode IN ('hybrid', 'words', 'vectors')),
    CONSTRAINT ck_searches_without_vectors CHECK (without_vectors IN ('NOT_ASKED', 'QUERY_TOO_LONG', 'NOT_EMBEDDED', 'OTHER_MODEL', 'MODEL_UNAVAILABLE')),
    CONSTRAINT ck_searches_nothing CHECK (nothing IN ('NO_DOCUMENTS', 'NOT_EMBEDDED', 'NO_MATCH')),
    CONSTRAINT ck_searches_model CHECK ((model IS NULL) = (without_vectors IS NOT NULL)),
    CONSTRAINT ck_searches_lane CHECK ((model IS NULL) = (lane IS NULL)),
    CONSTRAINT ck_searches_found CHECK ((found = 0) = (nothing IS NOT NULL))
);

CREATE INDEX ix_searches_asked_by ON searches (tenant_id, asked_by, created_at, id);

CREATE INDEX ix_searches_created_at ON searches (tenant_id, created_at);

CREATE TABLE search_hits (
    tenant_id TEXT NOT NULL,
    search_id UUID NOT NULL,
    rank INTEGER NOT NULL,
    document_id UUID NOT NULL,
    passage_index INTEGER NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    lexical_rank INTEGER,
    lexical_score DOUBLE PRECISION,
    dense_rank INTEGER,
    distance DOUBLE PRECISION,
    CONSTRAINT pk_search_hits PRIMARY KEY (tenant_id, search_id, rank),
    CONSTRAINT fk_search_hits_searches FOREIGN KEY(tenant_id, search_id) REFERENCES searches (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_search_hits_passages FOREIGN KEY(tenant_id, document_id, passage_index) REFERENCES passages (tenant_id, document_id, index) ON DELETE CASCADE,
    CONSTRAINT fk_search_hits_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_search_hits_passage ON search_hits (tenant_id, document_id, passage_index);

