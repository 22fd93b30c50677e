-- Row-level security, grants and the audit log's chain, as of revision 0003. Never edited: a change is a new revision.

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.table_name FROM information_schema.columns c
        JOIN pg_class p ON p.oid = format('public.%I', c.table_name)::regclass AND p.relkind = 'r'
        WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND NOT p.relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = current_setting(''app.tenant_id'', true)) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO crucible_app', name);
    END LOOP;
END $$;

-- Rates are those of the installation's clients, under hashes that say nothing of them.
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_buckets TO crucible_app;

-- Nobody rewrites what was done, and its place in the chain is not chosen by who writes it.
REVOKE ALL ON audit_log FROM crucible_app;
GRANT SELECT, INSERT (tenant_id, actor, action, object, payload, request_id) ON audit_log TO crucible_app;

CREATE FUNCTION audit_hash(
    previous bytea, tenant_id text, n bigint, at timestamptz, actor text, action text, object text, payload jsonb,
    request_id text) RETURNS bytea LANGUAGE sql STABLE
    AS $$ SELECT sha256(previous || convert_to(jsonb_build_array(
        tenant_id, n, extract(epoch FROM at), actor, action, object, payload, request_id)::text, 'UTF8')) $$;

CREATE FUNCTION chain_audit_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- the place is taken under the lock, and the lock is held until commit: no two entries share one
    PERFORM pg_advisory_xact_lock(1096107081, hashtext(NEW.tenant_id));
    SELECT n + 1, hash INTO NEW.n, NEW.previous FROM audit_log WHERE tenant_id = NEW.tenant_id
        ORDER BY n DESC LIMIT 1;
    IF NEW.n IS NULL THEN
        NEW.n := 1;
        NEW.previous := '\x'::bytea;
    END IF;
    NEW.at := clock_timestamp();
    NEW.hash := audit_hash(NEW.previous, NEW.tenant_id, NEW.n, NEW.at, NEW.actor, NEW.action, NEW.object,
        NEW.payload, NEW.request_id);
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION chain_audit_log();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whether the tables are those that the code was written for.
GRANT SELECT ON alembic_version TO crucible_app;

-- For the operator: how much work there is, of all tenants together, and nothing of any one. It looks as each tenant
-- in turn, under row-level security, and the tenant bound at the end is none.
CREATE FUNCTION work_of_all(pending_seconds double precision, silent_seconds double precision)
    RETURNS TABLE (status text, tasks bigint, since timestamptz, stuck bigint) LANGUAGE plpgsql AS $$
DECLARE
    tenant text;
BEGIN
    FOR tenant IN SELECT tenant_ids() LOOP
        PERFORM set_config('app.tenant_id', tenant, true);
        RETURN QUERY SELECT t.status, count(*), min(t.updated_at), count(*) FILTER (WHERE
            t.status = 'PENDING' AND t.updated_at < now() - make_interval(secs => pending_seconds)
            OR t.status = 'RUNNING' AND t.updated_at < now() - make_interval(secs => silent_seconds)
                AND NOT EXISTS (SELECT FROM provider_batches b WHERE b.tenant_id = t.tenant_id AND b.task_id = t.id
                    AND b.status IN ('PREPARED', 'SUBMITTED')))
            FROM tasks t WHERE t.tenant_id = tenant GROUP BY t.status;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;
