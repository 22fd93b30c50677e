-- What gave the hits of a search their order, as of revision 0005. Never edited: a change is a new revision.

-- searches from before were not reranked
ALTER TABLE searches ADD COLUMN reranker TEXT;
ALTER TABLE searches ADD COLUMN without_reranking TEXT DEFAULT 'OFF';
ALTER TABLE searches ALTER COLUMN without_reranking DROP DEFAULT;
ALTER TABLE searches ADD CONSTRAINT ck_searches_without_reranking CHECK (
    without_reranking IN ('OFF', 'NO_CHOICE', 'NOT_SET_UP', 'UNREADABLE', 'UNAVAILABLE', 'REFUSED', 'BAD_REPLY'));
ALTER TABLE searches ADD CONSTRAINT ck_searches_reranker CHECK ((reranker IS NULL) = (without_reranking IS NOT NULL));
ALTER TABLE search_hits ADD COLUMN rank_before INTEGER;
ALTER TABLE search_hits ADD COLUMN rerank_score DOUBLE PRECISION;
