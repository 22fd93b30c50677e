-- Changes to earlier tables, as of revision 0005. Never edited: a change is a new revision.

ALTER TABLE tasks DROP CONSTRAINT ck_tasks_kind;
ALTER TABLE tasks ADD CONSTRAINT ck_tasks_kind CHECK (
    kind IN ('INGEST', 'SAMPLE', 'FULL', 'EXPORT', 'REFINE', 'REPROCESS_FAILED', 'ASK', 'SUMMARISE', 'EXTRACT_THEMES'));

ALTER TABLE calls DROP CONSTRAINT ck_calls_purpose;
ALTER TABLE calls ADD CONSTRAINT ck_calls_purpose CHECK (
    purpose IN ('EXTRACT', 'REPEAT', 'VERIFY', 'FIND_ENTITIES', 'COMPARE_ENTITIES', 'REFINE', 'SUGGEST', 'UNDERSTAND',
    'ANSWER', 'CHECK', 'REMEMBER', 'SUMMARISE', 'LABEL'));
