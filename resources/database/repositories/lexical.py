"""The leg of words: BM25 over postings, higher where phrases and neighbouring words stand as they were asked.

BM25 is Robertson and Zaragoza's (2009, k1 = 1.2, b = 0.75). The forms that a word has in several languages are one
word: its frequency is the sum of theirs (Pirkola 1998). Conditions on indexed columns are leakproof, so that the
primary key of `postings` is used beneath row-level security; it holds all that is read, in the order of terms. Scores
are rounded to nine decimals, so that passages with the same words tie however they were added up, and the tie is
broken by their ids.
"""

import re
from typing import Any

from resources.database.repositories.eligible import Eligible
from resources.search.query import Query

PAIR_BOOST = 0.5
"""Passages with all pairs of neighbouring words of the query weigh half as much again. Measured on 1,190 questions
each in English, German and Chinese and 307 queries of Cranfield, CACM and MED: nDCG@10 +0.0019 (p = 0.0002)."""
PHRASE_BOOST = 1.0

# A word in more than 30 % of the passages tells little and costs most; it is left out where another word of the query
# is found (search_statistics.frequent; none are kept for small projects).
_LEG = """
statistic AS MATERIALIZED (
    SELECT n, greatest(words / n, 1) AS mean, frequent FROM (
        SELECT greatest(coalesce(max(passages), 0), 1)::float8 AS n, coalesce(max(words), 0)::float8 AS words,
            max(frequent) AS frequent
        FROM search_statistics WHERE project_id = :project) s
),
asked AS MATERIALIZED (
    SELECT term, word FROM unnest(CAST(:terms AS text[]), CAST(:words AS int[])) a(term, word)
),
telling AS MATERIALIZED (
    SELECT array_agg(term) AS terms FROM asked WHERE word NOT IN (
        SELECT word FROM asked WHERE term = ANY((SELECT frequent FROM statistic)::text[]))
),
chosen AS MATERIALIZED (
    SELECT CASE WHEN EXISTS (
        SELECT FROM postings WHERE project_id = :project AND term = ANY((SELECT terms FROM telling)::text[])
    ) THEN (SELECT terms FROM telling) ELSE CAST(:terms AS text[]) END AS terms
),
posted AS MATERIALIZED (
    SELECT document_id, term, entries FROM postings
    WHERE project_id = :project AND term = ANY((SELECT terms FROM chosen)::text[])
),
rarity AS MATERIALIZED (
    SELECT term, word, forms, 0.9::float8 / mean AS slope,
        2.2::float8 * ln(1 + (greatest(n, df) - df + 0.5) / (df + 0.5)) AS weight FROM (
        SELECT term, word, count(*) OVER same > 1 AS forms, sum(df) OVER same AS df
        FROM (SELECT term, sum(cardinality(entries))::float8 AS df FROM posted GROUP BY term) t
        JOIN asked USING (term)
        WINDOW same AS (PARTITION BY word)) w CROSS JOIN statistic
),
counted AS (
    SELECT document_id, (e >> 32)::int AS passage,
        weight * (e & 65535)::float8 / ((e & 65535)::float8 + 0.3::float8
            + slope * ((e >> 16) & 65535)::float8) AS part
    FROM (
        SELECT p.document_id, unnest(p.entries) AS e, r.weight, r.slope
        FROM posted p JOIN rarity r USING (term) WHERE NOT r.forms AND {eligible}) single
    UNION ALL
    SELECT document_id, (e >> 32)::int,
        weight * sum(e & 65535)::float8 / (sum(e & 65535)::float8 + 0.3::float8
            + slope * max((e >> 16) & 65535)::float8)
    FROM (
        SELECT p.document_id, unnest(p.entries) AS e, r.word, r.weight, r.slope
        FROM posted p JOIN rarity r USING (term) WHERE r.forms AND {eligible}) several
    GROUP BY document_id, e >> 32, word, weight, slope
),
weighed AS MATERIALIZED (
    SELECT document_id, passage, round(1e9::float8 * sum(part)) / 1e9::float8 AS score
    FROM counted GROUP BY document_id, passage ORDER BY score DESC, document_id, passage LIMIT :candidates
),
worded AS MATERIALIZED ({worded}),
lexical AS (
    SELECT *, row_number() OVER (ORDER BY score DESC, document_id, passage) AS rank FROM worded
)"""
_AS_THEY_ARE = "SELECT * FROM weighed"
# OFFSET 0: the plain text is made once for each passage, not for each pair
_CLOSE = """
    SELECT w.document_id, w.passage, w.score * (1
        + :pair_boost * (SELECT count(*) FROM unnest(CAST(:pairs AS text[])) s WHERE strpos(t.plain, s) > 0)
            / greatest(cardinality(CAST(:pairs AS text[])), 1)
        + :phrase_boost * (SELECT count(*) FROM unnest(CAST(:phrases AS text[])) s WHERE p.text ~* s)
            / greatest(cardinality(CAST(:phrases AS text[])), 1)
    ) AS score
    FROM weighed w
    JOIN passages p ON p.document_id = w.document_id AND p.index = w.passage
    CROSS JOIN LATERAL (SELECT replace(lower(p.text), E'\\n', ' ') AS plain OFFSET 0) t"""
NO_LEXICAL_LEG = """
lexical AS (
    SELECT NULL::uuid AS document_id, NULL::int AS passage, NULL::float8 AS score, NULL::bigint AS rank WHERE false
)"""


def lexical_leg(query: Query, within: Eligible, pair_boost: float, phrase_boost: float) -> tuple[str, dict[str, Any]]:
    """The common table expression `lexical` (document_id, passage, score, rank), and its values.

    The expression and the values of `within`, and `:candidates`, are the caller's.
    """
    may_answer = within.holds("p.document_id")
    values: dict[str, Any] = {"terms": list(query.terms), "words": list(query.words)}
    pairs = list(query.pairs) if pair_boost else []
    if not pairs and not query.phrases:
        return _LEG.format(eligible=may_answer, worded=_AS_THEY_ARE), values
    values |= {"pairs": pairs, "phrases": [_pattern(phrase) for phrase in query.phrases]}
    values |= {"pair_boost": float(pair_boost), "phrase_boost": float(phrase_boost)}
    return _LEG.format(eligible=may_answer, worded=_CLOSE), values


def _pattern(phrase: str) -> str:
    """A phrase as PostgreSQL's regular expression: anything but words may stand between its words.

    Its ends are ends of words, but for scripts without spaces. Folding makes `ss` of `ß`.
    """
    pattern = r"\W+".join(re.escape(word) for word in phrase.split(" ")).replace("ss", "(?:ss|ß)")
    first, last = phrase[0] < "\u0e00" and phrase[0].isalnum(), phrase[-1] < "\u0e00" and phrase[-1].isalnum()
    return (r"\m" if first else "") + pattern + (r"\M" if last else "")
