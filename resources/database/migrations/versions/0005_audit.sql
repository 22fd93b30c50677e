-- The audit log's chain, as of revision 0005. Never edited: a change is a new revision.

-- The end of the chain is found by the primary key whoever the tenant is. Sessions plan each statement anew, which
-- took longer than everything else that an entry needs.
ALTER FUNCTION chain_audit_log() SET plan_cache_mode = force_generic_plan;
