-- Changes to the tables of revision 0001, as of revision 0002. Never edited: a change is a new revision.

ALTER TABLE tasks DROP CONSTRAINT ck_tasks_kind;
ALTER TABLE tasks ADD CONSTRAINT ck_tasks_kind CHECK (kind IN ('INGEST', 'SAMPLE', 'FULL', 'EXPORT', 'REFINE'));
DROP INDEX uq_tasks_one_active_extraction;
CREATE UNIQUE INDEX uq_tasks_one_active_extraction ON tasks (tenant_id, project_id)
    WHERE kind IN ('SAMPLE', 'FULL', 'REFINE') AND status IN ('PENDING', 'RUNNING', 'PAUSED');

-- Lineage: what a call was for, and which stretch of the document it was asked about.
ALTER TABLE calls
    ADD COLUMN purpose TEXT DEFAULT 'EXTRACT' NOT NULL,
    ADD COLUMN row_key TEXT DEFAULT '' NOT NULL,
    ADD COLUMN span_start INTEGER,
    ADD COLUMN span_end INTEGER,
    ADD COLUMN arm TEXT,
    ADD COLUMN batch_id UUID,
    ADD CONSTRAINT ck_calls_purpose CHECK (
        purpose IN ('EXTRACT', 'REPEAT', 'VERIFY', 'FIND_ENTITIES', 'COMPARE_ENTITIES', 'REFINE'));

ALTER TABLE cells ADD COLUMN uncalibrated REAL;
ALTER TABLE cell_history ADD COLUMN uncalibrated REAL;

-- A verdict is about the cell as the person saw it; a table that nothing wrote until now.
ALTER TABLE feedback
    ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    ADD COLUMN judged_state TEXT NOT NULL,
    ADD COLUMN judged_value JSONB,
    ADD CONSTRAINT ck_feedback_judged_state CHECK (
        judged_state IN ('VALUE', 'ABSENT', 'NOT_APPLICABLE', 'UNCERTAIN', 'FAILED'));
CREATE INDEX ix_feedback_cell ON feedback (tenant_id, project_id, document_id, row_key, variable);

CREATE OR REPLACE FUNCTION keep_cell_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, OLD.value, OLD.evidence, OLD.prompt_version, OLD.model, OLD.confidence, OLD.reasons)
        IS DISTINCT FROM
       (NEW.state, NEW.value, NEW.evidence, NEW.prompt_version, NEW.model, NEW.confidence, NEW.reasons) THEN
        INSERT INTO cell_history (tenant_id, project_id, document_id, row_key, variable, state, value, raw,
            confidence, uncalibrated, evidence, reasons, prompt_version, model, call_keys, fingerprint, task_id,
            updated_at)
        VALUES (OLD.tenant_id, OLD.project_id, OLD.document_id, OLD.row_key, OLD.variable, OLD.state, OLD.value,
            OLD.raw, OLD.confidence, OLD.uncalibrated, OLD.evidence, OLD.reasons, OLD.prompt_version, OLD.model,
            OLD.call_keys, OLD.fingerprint, OLD.task_id, OLD.updated_at);
    END IF;
    RETURN NEW;
END $$;
