-- Who is asking what at this moment, as of revision 0005. Never edited: a change is a new revision.

-- Lost at a crash of the server, when nobody knows any more who is asking what: then the processes that asked are told
-- that their answers cannot be stored, too.
CREATE UNLOGGED TABLE call_claims (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    holder UUID NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_call_claims PRIMARY KEY (tenant_id, key),
    CONSTRAINT fk_call_claims_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id) ON DELETE CASCADE
);

-- A claim ends in the transaction that stores its call: whoever finds no claim finds the call.
CREATE FUNCTION end_claims() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM call_claims c USING (  -- locked in one order for all, lest two transactions wait for each other
        SELECT k.tenant_id, k.key FROM call_claims k JOIN new_calls n ON (n.tenant_id, n.key) = (k.tenant_id, k.key)
        ORDER BY k.key FOR UPDATE OF k
    ) AS ended WHERE (c.tenant_id, c.key) = (ended.tenant_id, ended.key);
    RETURN NULL;
END $$;
CREATE TRIGGER end_claims AFTER INSERT ON calls REFERENCING NEW TABLE AS new_calls
    FOR EACH STATEMENT EXECUTE FUNCTION end_claims();
