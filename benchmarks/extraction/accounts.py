"""What the server's record says about a run: how full it was kept, and what was paid for more than once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.extraction.corpus import Corpus
from tests.model_server import Call

CHAT = "/v1/chat/completions"


def chats(calls: Sequence[Call]) -> list[Call]:
    """The calls to the language model; embeddings and the rest are left out."""
    return [call for call in calls if call.path == CHAT]


def mean_in_flight(calls: Sequence[Call]) -> float:
    """Mean number of requests in flight at the server while work remained: until the last request came.

    0 when fewer than two requests came.
    """
    if len(calls) < 2:
        return 0.0
    first, last = min(call.started_s for call in calls), max(call.started_s for call in calls)
    if last <= first:
        return 0.0
    busy = sum(min(last if call.ended_s is None else call.ended_s, last) - call.started_s for call in calls)
    return busy / (last - first)


@dataclass(frozen=True, slots=True)
class Paid:
    """Finished answers by what they were good for; all of them cost money at a provider."""

    answers: int  # finished and delivered
    again: int  # whole answers to a body that had a whole answer before: money spent twice
    again_at_kill: int  # of these, those whose first answer was on its way at the kill, or written just before
    oldest_s: float  # how long before the kill the oldest of the first answers was written; 0 without a kill
    after_spoilt: int  # answers to a body whose earlier answers were all invalid or cut off


def paid(calls: Sequence[Call], killed_s: float | None = None, window_s: float = 0.1) -> Paid:
    """Account of the calls in order of their ends; times in seconds since the server's start or last reset.

    `window_s` is how long before the kill an answer may have been written and still count as on its way: the client
    has to read it and to store it.
    """
    finished = sorted(
        (call for call in calls if call.answered and call.delivered), key=lambda call: call.ended_s or 0.0
    )
    whole: dict[str, Call] = {}
    spoilt: set[str] = set()
    repeated: set[str] = set()  # a kill excuses one repetition, not several
    again = again_at_kill = after_spoilt = 0
    oldest_s = 0.0
    for call in finished:
        if call.body_hash in whole:
            again += 1
            first = whole[call.body_hash]
            if killed_s is not None and first.started_s <= killed_s and call.body_hash not in repeated:
                age_s = killed_s - (first.ended_s or 0.0)
                again_at_kill += age_s <= window_s
                oldest_s = max(oldest_s, age_s)
            repeated.add(call.body_hash)
        elif call.body_hash in spoilt:
            after_spoilt += 1
        if call.useful:
            whole.setdefault(call.body_hash, call)
        else:
            spoilt.add(call.body_hash)
    return Paid(len(finished), again, again_at_kill, oldest_s, after_spoilt)


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows and values that a system returned, against the truth."""

    rows: int
    rows_expected: int
    right: int
    wrong: int  # another value than the document states, or one for a document or variable that does not exist
    missing: int  # expected values that were not returned
    expected: int


Row = tuple[str, Mapping[str, Sequence[str]]]
"""A document's name and the values that were returned for each variable, usually one."""


def tally(rows: Sequence[Row], corpus: Corpus) -> Tally:
    """Count returned rows against the truth. A document that is returned again counts once; its values are wrong."""
    first: dict[str, Mapping[str, Sequence[str]]] = {}
    right = wrong = 0
    for name, values in rows:
        truth = {} if name in first else corpus.truth.get(name, {})
        first.setdefault(name, values)
        for variable, given in values.items():
            if given:
                good = set(given) == {truth.get(variable)}
                right += good
                wrong += not good
    answered = sum(bool(first.get(name, {}).get(variable)) for name in corpus.texts for variable in corpus.variables)
    returned = len(first.keys() & corpus.texts.keys())
    return Tally(returned, len(corpus.texts), right, wrong, corpus.expected - answered, corpus.expected)
