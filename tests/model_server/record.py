"""What the server remembers of each request, so that tests can prove what was asked, how often and at what price."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.model_server.config import Fault


@dataclass(slots=True)
class Call:
    """One request to a model endpoint, or one item of a provider batch.

    Filled in as the answer proceeds; times in seconds since the start.
    """

    number: int  # from 1, in order of arrival
    api: str  # 'openai' or 'anthropic'
    path: str
    model: str
    body_hash: str  # SHA-256 of the body's bytes, hexadecimal
    attempt: int  # how often this body has come, from 1
    key: str  # the credential that was sent
    started_s: float
    in_flight: int  # requests that were being answered when this one came, itself included
    document: str = ""  # the first words of the document, see `document_label`
    question_hash: str = ""  # SHA-256 of model, document and variables: the same question in other words
    variables: tuple[str, ...] = ()
    stream: bool = False
    status: int = 0  # HTTP status that was sent; 0: none
    fault: Fault | None = None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    delivered: bool = False  # the whole response was written while the client was there
    ended_s: float | None = None
    note: str | None = None  # what the answerer wants to be known
    body: Mapping[str, Any] | None = None  # the request, unless bodies are not kept
    batch: str | None = None  # the provider batch of which this was an item; None: a live call
    custom_id: str | None = None  # the item's name in its batch

    @property
    def answered(self) -> bool:
        """Whether the provider would have asked money: a completion was made, well or badly."""
        return self.status == 200

    @property
    def useful(self) -> bool:
        """Whether the client received a whole and unspoilt answer; an item's can be downloaded from then on."""
        return self.status == 200 and self.delivered and self.fault is None


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals over calls: live ones and items of batches together, then each by itself."""

    calls: int
    answered: int
    useful: int
    in_flight: int
    max_in_flight: int
    held: int  # of those in flight, the ones whose answer is held back
    by_status: dict[str, int]
    by_path: dict[str, int]
    by_fault: dict[str, int]
    bodies: int  # different bodies
    useful_again: int  # useful answers to a body that had a useful answer: money spent twice
    questions_again: int  # the same, by question
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    batches: int  # provider batches that were made, failed ones included
    live_calls: int
    live_useful: int
    live_input_tokens: int
    live_cached_tokens: int
    live_output_tokens: int
    batch_items: int  # items that a provider worked on: neither expired nor cancelled
    batch_useful: int
    batch_input_tokens: int
    batch_cached_tokens: int
    batch_output_tokens: int


def document_label(document: str, words: int = 12) -> str:
    """The first words of a document, to recognise it by."""
    return " ".join(document[:400].split()[:words])


def stats(calls: Sequence[Call], batches: int = 0, held: int = 0) -> Stats:
    """Totals over `calls`, the number of batches made and of answers held back."""
    live = [call for call in calls if call.batch is None]
    items = [call for call in calls if call.batch is not None]
    useful = [call for call in calls if call.useful]
    bodies = Counter(call.body_hash for call in useful)
    questions = Counter(call.question_hash for call in useful if call.question_hash)
    return Stats(
        calls=len(calls),
        answered=sum(call.answered for call in calls),
        useful=len(useful),
        in_flight=sum(call.ended_s is None for call in calls),
        max_in_flight=max((call.in_flight for call in calls), default=0),
        held=held,
        by_status=dict(Counter(str(call.status) for call in calls)),
        by_path=dict(Counter(call.path for call in calls)),
        by_fault=dict(Counter(str(call.fault) for call in calls if call.fault is not None)),
        bodies=len({call.body_hash for call in calls}),
        useful_again=sum(times - 1 for times in bodies.values()),
        questions_again=sum(times - 1 for times in questions.values()),
        input_tokens=sum(call.input_tokens for call in calls),
        cached_tokens=sum(call.cached_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        batches=batches,
        live_calls=len(live),
        live_useful=sum(call.useful for call in live),
        live_input_tokens=sum(call.input_tokens for call in live),
        live_cached_tokens=sum(call.cached_tokens for call in live),
        live_output_tokens=sum(call.output_tokens for call in live),
        batch_items=len(items),
        batch_useful=sum(call.useful for call in items),
        batch_input_tokens=sum(call.input_tokens for call in items),
        batch_cached_tokens=sum(call.cached_tokens for call in items),
        batch_output_tokens=sum(call.output_tokens for call in items),
    )


def call_as_json(call: Call) -> dict[str, Any]:
    """A call as `GET /_stats?calls=1` gives it."""
    return asdict(call)


def call_from_json(record: Mapping[str, Any]) -> Call:
    """The call that `call_as_json` described."""
    values = dict(record)
    values["variables"] = tuple(values["variables"])
    values["fault"] = None if values["fault"] is None else Fault(values["fault"])
    return Call(**values)
