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
    project_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    holder UUID NOT NULL,
    amount_usd NUMERIC(18, 9) NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (tenant_id, project_id, scope, holder),
    CONSTRAINT fk_reservations_budgets FOREIGN KEY(tenant_id, project_id, scope) REFERENCES budgets (tenant_id, project_id, scope) ON DELETE CASCADE,
    CONSTRAINT ck_reservations_not_negative CHECK (amount_usd >= 0),
    CONSTRAINT fk_reservations_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

-- What is spent is counted in the transaction that stores the calls, so neither is ever without the other.
CREATE FUNCTION count_spending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM budgets b  -- in one order for all, lest two transactions wait for each other
        WHERE b.project_id IN (SELECT n.project_id FROM new_calls n)
        AND (b.scope = '' OR b.scope IN (SELECT n.task_id::text FROM new_calls n))
        ORDER BY b.project_id, b.scope FOR UPDATE;
    IF FOUND THEN
        UPDATE budgets b SET spent_usd = b.spent_usd + n.usd, updated_at = now()
        FROM (
            SELECT tenant_id, project_id, scope, sum(cost_usd) AS usd
            FROM (
                SELECT tenant_id, project_id, '' AS scope, cost_usd FROM new_calls
                UNION ALL
                SELECT tenant_id, project_id, task_id::text, cost_usd FROM new_calls WHERE task_id IS NOT NULL
            ) AS counted
            WHERE cost_usd > 0 GROUP BY tenant_id, project_id, scope
        ) AS n
        WHERE (b.tenant_id, b.project_id, b.scope) = (n.tenant_id, n.project_id, n.scope);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_spending AFTER INSERT ON calls REFERENCING NEW TABLE AS new_calls
    FOR EACH STATEMENT EXECUTE FUNCTION count_spending();
