-- Postings that are read from their index alone, as of revision 0005. Never edited: a change is a new revision.

-- The rows of a document lie together, so that a term of 3,000 documents stood on 3,000 pages of the table. The primary
-- key has them in the order of terms, with all that scoring reads; a row of it must fit into a third of a page, hence
-- `part`: a document that has a term in more than 128 passages has several rows.
ALTER TABLE postings NO FORCE ROW LEVEL SECURITY; -- the owner is bound by it too; for the split it is not
ALTER TABLE postings ADD COLUMN part INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE postings DROP CONSTRAINT pk_postings;
DROP INDEX ix_postings_term;
INSERT INTO postings (tenant_id, document_id, term, project_id, entries, part)
    SELECT tenant_id, document_id, term, project_id, entries[128 * n + 1 : 128 * n + 128], n
    FROM postings, generate_series(1, (cardinality(entries) - 1) / 128) n WHERE cardinality(entries) > 128;
UPDATE postings SET entries = entries[1:128] WHERE cardinality(entries) > 128;
ALTER TABLE postings ADD CONSTRAINT pk_postings
    PRIMARY KEY (tenant_id, project_id, term, document_id, part) INCLUDE (entries);
ALTER TABLE postings FORCE ROW LEVEL SECURITY;
CREATE INDEX ix_postings_document ON postings (tenant_id, document_id);
-- only what vacuum has seen is read from the index alone
ALTER TABLE postings SET (autovacuum_vacuum_insert_scale_factor = 0.05);

-- Why the words of a query did not decide.
ALTER TABLE searches NO FORCE ROW LEVEL SECURITY;
ALTER TABLE searches ADD COLUMN without_words TEXT;
UPDATE searches SET without_words = 'NOT_ASKED' WHERE mode = 'vectors';
-- Whether there was more than was kept; where nobody looked it is likely.
ALTER TABLE searches ADD COLUMN more BOOLEAN DEFAULT false NOT NULL;
UPDATE searches SET more = true WHERE found >= 200;
ALTER TABLE searches FORCE ROW LEVEL SECURITY;
ALTER TABLE searches ADD CONSTRAINT ck_searches_without_words CHECK (without_words IN ('NOT_ASKED', 'OTHER_LANGUAGE'));
ALTER TABLE searches ADD CONSTRAINT ck_searches_words CHECK ((mode = 'vectors') = (coalesce(without_words, '') = 'NOT_ASKED'));

-- Documents that are not searched because a newer version is there: few, so that they are left out, not the others let in.
CREATE INDEX ix_documents_former ON documents (tenant_id, project_id) INCLUDE (id) WHERE NOT current;
