-- Row-level security and grants for the tables of revision 0002. Never edited: a change is a new revision.

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

-- Limits and breakers belong to the installation's accounts with providers, not to a tenant, and hold no one's data.
GRANT SELECT, INSERT, UPDATE ON lanes TO crucible_app;
