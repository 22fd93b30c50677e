"""The reader behind the providers' interface: no key, no network, no language model."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from resources.models.reader.analysis import AnalysisCache
from resources.models.reader.reading import read_analysis
from resources.models.reader.rows import rows_in, text_of_row
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
        """Where the row stands that the fields are asked of; nothing else beside the question changes an answer."""
        return {} if request.row is None else {"row": [list(span) for span in request.row.spans]}

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
        return json.dumps(self._answer_object(request), ensure_ascii=False)

    def _answer_object(self, request: ModelRequest) -> dict[str, Any]:
        if request.rows is not None:
            return {"rows": rows_in(self._cache.get(request.document), request.rows)}
        if "same" in (request.schema or {}).get("properties", {}):
            return {"same": None, "reason": "the reader cannot judge names"}
        text = request.document
        if request.row is not None and request.row.spans:
            text = text_of_row(text, request.row.spans)
        return read_analysis(self._cache.get(text), request.fields, self._similarity)
