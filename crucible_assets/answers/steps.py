"""The steps of one answer, in their order: remember, understand, search, answer, judge."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from crucible_assets.answers import extractive, prompts
from crucible_assets.answers.attributing import attributed
from crucible_assets.answers.calling import Caller, NoAnswerInTimeError
from crucible_assets.answers.checking.check import check_words
from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.checking.judging import judgeable, with_judgement
from crucible_assets.answers.events import Event, Found, Judged, Stated, Understood
from crucible_assets.answers.evidence import (
    LEAST_TOKENS,
    MOST_TOKENS,
    SMALL_TOKENS,
    SourceText,
    after,
    choose_sources,
    fewer,
    of_citations,
    runs_here,
    window_of,
)
from crucible_assets.answers.failures import EmptyAnswerError
from crucible_assets.answers.load import Opened, Store
from crucible_assets.answers.memory import (
    Folding,
    Remembered,
    documents_of,
    folding_due,
    newest_that_fit,
    read_folded,
    remember_request,
    remembered,
)
from crucible_assets.answers.reading import Heard, ReplyReader
from crucible_assets.answers.understanding import (
    by_rule,
    is_broad,
    read_questions,
    takes_a_model,
    understanding_request,
)
from resources.database.repositories.answers import Ended
from resources.database.repositories.retrieval import FoundPassage
from resources.embedding.contract import Embedder
from resources.embedding.errors import BlankTextError
from resources.models.errors import BudgetReachedError, ContextOverflowError, ModelError
from resources.models.ledger import Call
from resources.observe.logs import get_logger
from resources.search.budget import HISTORY_SHARE, OverBudgetError, room_for_evidence
from resources.search.tokenizers import Tokenizer, tokenizer_for
from resources.statements import Abstention, AnswerStatus, Statement, Support
from resources.vocabulary import CallPurpose

PASSAGES = 40
"""That are looked at for each question."""
_SUMMARY_SHARE = 0.5  # of the evidence of a broad question
_BASE_SHARE = 0.5  # of the window, for the statements that one folding is made from
_HELPS = (ModelError, BudgetReachedError, NoAnswerInTimeError)
"""Failures of a call that only helps: the answer is given without it, and the log says so."""
_log = get_logger("answers")


@dataclass(slots=True)
class Answering:
    """One answer on its way. `caller` is None where no language model is set: sentences are copied then."""

    store: Store
    opened: Opened
    embedder: Embedder
    specs: tuple[str, ...]
    caller: Caller | None
    judge: bool
    questions: tuple[str, ...] = ()
    passages: int = 0
    said: dict[int, tuple[UUID, Statement]] = field(default_factory=dict)  # what is stored, by number
    answering: set[int] = field(default_factory=set)  # the numbers of what answers; the others stand beside
    shown: dict[int, Shown] = field(default_factory=dict)  # by label

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens, until only the end is to be stored. Raises what calls and the database raise."""
        memory = await self._remember()
        self.questions = await self._understand(memory)
        await asyncio.to_thread(self.store.understood, self.questions)
        yield Understood(self.questions)
        sources = await self._sources(memory)
        self.shown = {one.source.label: one.shown for one in sources}
        yield Found(self.passages, tuple(one.source for one in sources))
        if not sources:
            return
        stated = self._answered(self.caller, sources, memory) if self.caller else self._copied(sources)
        async with aclosing(stated) as events:
            async for event in events:
                yield event
        if self.caller is not None and self.judge:
            for judged in await self._judged(self.caller):
                yield judged

    def ended(self) -> Ended:
        """How the answer ended, when all events were told."""
        supports = [self.said[number][1].support for number in self.answering]
        abstention = None
        if not self.shown:
            abstention = Abstention.NOTHING_FOUND
        elif not supports:
            abstention = Abstention.NOT_ENOUGH
        elif all(support is Support.UNSUPPORTED for support in supports):
            abstention = Abstention.UNSUPPORTED
        status = AnswerStatus.ABSTAINED if abstention else AnswerStatus.ANSWERED
        calls, cost = (self.caller.calls, self.caller.cost) if self.caller else (0, Decimal(0))
        model = self.caller.model if self.caller else None
        return Ended(status, abstention, None, model, self.passages, calls, cost)

    async def _remember(self) -> Remembered:
        """What was said before, as a model is shown it."""
        opened = self.opened
        if self.caller is None or not (opened.turns or opened.folded):
            return Remembered("", ())
        window, tokenizer = window_of(self.specs)
        folded, turns = opened.folded, opened.turns
        due = folding_due(opened.answer.number - 1, opened.summarised)
        if due is not None and (made := await self._fold(self.caller, due, int(window * _BASE_SHARE), tokenizer)):
            folded, turns = made, tuple(turn for turn in turns if turn.number > due.upto)
        return remembered(folded, turns, tokenizer, int(window * HISTORY_SHARE))

    async def _fold(
        self, caller: Caller, due: Folding, most_tokens: int, tokenizer: Tokenizer
    ) -> tuple[Statement, ...]:
        """The statements that stand for the older answers from now on; () where there are none."""
        conversation = self.opened.answer.conversation_id
        turns = await asyncio.to_thread(self.store.turns, conversation, due.after, due.upto)
        older = () if due.fresh else self.opened.folded
        base = newest_that_fit([*older, *(one for turn in turns for one in turn.said)], tokenizer, most_tokens)
        if not base:
            return ()
        try:
            call = await caller.ask(remember_request(base), CallPurpose.REMEMBER, documents_of(base))
        except _HELPS as error:
            _log.warning("conversation_not_folded", conversation=str(conversation), error=type(error).__name__)
            return ()
        made = read_folded(call.reply.text, base)
        if made:
            await asyncio.to_thread(self.store.fold, self.opened.project.id, conversation, due.upto, made)
        return made

    async def _understand(self, memory: Remembered) -> tuple[str, ...]:
        """Questions that stand alone; by rule where no model is needed, there, or of use."""
        question = self.opened.answer.question
        earlier = [turn.question for turn in self.opened.turns]
        if self.caller is not None and takes_a_model(question, earlier):
            request = understanding_request(question, memory.text)
            try:
                call = await self.caller.ask(request, CallPurpose.UNDERSTAND, memory.documents)
            except _HELPS as error:
                _log.warning("question_not_understood", error=type(error).__name__)
            else:
                if made := read_questions(call.reply.text):
                    return made
        return by_rule(question, earlier)

    async def _sources(self, memory: Remembered) -> tuple[SourceText, ...]:
        """What the answer is made from, stored."""
        answer = self.opened.answer
        found: dict[str, Sequence[FoundPassage]] = {}
        for question in self.questions:
            try:
                found[question] = await asyncio.to_thread(
                    self.store.search, answer, question, PASSAGES, self.embedder
                )
            except BlankTextError:  # nothing in it can be read
                found[question] = ()
        self.passages = len({(one.document_id, one.index) for hits in found.values() for one in hits})
        room, tokenizer = self._room(memory)
        broad = all(is_broad(question) for question in self.questions)
        cited = await asyncio.to_thread(self.store.summary, answer) if broad else []
        ids = {one.document_id for hits in found.values() for one in hits}
        languages = await asyncio.to_thread(
            self.store.languages, sorted(ids | {stored.citation.document_id for stored, _ in cited})
        )
        first = of_citations(cited, languages, int(room * _SUMMARY_SHARE), tokenizer)
        left = room - sum(tokenizer.count(one.block) for one in first)
        chosen = choose_sources(found, languages, left, tokenizer, self.opened.project.settings.quotas())
        sources = after(first, chosen)
        return await asyncio.to_thread(self.store.keep_sources, sources) if sources else ()

    def _room(self, memory: Remembered) -> tuple[int, Tokenizer]:
        """Tokens for evidence, and what counts them. Raises OverBudgetError when they are too few for any."""
        if self.caller is None:
            return MOST_TOKENS, tokenizer_for("local")
        window, tokenizer = window_of(self.specs)
        fixed = {"system": prompts.SYSTEM, "question": prompts.question_text(self.questions, "")}
        output = prompts.output_tokens(len(self.questions))
        room = room_for_evidence(tokenizer, window, output, fixed, history=memory.text)
        if room < LEAST_TOKENS:
            raise OverBudgetError("The evidence", LEAST_TOKENS, room, {"window": window})
        return min(room, SMALL_TOKENS if self.small else MOST_TOKENS), tokenizer

    @property
    def small(self) -> bool:
        """Whether a model that runs in this process may answer: it is small, reads slowly and seldom cites."""
        return any(runs_here(spec) for spec in self.specs)

    async def _answered(
        self, caller: Caller, sources: tuple[SourceText, ...], memory: Remembered
    ) -> AsyncGenerator[Event, None]:
        """The model's answer, sentence by sentence. Of a model that reads less than was thought, fewer sources are
        asked; one that writes nothing is asked once more."""
        again = False
        while True:
            self.shown = {one.source.label: one.shown for one in sources}
            blocks = [one.block for one in sources]
            request = prompts.answer_request(blocks, self.questions, memory.text, again=again)
            documents = [one.source.document_id for one in sources] + list(memory.documents)
            reader = ReplyReader(len(self.questions))
            heard = False
            try:
                async with aclosing(caller.stream(request, CallPurpose.ANSWER, documents)) as stretches:
                    async for stretch in stretches:
                        for one in reader.end() if isinstance(stretch, Call) else reader.feed(stretch):
                            heard = True
                            if (stated := await self._stated(one)) is not None:
                                yield stated
            except ContextOverflowError:
                if heard or not (sources := fewer(sources)):
                    raise
                continue
            if heard or reader.refused:
                return
            if again:
                raise EmptyAnswerError
            again = True

    async def _stated(self, heard: Heard) -> Stated | None:
        """A sentence, checked and stored. What stands beside an answer and is not borne by a source says nothing."""
        said = attributed(heard.said, self.shown) if self.small else heard.said
        statement = check_words(said, self.shown, heard.question)
        if heard.beside and statement.support is Support.UNSUPPORTED:
            return None
        return await self._store(statement, beside=heard.beside)

    async def _store(self, statement: Statement, *, beside: bool = False) -> Stated | None:
        number = len(self.said) + 1
        id_ = await asyncio.to_thread(self.store.state, self.opened.project.id, number, statement)
        if id_ is None:
            return None  # a text that it cites was deleted meanwhile
        self.said[number] = (id_, statement)
        if not beside:
            self.answering.add(number)
        return Stated(number, id_, statement)

    async def _judged(self, caller: Caller) -> list[Judged]:
        """What a model says of the statements that words could not decide; nonsense decides nothing."""
        open_ = {
            number: (id_, one)
            for number, (id_, one) in self.said.items()
            if one.support is Support.UNCHECKED and judgeable(one)
        }
        if not open_:
            return []
        request = prompts.judge_request(
            [prompts.ToJudge(number, one.text, self._cited(one)) for number, (_, one) in open_.items()]
        )
        documents = documents_of([one for _, one in open_.values()])
        try:
            call = await caller.ask(request, CallPurpose.CHECK, documents)
        except _HELPS as error:
            _log.warning("statements_not_judged", answer=str(self.opened.answer.id), error=type(error).__name__)
            return []
        verdicts = prompts.read_judgements(call.reply.text, list(open_))
        judged = {n: (open_[n][0], with_judgement(open_[n][1], verdict)) for n, verdict in sorted(verdicts.items())}
        kept = set(await asyncio.to_thread(self.store.judge, list(judged.values()))) if judged else set()
        self.said |= judged
        return [Judged(number, one.support) for number, (id_, one) in judged.items() if id_ in kept]

    def _cited(self, statement: Statement) -> tuple[str, ...]:
        """The words that a statement cites, as they were shown."""
        found = [(self.shown[one.label], one) for one in statement.citations if one.label in self.shown]
        return tuple(shown.text[one.start - shown.start : one.end - shown.start] for shown, one in found)

    async def _copied(self, sources: Sequence[SourceText]) -> AsyncGenerator[Event, None]:
        """The sentences of the sources that come nearest to each question, word for word."""
        told: set[tuple[UUID, int]] = set()
        for place, question in enumerate(self.questions):
            mine = [one for one in sources if place in one.questions or not one.questions]
            query, weights = await asyncio.to_thread(self.store.weights, self.opened.project.id, question)
            best = await asyncio.to_thread(
                extractive.copied_statements, question, place, mine, query, weights, self.embedder
            )
            for statement in best:
                where = (statement.citations[0].document_id, statement.citations[0].start)
                if where not in told and (stated := await self._store(statement)) is not None:
                    told.add(where)
                    yield stated
