"""The reader behind the providers' interface: no key, no network, no language model."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from resources.models.reader.analysis import AnalysisCache
from resources.models.reader.reading import read_analysis
from resources.models.reader.scoring import Similarity
from resources.models.request import ModelReply, ModelRequest, Usage

VERSION = "7"  # changes whenever answers can change, so that the ledger does not give old ones


class Reader:
    """Typed recognisers over the sentences and cells that are most like the question.

    It copies, never composes, and says absent below a threshold. `similarity` is an optional dense scorer,
    (question, sentences) → one score 0..1 per sentence; a reader with one is another model and says so.
    """

    name = "local"
    account: str | None = None
    reads_whole_documents = True
    caches_prefixes = False

    def __init__(self, similarity: Similarity | None = None, kept_documents: int = 8) -> None:
        self.model = f"reader-{VERSION}" + ("-dense" if similarity is not None else "")
        self._similarity = similarity
        self._cache = AnalysisCache(kept_documents)

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """Not looked at."""
        return request.schema

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Nothing beside the question changes an answer."""
        return {}

    async def generate(self, request: ModelRequest) -> ModelReply:
        """The answer object as JSON text; uses no tokens. Runs in a thread, so the event loop stays free."""
        text = await asyncio.to_thread(self._answer, request)
        return ModelReply(text=text, finish_reason="stop", usage=Usage(), model=self.model)

    async def stream(self, request: ModelRequest, deliver: Callable[[str], None]) -> ModelReply:
        """The answer in one piece."""
        reply = await self.generate(request)
        deliver(reply.text)
        return reply

    async def close(self) -> None:
        """Nothing is open."""

    def _answer(self, request: ModelRequest) -> str:
        analysis = self._cache.get(request.document)
        answer = read_analysis(analysis, request.fields, self._similarity)
        return json.dumps(answer, ensure_ascii=False)
