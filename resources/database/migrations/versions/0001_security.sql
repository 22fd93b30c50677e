-- Row-level security, grants and triggers as of revision 0001. Never edited: a change is a new revision.

-- Every tenant table: a row is visible and writable only to the tenant bound to the transaction.
-- An unset or empty app.tenant_id matches no row, because tenants.id cannot be empty.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'tenant_id'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = current_setting(''app.tenant_id'', true)) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO crucible_app', name);
    END LOOP;
END $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants USING (id = current_setting('app.tenant_id', true))
    WITH CHECK (id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON tenants TO crucible_app;

-- The scheduler must know which tenants exist, and nothing else of them.
CREATE POLICY scheduler ON tenants FOR SELECT TO crucible_scheduler USING (true);
GRANT SELECT (id) ON tenants TO crucible_scheduler;
GRANT USAGE, CREATE ON SCHEMA public TO crucible_scheduler;
GRANT USAGE ON SCHEMA public TO crucible_app;
CREATE FUNCTION tenant_ids() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS 'SELECT id FROM public.tenants ORDER BY id';
ALTER FUNCTION tenant_ids() OWNER TO crucible_scheduler;
REVOKE CREATE ON SCHEMA public FROM crucible_scheduler;
REVOKE ALL ON FUNCTION tenant_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_ids() TO crucible_app;

-- A prompt version is immutable: only which one is active may change.
REVOKE UPDATE, DELETE ON prompts FROM crucible_app;
GRANT UPDATE (active) ON prompts TO crucible_app;

-- What was paid, attempted, logged or superseded is not rewritten.
REVOKE UPDATE, DELETE ON calls, attempts, events, cell_history FROM crucible_app;

-- A cell that changes leaves its former self behind.
CREATE FUNCTION keep_cell_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, OLD.value, OLD.evidence, OLD.prompt_version, OLD.model, OLD.confidence, OLD.reasons)
        IS DISTINCT FROM
       (NEW.state, NEW.value, NEW.evidence, NEW.prompt_version, NEW.model, NEW.confidence, NEW.reasons) THEN
        INSERT INTO cell_history (tenant_id, project_id, document_id, row_key, variable, state, value, raw,
            confidence, evidence, reasons, prompt_version, model, call_keys, fingerprint, task_id, updated_at)
        VALUES (OLD.tenant_id, OLD.project_id, OLD.document_id, OLD.row_key, OLD.variable, OLD.state, OLD.value,
            OLD.raw, OLD.confidence, OLD.evidence, OLD.reasons, OLD.prompt_version, OLD.model, OLD.call_keys,
            OLD.fingerprint, OLD.task_id, OLD.updated_at);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_history BEFORE UPDATE ON cells FOR EACH ROW EXECUTE FUNCTION keep_cell_history();
