-- Entities, as of revision 0002. Never edited: a change is a new revision.

CREATE TABLE entity_searches (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    document_id UUID NOT NULL,
    found INTEGER NOT NULL,
    expected INTEGER,
    warnings TEXT[] DEFAULT '{}'::text[] NOT NULL,
    failure TEXT,
    call_keys TEXT[] DEFAULT '{}'::text[] NOT NULL,
    fingerprint TEXT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_entity_searches PRIMARY KEY (tenant_id, project_id, document_id),
    CONSTRAINT fk_entity_searches_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_entity_searches_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_entity_searches_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE entities (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    document_id UUID NOT NULL,
    row_key TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    other_names TEXT[] DEFAULT '{}'::text[] NOT NULL,
    status TEXT NOT NULL,
    evidence JSONB DEFAULT '[]'::jsonb NOT NULL,
    call_keys TEXT[] DEFAULT '{}'::text[] NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_entities PRIMARY KEY (tenant_id, project_id, document_id, row_key),
    CONSTRAINT fk_entities_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_entities_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_entities_row_key CHECK (row_key <> ''),
    CONSTRAINT ck_entities_status CHECK (status IN ('EXACT', 'NORMALISED', 'FUZZY', 'NOT_FOUND', 'NONE')),
    CONSTRAINT fk_entities_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE resolutions (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    document_id UUID NOT NULL,
    left_mention INTEGER NOT NULL,
    right_mention INTEGER NOT NULL,
    left_name TEXT NOT NULL,
    right_name TEXT NOT NULL,
    same BOOLEAN NOT NULL,
    method TEXT NOT NULL,
    score REAL,
    reason TEXT NOT NULL,
    call_key TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_resolutions PRIMARY KEY (tenant_id, project_id, document_id, left_mention, right_mention),
    CONSTRAINT fk_resolutions_documents FOREIGN KEY(tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_resolutions_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_resolutions_method CHECK (method IN ('SAME_NAME', 'RULE', 'SIMILARITY', 'MODEL')),
    CONSTRAINT fk_resolutions_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
