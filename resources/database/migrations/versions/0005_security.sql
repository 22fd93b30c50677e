-- Row-level security and grants, as of revision 0005. Never edited: a change is a new revision.

-- Partitions are reached through their table only: they carry the policy too, and nobody is granted them.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.table_name FROM information_schema.columns c
        JOIN pg_class p ON p.oid = format('public.%I', c.table_name)::regclass AND p.relkind IN ('r', 'p')
        WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND NOT p.relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = current_setting(''app.tenant_id'', true)) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', name);
        IF NOT (SELECT relispartition FROM pg_class WHERE oid = name::regclass) THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO crucible_app', name);
        END IF;
    END LOOP;
END $$;
