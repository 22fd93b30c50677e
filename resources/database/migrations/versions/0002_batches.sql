-- Provider batches, as of revision 0002. Never edited: a change is a new revision.

CREATE TABLE provider_batches (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    task_id UUID,
    step INTEGER DEFAULT '0' NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    remote_id TEXT,
    status TEXT NOT NULL,
    sealed BOOLEAN DEFAULT false NOT NULL,
    items INTEGER DEFAULT '0' NOT NULL,
    size_bytes BIGINT DEFAULT '0' NOT NULL,
    worst_usd NUMERIC(18, 9) DEFAULT '0' NOT NULL,
    message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE,
    taken_at TIMESTAMP WITH TIME ZONE,
    cancel_requested_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_provider_batches PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_provider_batches_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_provider_batches_status CHECK (status IN ('PREPARED', 'SUBMITTED', 'INGESTED', 'FAILED', 'CANCELLED')),
    CONSTRAINT ck_provider_batches_sent_when_sealed CHECK (status NOT IN ('SUBMITTED', 'INGESTED') OR sealed),
    CONSTRAINT fk_provider_batches_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX ix_provider_batches_open ON provider_batches (tenant_id, project_id) WHERE status IN ('PREPARED', 'SUBMITTED');
CREATE INDEX ix_provider_batches_task ON provider_batches (tenant_id, task_id);

CREATE TABLE provider_batch_items (
    tenant_id TEXT NOT NULL,
    batch_id UUID NOT NULL,
    call_key TEXT NOT NULL,
    body TEXT,
    context JSONB NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    CONSTRAINT pk_provider_batch_items PRIMARY KEY (tenant_id, batch_id, call_key),
    CONSTRAINT fk_provider_batch_items_provider_batches FOREIGN KEY(tenant_id, batch_id) REFERENCES provider_batches (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_provider_batch_items_status CHECK (status IN ('QUEUED', 'FINISHED', 'FAILED')),
    CONSTRAINT ck_provider_batch_items_failed_has_error CHECK ((status = 'FAILED') = (error IS NOT NULL)),
    CONSTRAINT fk_provider_batch_items_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
