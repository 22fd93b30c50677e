-- What goes with the text of a document, as of revision 0005. Never edited: a change is a new revision.
-- These run for the owner of the tables where a foreign key deletes, so each names the tenant itself.

-- A text that is read anew, and differs, is another text: what pointed into it pointed at other words.
CREATE FUNCTION forget_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM citations WHERE tenant_id = OLD.tenant_id AND document_id = OLD.document_id;
    DELETE FROM answer_sources WHERE tenant_id = OLD.tenant_id AND document_id = OLD.document_id;
    DELETE FROM summaries WHERE tenant_id = OLD.tenant_id AND document_id = OLD.document_id;
    DELETE FROM call_sources WHERE tenant_id = OLD.tenant_id AND document_id = OLD.document_id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER UPDATE ON document_texts FOR EACH ROW
    WHEN (OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION forget_text();

-- A statement that loses one of its citations goes; the summary or theme that it was in is to be made anew.
CREATE FUNCTION forget_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM statements WHERE tenant_id = OLD.tenant_id AND id = OLD.statement_id
        RETURNING summary_id, theme_id),
    summary AS (
        UPDATE summaries s SET stale = true FROM gone
        WHERE s.tenant_id = OLD.tenant_id AND s.id = gone.summary_id AND NOT s.stale)
    UPDATE themes t SET stale = true, label = NULL, keywords = '{}' FROM gone
    WHERE t.tenant_id = OLD.tenant_id AND t.id = gone.theme_id AND NOT t.stale;
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER DELETE ON citations FOR EACH ROW EXECUTE FUNCTION forget_statement();

-- An answer of which nothing is left answers nothing any more. The row is held first, so that an answer which ends at
-- the same time either is seen as ended here, or sees there what is gone (`end_answer`).
CREATE FUNCTION withdraw_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM answers WHERE tenant_id = OLD.tenant_id AND id = OLD.answer_id FOR NO KEY UPDATE;
    UPDATE answers SET status = 'WITHDRAWN'
    WHERE tenant_id = OLD.tenant_id AND id = OLD.answer_id AND status = 'ANSWERED' AND NOT EXISTS (
        SELECT FROM statements s
        WHERE s.tenant_id = OLD.tenant_id AND s.answer_id = OLD.answer_id AND s.support <> 'UNSUPPORTED');
    RETURN NULL;
END $$;
CREATE TRIGGER withdraw AFTER DELETE ON statements FOR EACH ROW
    WHEN (OLD.answer_id IS NOT NULL) EXECUTE FUNCTION withdraw_answer();

-- A project's summary was made from those of its documents: what in it is not proven may be words of this one.
CREATE FUNCTION forget_in_project_summary() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole uuid;
BEGIN
    UPDATE summaries SET stale = true
    WHERE tenant_id = OLD.tenant_id AND project_id = OLD.project_id AND document_id IS NULL
    RETURNING id INTO whole;
    DELETE FROM statements WHERE tenant_id = OLD.tenant_id AND summary_id = whole AND support <> 'SUPPORTED';
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER DELETE ON summaries FOR EACH ROW
    WHEN (OLD.document_id IS NOT NULL) EXECUTE FUNCTION forget_in_project_summary();

-- What an answer says without citing may come from any of its sources; how later questions were understood, too.
CREATE FUNCTION forget_source() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    conversation uuid;
    place integer;
BEGIN
    UPDATE answers SET sources_deleted = sources_deleted + 1 WHERE tenant_id = OLD.tenant_id AND id = OLD.answer_id
    RETURNING conversation_id, number INTO conversation, place;
    IF NOT FOUND THEN
        RETURN NULL; -- the answer itself is being deleted
    END IF;
    DELETE FROM statements s WHERE s.tenant_id = OLD.tenant_id AND s.answer_id = OLD.answer_id
        AND NOT EXISTS (SELECT FROM citations c WHERE c.tenant_id = s.tenant_id AND c.statement_id = s.id);
    UPDATE answers SET questions = ARRAY[question] WHERE tenant_id = OLD.tenant_id
        AND conversation_id = conversation AND number > place AND questions <> ARRAY[question];
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER DELETE ON answer_sources FOR EACH ROW EXECUTE FUNCTION forget_source();

-- The words of a theme may be those of the passage.
CREATE FUNCTION forget_theme() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE themes SET stale = true, label = NULL, keywords = '{}'
    WHERE tenant_id = OLD.tenant_id AND id = OLD.theme_id AND NOT stale;
    RETURN NULL;
END $$;
CREATE TRIGGER forget AFTER DELETE ON theme_passages FOR EACH ROW EXECUTE FUNCTION forget_theme();

-- What a call cost stays, what it said goes; and its key, so that the same request is asked anew. It runs as the owner of
-- the tables: nobody else may change what was paid for.
CREATE FUNCTION forget_call_of_sources() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE public.calls SET key = 'deleted:' || gen_random_uuid(), reply = ''
    WHERE tenant_id = OLD.tenant_id AND key = OLD.call_key AND key NOT LIKE 'deleted:%';
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION forget_call_of_sources() FROM PUBLIC;
CREATE TRIGGER forget AFTER DELETE ON call_sources FOR EACH ROW EXECUTE FUNCTION forget_call_of_sources();
