-- What processes that call models share, as of revision 0002. Never edited: a change is a new revision.

CREATE TABLE lanes (
    lane TEXT NOT NULL,
    breaker JSONB DEFAULT '{}'::jsonb NOT NULL,
    limits JSONB DEFAULT '{}'::jsonb NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_lanes PRIMARY KEY (lane)
);

CREATE TABLE budgets (
    tenant_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    limit_usd NUMERIC(18, 9) NOT NULL,
    spent_usd NUMERIC(18, 9) DEFAULT '0' NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_budgets PRIMARY KEY (tenant_id, project_id, scope),
    CONSTRAINT fk_budgets_projects FOREIGN KEY(tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_budgets_not_negative CHECK (limit_usd >= 0 AND spent_usd >= 0),
    CONSTRAINT fk_budgets_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

CREATE TABLE reservations (
    tenant_id TEXT NOT NULL,
    id UUID NOT NULL,
    project_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    amount_usd NUMERIC(18, 9) NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_reservations_budgets FOREIGN KEY(tenant_id, project_id, scope) REFERENCES budgets (tenant_id, project_id, scope) ON DELETE CASCADE,
    CONSTRAINT ck_reservations_not_negative CHECK (amount_usd >= 0),
    CONSTRAINT fk_reservations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);
