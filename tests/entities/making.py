"""What the tests of entities share: projects, documents, mentions, and a model over HTTP."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from crucible_assets.extractions.entities.find import find_entities
from crucible_assets.extractions.entities.mention import Found, Mention
from crucible_assets.extractions.grounding.place import NOT_FOUND, Placement
from crucible_assets.extractions.plan import Chunk, Source
from resources.database.engine import Database
from resources.database.repositories.documents import NewFile, take_in
from resources.database.repositories.projects import save_project
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import Provider
from resources.project import Project, project_from_data
from resources.vocabulary import DocumentOrigin, EvidenceStatus, Segment
from tests.model_server import Answerer, ModelServer


def mention(name: str, at: int | None = None, item: tuple[int, int] | None = None, stretch: int = 0) -> Mention:
    """A mention that was found at `at`, or nowhere."""
    where = NOT_FOUND if at is None else Placement(EvidenceStatus.EXACT, at, at + len(name), 1.0)
    return Mention(name, name, where, at, stretch, item)


def mentioned(text: str, *names: str, last: bool = False) -> list[Mention]:
    """A mention for each name, where it stands in the text: its first occurrence, or its last one."""
    return [mention(name, text.rindex(name) if last else text.index(name)) for name in names]


def study(pattern: str, name: str | None = None) -> Project:
    """A project whose rows are entities; its name is shown to models."""
    return project_from_data(
        {
            "name": name or f"entities {uuid4().hex}",
            "documents": "documents",
            "unit_of_observation": "ENTITY",
            "entity_pattern": pattern,
            "variables": [{"name": "price", "type": "NUMBER", "instructions": "The price."}],
        }
    )


def source_of(text: str, segments: Sequence[Segment] = (), identity: UUID | None = None) -> Source:
    """A document as extraction sees it."""
    return Source(identity or uuid4(), "document.txt", 1, text, tuple(segments), "en", ())


class Finding:
    """Finds entities in documents over a real gateway and ledger, as a run does."""

    def __init__(self, database: Database, provider: Callable[[], Provider]) -> None:
        self.database = database
        self._provider = provider

    def stored(self, project: Project, source: Source) -> Source:
        """The document as the database knows it."""
        digest = hashlib.sha256(source.text.encode()).hexdigest()
        file = NewFile(source.name, digest, len(source.text), f"default/{digest}")
        with self.database.transaction("default") as session:
            save_project(session, project)
            (taken,) = take_in(session, project.id, [file], DocumentOrigin.FOLDER)
        return replace(source, id=taken.document_id)

    def __call__(self, project: Project, text: Source, spans: Sequence[Chunk] = ()) -> Found:
        source = self.stored(project, text)

        async def run() -> Found:
            gateway = Gateway([self._provider()], Ledger(self.database, "default"), concurrency=8, sleep=_at_once)
            try:
                return await find_entities(gateway.route("a"), project, source, spans or [source.whole])
            finally:
                await gateway.close()

        return asyncio.run(run())


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


def served(server: ModelServer, answerer: Answerer | None = None, **settings: Any) -> Callable[[], Provider]:
    """OpenAI's SDK against the server of the test, with these answers."""
    if answerer is not None:
        server.answer_with(answerer)
    if settings:
        server.configure(**settings)
    return lambda: OpenAIProvider("gpt-4.1-mini", api_key="key", base_url=server.openai_url, timeout_seconds=10)
