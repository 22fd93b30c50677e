"""What a run reads of some documents at once: texts, chunks, vectors, and the cells that are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.extractions.plan import Chunk, Source
from crucible_assets.extractions.retrieve import FIRST_ASKED
from resources.database.engine import TenantSession
from resources.database.repositories import cells as cell_store
from resources.database.repositories.documents import DocumentRow, load_texts
from resources.database.repositories.passages import load_spans, load_vectors

Known = Mapping[tuple[UUID, str, str], tuple[str, str]]
"""(fingerprint, state) of the cells that are there, by (document, row, variable)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Some documents with all that planning needs; those without a text are not among `sources`."""

    sources: Mapping[UUID, Source]
    known: Known


def load(
    session: TenantSession,
    project_id: str,
    documents: Sequence[DocumentRow],
    language: str | None,
    vector_model: str | None,
    most_whole: int = FIRST_ASKED,
) -> Loaded:
    """Read documents; their passages' vectors too where `vector_model` names the model and they have more chunks."""
    ids = [document.id for document in documents]
    texts, spans = load_texts(session, ids), load_spans(session, ids)
    long = [document for document, found in spans.items() if len(found) > most_whole]
    vectors = load_vectors(session, long, vector_model) if vector_model and long else {}
    sources = {}
    for document in documents:
        if document.id not in texts:
            continue
        matrix, places = vectors.get(document.id, (None, ()))
        sources[document.id] = Source(
            id=document.id,
            name=document.name,
            batch=document.batch,
            text=texts[document.id].text,
            segments=texts[document.id].segments,
            language=_language(document.language, language),
            chunks=tuple(Chunk(*span) for span in spans.get(document.id, ())),
            vectors=matrix,
            vector_chunks=places,
        )
    return Loaded(sources, cell_store.fingerprints(session, project_id, ids))


def _language(recognised: str | None, project: str | None) -> str | None:
    """A document's language; the project's where it is the same one and also names the region ('en-GB')."""
    if recognised is None or project is None:
        return recognised or project
    return project if project.partition("-")[0] == recognised.partition("-")[0] else recognised
