"""Words of documents, by where they stand."""

from collections.abc import Sequence

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.search_state import Stretch

_WORDS = sa.text(
    'SELECT h.n, substring(t.text, h.start + 1, h."end" - h.start) '
    "FROM unnest(CAST(:documents AS uuid[]), CAST(:starts AS int[]), CAST(:ends AS int[])) "
    'WITH ORDINALITY AS h(document_id, start, "end", n) JOIN document_texts t ON t.document_id = h.document_id'
)


def words_at(session: TenantSession, stretches: Sequence[Stretch]) -> list[str]:
    """The text of each stretch; empty where the document has no text (any more)."""
    if not stretches:
        return []
    found = [""] * len(stretches)
    ids, starts, ends = (list(part) for part in zip(*stretches, strict=True))
    for number, words in session.execute(_WORDS, {"documents": ids, "starts": starts, "ends": ends}):
        found[number - 1] = words
    return found
