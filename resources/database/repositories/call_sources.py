"""Documents whose words a call saw: when one of their texts goes, what the call said goes with it (a trigger)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.repositories.statements import present_texts
from resources.database.tables import call_sources


def all_present(session: TenantSession, ids: Sequence[UUID]) -> bool:
    """Whether each of these documents has a text, which then stays until the transaction ends."""
    return not ids or present_texts(session, ids) >= set(ids)


def add_call_sources(session: TenantSession, sources: Mapping[str, Sequence[UUID]]) -> None:
    """Store which documents finished calls saw, by the calls' keys. All of them have a text (`all_present`)."""
    rows = [{"call_key": key, "document_id": id_} for key, ids in sources.items() for id_ in dict.fromkeys(ids)]
    insert_rows(session, call_sources, rows)
