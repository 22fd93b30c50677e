-- Changes to earlier tables, as of revision 0003. Never edited: a change is a new revision.

ALTER TABLE tasks DROP CONSTRAINT ck_tasks_kind;
ALTER TABLE tasks
    ADD COLUMN created_by TEXT,
    ADD COLUMN last_event BIGINT DEFAULT '0' NOT NULL,
    ADD CONSTRAINT ck_tasks_kind CHECK (
        kind IN ('INGEST', 'SAMPLE', 'FULL', 'EXPORT', 'REFINE', 'REPROCESS_FAILED'));
DROP INDEX uq_tasks_one_active_extraction;
CREATE UNIQUE INDEX uq_tasks_one_active_extraction ON tasks (tenant_id, project_id)
    WHERE kind IN ('SAMPLE', 'FULL', 'REFINE', 'REPROCESS_FAILED') AND status IN ('PENDING', 'RUNNING', 'PAUSED');
CREATE INDEX ix_tasks_created_at ON tasks (tenant_id, created_at, id);
CREATE INDEX ix_tasks_open ON tasks (tenant_id) WHERE status IN ('PENDING', 'RUNNING');

-- For the scheduler: which tenants have work. It looks as each tenant in turn, under row-level security, so that one
-- question answers for hundreds of them; the tenant bound at the end is none.
CREATE FUNCTION tenants_at_work() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    tenant text;
BEGIN
    FOR tenant IN SELECT tenant_ids() LOOP
        PERFORM set_config('app.tenant_id', tenant, true);
        IF EXISTS (SELECT FROM tasks WHERE tenant_id = tenant AND status IN ('PENDING', 'RUNNING')) THEN
            RETURN NEXT tenant;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', '', true);
END $$;

ALTER TABLE calls DROP CONSTRAINT ck_calls_purpose;
ALTER TABLE calls ADD CONSTRAINT ck_calls_purpose CHECK (
    purpose IN ('EXTRACT', 'REPEAT', 'VERIFY', 'FIND_ENTITIES', 'COMPARE_ENTITIES', 'REFINE', 'SUGGEST'));

ALTER TABLE documents DROP CONSTRAINT ck_documents_origin;
ALTER TABLE documents
    ADD COLUMN added_by TEXT,
    ADD CONSTRAINT ck_documents_origin CHECK (origin IN ('FOLDER', 'INBOX', 'UPLOAD'));

-- A prompt version that a person activated stays while the variable says what it said then.
ALTER TABLE prompts
    ADD COLUMN chosen_for TEXT,
    ADD CONSTRAINT ck_prompts_chosen CHECK (active OR chosen_for IS NULL);
GRANT UPDATE (chosen_for) ON prompts TO crucible_app;

-- The log of a task is counted 1, 2, 3, … in the order in which transactions commit: who has read up to a number has
-- missed nothing before it. The task's row is held until then, so no later number can be seen before an earlier one.
-- (The owner of the tables is bound by row-level security too; these rows are of all tenants.)
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE events ADD COLUMN seq BIGINT, ADD COLUMN document_id UUID;
UPDATE events e SET seq = counted.seq FROM (
    SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id, task_id ORDER BY id) AS seq
    FROM events WHERE task_id IS NOT NULL) counted
WHERE e.tenant_id = counted.tenant_id AND e.id = counted.id;
UPDATE tasks t SET last_event = counted.last FROM (
    SELECT tenant_id, task_id, max(seq) AS last FROM events WHERE task_id IS NOT NULL GROUP BY 1, 2) counted
WHERE t.tenant_id = counted.tenant_id AND t.id = counted.task_id;
-- Kinds had no fixed names before; those without one of the new names keep the old one in the payload.
UPDATE events SET kind = 'job_' || kind
    WHERE kind IN ('created', 'paused', 'resumed', 'completed', 'failed', 'cancelled');
UPDATE events SET kind = 'log', payload = payload || jsonb_build_object('about', kind) WHERE kind NOT LIKE 'job\_%';
ALTER TABLE events
    ADD CONSTRAINT ck_events_kind CHECK (
        kind IN ('job_created', 'job_started', 'job_paused', 'job_resumed', 'job_completed', 'job_failed',
            'job_cancelled', 'document_completed', 'document_failed', 'log', 'progress')),
    ADD CONSTRAINT fk_events_documents FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id)
        ON DELETE SET NULL (document_id),
    ADD CONSTRAINT uq_events_seq UNIQUE (tenant_id, task_id, seq),
    ADD CONSTRAINT ck_events_seq CHECK ((task_id IS NULL) = (seq IS NULL));
CREATE UNIQUE INDEX uq_events_document ON events (tenant_id, document_id, task_id, kind)
    WHERE document_id IS NOT NULL;
DROP INDEX ix_events_task;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;

CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.task_id IS NOT NULL THEN
        UPDATE tasks SET last_event = last_event + 1 WHERE tenant_id = NEW.tenant_id AND id = NEW.task_id
            RETURNING last_event INTO NEW.seq;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER number_event BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION number_event();
