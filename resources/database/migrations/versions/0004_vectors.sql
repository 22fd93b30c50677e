-- Vectors by tenant: a large tenant gets a partition and an index of its own, all others share the rest.
-- As of revision 0004. Never edited: a change is a new revision.

ALTER TABLE vectors RENAME TO vectors_before;
ALTER TABLE vectors_before RENAME CONSTRAINT pk_vectors TO pk_vectors_before;

CREATE TABLE vectors (
    tenant_id TEXT NOT NULL,
    document_id UUID NOT NULL,
    passage_index INTEGER NOT NULL,
    model TEXT NOT NULL,
    project_id TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    embedding HALFVEC NOT NULL,
    CONSTRAINT pk_vectors PRIMARY KEY (tenant_id, document_id, passage_index, model),
    CONSTRAINT fk_vectors_passages FOREIGN KEY(tenant_id, document_id, passage_index) REFERENCES passages (tenant_id, document_id, index) ON DELETE CASCADE,
    CONSTRAINT ck_vectors_dimension CHECK (vector_dims(embedding) = dimension),
    CONSTRAINT fk_vectors_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
) PARTITION BY LIST (tenant_id);
CREATE TABLE vectors_rest PARTITION OF vectors DEFAULT;
CREATE INDEX ix_vectors_project ON vectors (tenant_id, project_id, model);

-- The owner is bound by row-level security too; for the copy it is not.
ALTER TABLE vectors_before NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents NO FORCE ROW LEVEL SECURITY;
INSERT INTO vectors (tenant_id, document_id, passage_index, model, project_id, dimension, embedding)
    SELECT v.tenant_id, v.document_id, v.passage_index, v.model, d.project_id, v.dimension, v.embedding
    FROM vectors_before v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
DROP TABLE vectors_before;

ALTER TABLE documents
    ADD COLUMN indexed_passages INTEGER DEFAULT '0' NOT NULL,
    ADD COLUMN indexed_words BIGINT DEFAULT '0' NOT NULL;
