-- What stays when a document is deleted, as of revision 0003. Never edited: a change is a new revision.

-- What a call cost stays in the ledger, or budgets and bills would be wrong; what it said of the document goes. Its key
-- goes too: the same document uploaded again is asked anew, and must not find an empty answer.
ALTER TABLE calls DROP CONSTRAINT fk_calls_documents;
ALTER TABLE calls ADD CONSTRAINT fk_calls_documents FOREIGN KEY (tenant_id, document_id)
    REFERENCES documents (tenant_id, id) ON DELETE SET NULL (document_id);
CREATE INDEX ix_calls_document ON calls (tenant_id, document_id) WHERE document_id IS NOT NULL;

CREATE FUNCTION forget_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.key := 'deleted:' || gen_random_uuid();
    NEW.reply := '';
    NEW.row_key := '';
    NEW.span_start := NULL;
    NEW.span_end := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER forget BEFORE UPDATE ON calls FOR EACH ROW
    WHEN (OLD.document_id IS NOT NULL AND NEW.document_id IS NULL) EXECUTE FUNCTION forget_call();

-- A line of a task's log keeps its number, so that nobody who reads on misses one; it names the document no more.
CREATE FUNCTION forget_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.message := 'about a document that was deleted';
    NEW.payload := '{}'::jsonb;
    RETURN NEW;
END $$;
CREATE TRIGGER forget BEFORE UPDATE ON events FOR EACH ROW
    WHEN (OLD.document_id IS NOT NULL AND NEW.document_id IS NULL) EXECUTE FUNCTION forget_event();

CREATE INDEX ix_documents_created_at ON documents (tenant_id, created_at, id);
