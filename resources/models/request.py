"""What is asked of a language model, and what comes back: the contract between pipeline and providers.

A request is rendered text (`system`, `document`, `question`) and the JSON Schema of the answer. `fields` says the
same in structured form; a provider that is no language model (the reader) works from it. Everything in `fields`
is also in the rendered text or the schema, so the ledger's key need not contain it.

The answer to every request is one JSON object with one entry per field:

    {"<name>": {"found": true, "value": …, "source_text": "…", "confidence": 0.9}}
    {"<name>": {"found": true, "values": [{"value": …, "source_text": "…", "confidence": 0.9}, …]}}   (multiple)
    {"<name>": {"found": false, "value": null, "source_text": null, "confidence": 0.8}}               (absent)

When one field is asked, its entry stands alone, without the name: the schema is then the same for every variable.

`source_text` is quoted verbatim from the document. `value` of DATE is ISO (YYYY-MM-DD, or YYYY-MM, or YYYY) where
the provider can, of CATEGORY one of the category names, of BOOLEAN a JSON boolean; coercion happens later, so a
provider may also give the words as they stand.

Where the unit of observation is an entity, a request may look for rows instead (`rows` set, no fields):

    {"rows": [{"name": "…", "source_text": "…"}, …]}

and a request for values may be about one row (`row` set). Both are in the rendered text as well; only the places
of a row are not, so a provider that works from them has them among its `parameters`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from resources.models.decisions.limits import ObservedLimits
from resources.vocabulary import VariableType


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked: a variable, seen from the provider's side."""

    name: str
    type: VariableType
    instructions: str
    title: str
    categories: tuple[tuple[str, str], ...] = ()  # (exact name, when it applies)
    multiple: bool = False
    max_values: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """The entities that are looked for in the document, each to become a row."""

    pattern: str  # what an entity is, in the researcher's words
    known: tuple[str, ...] = ()  # names that were found before and need not be given again


@dataclass(frozen=True, slots=True)
class RowAsked:
    """The one entity that the fields are asked of."""

    name: str
    spans: tuple[tuple[int, int], ...] = ()  # stretches of `ModelRequest.document` about it and no other, in order


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call. The document comes before the question so that prefix caches serve further questions."""

    system: str
    document: str  # its text without the fence, exactly as quotes are looked up in it; '': only the question is put
    fence: str  # unguessable word that fences the document in the rendered prompt
    question: str
    schema: dict[str, Any] | None  # the same for all questions of a kind, for prefix caches; None: plain text
    schema_name: str
    fields: tuple[Field, ...]
    temperature: float
    max_output_tokens: int
    language: str | None = None
    local_schema: dict[str, Any] | None = None  # tighter; for models that are constrained while they write
    sample: int = 0  # above 0: the same question asked once more on purpose; part of the ledger's key
    rows: RowsWanted | None = None  # entities are looked for; `fields` is empty
    row: RowAsked | None = None  # the fields are asked of one entity

    @property
    def document_message(self) -> str:
        """The fenced document as the model sees it."""
        return f"<document-{self.fence}>\n{self.document}\n</document-{self.fence}>"

    @property
    def user_text(self) -> str:
        """All that is said to the model beside `system`, for those that take one text."""
        return f"{self.document_message}\n\n{self.question}" if self.document else self.question

    @property
    def size_bytes(self) -> int:
        """UTF-8 bytes of all that the model is to read: texts and schema."""
        texts = (self.system, self.user_text, "" if self.schema is None else str(self.schema))
        return sum(len(t) if t.isascii() else len(t.encode("utf-8", "surrogatepass")) for t in texts)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the provider reports them; `input_tokens` includes the cached ones."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The text of one answer, why it ended, and what it used."""

    text: str
    finish_reason: str  # 'stop' or 'length', or the provider's own word
    usage: Usage
    model: str  # the model that answered, as the provider names it
    request_id: str | None = None
    limits: ObservedLimits | None = None  # of the account with the provider, as told with the response


class Provider(Protocol):
    """One way to reach a language model. Raises the errors of `resources.models.errors`."""

    name: str  # 'anthropic', 'openai', 'gguf', 'local'
    model: str
    reads_whole_documents: bool  # True: the whole text is given however long; False: chunks of long documents
    caches_prefixes: bool  # True: once a document was read, further questions about it cost less

    account: str | None  # whose limits and breaker it shares; None: runs here and has none

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """The answer's schema as this provider sends it; part of the ledger's key. None: plain text."""
        ...

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Everything beside the messages and the schema that can change the answer; part of the ledger's key."""
        ...

    async def generate(self, request: ModelRequest) -> ModelReply:
        """Answer one request; no retries of its own."""
        ...

    async def stream(self, request: ModelRequest, deliver: Callable[[str], None]) -> ModelReply:
        """Answer one request, handing on stretches of the text as they come; no retries of its own."""
        ...

    async def close(self) -> None:
        """Close clients, in the event loop that opened them."""
        ...
