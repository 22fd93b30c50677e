-- What is learnt, as of revision 0002. Never edited: a change is a new revision.

CREATE TABLE refinements (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    variable TEXT NOT NULL,
    task_id UUID,
    status TEXT NOT NULL,
    based_on TEXT NOT NULL,
    instructions TEXT NOT NULL,
    counter_examples JSONB DEFAULT '[]'::jsonb NOT NULL,
    analysis JSONB NOT NULL,
    old_version INTEGER NOT NULL,
    new_version INTEGER,
    measured JSONB,
    reason TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_refinements PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_refinements_variables FOREIGN KEY(tenant_id, project_id, variable) REFERENCES variables (tenant_id, project_id, name) ON DELETE CASCADE,
    CONSTRAINT ck_refinements_status CHECK (status IN ('PROPOSED', 'ACTIVE', 'REJECTED', 'SUPERSEDED')),
    CONSTRAINT fk_refinements_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_refinements_one_active ON refinements (tenant_id, project_id, variable) WHERE status = 'ACTIVE';

CREATE TABLE labels (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    document_name TEXT NOT NULL,
    row_name TEXT DEFAULT '' NOT NULL,
    variable TEXT NOT NULL,
    values JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_labels PRIMARY KEY (tenant_id, project_id, document_name, row_name, variable),
    CONSTRAINT fk_labels_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_labels_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE calibrations (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    model TEXT NOT NULL,
    variable TEXT NOT NULL,
    claim TEXT NOT NULL,
    method TEXT NOT NULL,
    labels INTEGER NOT NULL,
    curve JSONB NOT NULL,
    reliability JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_calibrations PRIMARY KEY (tenant_id, project_id, model, variable, claim),
    CONSTRAINT fk_calibrations_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_calibrations_claim CHECK (claim IN ('STATED', 'ABSENT')),
    CONSTRAINT ck_calibrations_method CHECK (method IN ('IDENTITY', 'POOLED', 'PLATT', 'ISOTONIC')),
    CONSTRAINT ck_calibrations_labels CHECK (labels >= 0),
    CONSTRAINT fk_calibrations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
