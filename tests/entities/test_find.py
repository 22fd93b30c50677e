"""Finding entities over real HTTP: all of them, with evidence; what is missing is asked for, else said."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from crucible_assets.extractions.entities.find import find_entities
from crucible_assets.extractions.entities.mention import Found
from crucible_assets.extractions.plan import Chunk
from resources.models.errors import DeferredError
from resources.models.ledger import Call, CallContext
from resources.models.reader.provider import Reader
from resources.models.request import ModelRequest
from resources.project import ProjectError
from resources.vocabulary import EvidenceStatus, ResolutionMethod
from tests.entities.making import Finding, served, source_of, study
from tests.model_server import Finish, GoldAnswers, ModelServer, Reply, RequestView
from tests.model_server.noise import Noisy
from tests.model_server.spoiling import Noise

PARTS = [f"Part {n}x" for n in range(1, 87)]
INVOICE = "Invoice 12\n\nItem | Qty | Price\n" + "\n".join(
    f"{part} | {n} | {n}.00" for n, part in enumerate(PARTS, 1)
)  # fmt: skip
REPORT = """Report 9 on the tender

Acme GmbH of Bern made an offer. Foo Limited made none.

Later Acme GmbH withdrew. In the end J. Smith of the Bank of Uri told the Board."""


class Rows:
    """A model that lists rows of these names, quoting their lines; and answers whether two are one by `same`."""

    def __init__(
        self,
        names: Sequence[str],
        *,
        most: int = 1_000,
        sweeps: bool = True,
        written: int | None = None,
        same: Callable[[str, str], bool] | None = None,
    ) -> None:
        self._names, self._most, self._sweeps, self._written, self._same = names, most, sweeps, written, same
        self.compared: list[tuple[str, str]] = []

    def __call__(self, view: RequestView) -> Reply:
        if "same" in (view.schema or {}).get("properties", {}):
            one, other = (re.search(rf"{word}: (.*)", view.question) for word in ("First", "Second"))
            assert one and other
            self.compared.append((one[1], other[1]))
            assert self._same is not None, "no comparison was expected"
            return Reply(json.dumps({"same": self._same(one[1], other[1]), "reason": "as the extracts say"}))
        listed = set(re.findall(r"^- (.*)$", view.question, re.MULTILINE))
        if listed and not self._sweeps:
            return Reply('{"rows": []}')
        rows = [
            {"name": name, "source_text": line}
            for line in view.document.splitlines()
            for name in self._names
            if name in line and name not in listed
        ][: self._most]
        if self._written is not None and len(rows) > self._written:
            cut = json.dumps({"rows": rows[: self._written]})[:-2] + ', {"name": "Par'
            return Reply(cut, Finish.LENGTH)
        return Reply(json.dumps({"rows": rows}))


@pytest.fixture
def find(database, model_server: ModelServer) -> Callable[..., Found]:
    def finding(answerer: Any, text: str, pattern: str, spans: Sequence[Chunk] = (), **settings: Any) -> Found:
        return Finding(database, served(model_server, answerer, **settings))(study(pattern), source_of(text), spans)

    return finding


def names(found: Found) -> list[str]:
    return [entity.name for entity in found.entities]


def test_a_perfect_model_loses_nothing_and_every_row_has_its_evidence(find):
    gold: list[Mapping[str, Any]] = [{"_entity": part, "price": n} for n, part in enumerate(PARTS, 1)]
    found = find(GoldAnswers({"Invoice 12": gold}), INVOICE, "every line of the invoice")
    assert names(found) == PARTS
    assert all(entity.status is EvidenceStatus.EXACT for entity in found.entities)
    assert [INVOICE[slice(*entity.spans[0])].split(" |")[0] for entity in found.entities] == PARTS
    assert (found.warnings, found.failure, found.expected) == ((), None, 86)


@pytest.mark.parametrize("most", [76, 43, 10])
def test_a_list_cut_short_is_completed_by_asking_for_what_is_missing(find, most):
    found = find(Rows(PARTS, most=most), INVOICE, "every line of the invoice")
    assert names(found) == PARTS
    assert found.warnings == ()


def test_what_stays_missing_is_said(find):
    found = find(Rows(PARTS, most=43, sweeps=False), INVOICE, "every line of the invoice")
    assert names(found) == PARTS[:43]
    assert found.expected == 86
    (warning,) = found.warnings
    assert "86 (table rows" in warning and "43 were found" in warning


def test_an_empty_list_is_not_taken_at_its_word(find):
    answers = iter(['{"rows": []}'])
    rows = Rows(["Acme", "Foo", "Bar"])
    found = find(
        lambda view: next(answers, None) or rows(view), "The companies:\n1. Acme\n2. Foo\n3. Bar", "each company"
    )
    assert names(found) == ["Acme", "Foo", "Bar"]


def test_a_truncated_answer_goes_on_after_its_last_whole_row(find, model_server):
    found = find(Rows(PARTS, written=20), INVOICE, "every line of the invoice")
    assert names(found) == PARTS
    assert len(model_server.calls) == 5


def test_an_answer_that_never_gets_anywhere_is_asked_in_halves(find):
    def answer(view: RequestView) -> Reply:
        return Reply('{"rows": [{"na', Finish.LENGTH) if len(view.document) > 1_000 else Rows(PARTS)(view)

    assert names(find(answer, INVOICE, "every line of the invoice")) == PARTS


def test_an_unusable_answer_is_asked_again_and_a_lost_stretch_is_a_failure(find):
    answers = iter(["I cannot say.", '{"rows": 3}'])
    rows = Rows(["Acme GmbH"])
    assert names(find(lambda view: next(answers, None) or rows(view), REPORT, "each company")) == ["Acme GmbH"]
    found = find(lambda view: "I cannot say.", REPORT + " ", "each company")
    assert found.entities == () and found.failure is not None and "I cannot say" in found.failure


def test_an_entity_of_several_chunks_is_one_row_with_all_its_mentions(find):
    middle = REPORT.index("Later")
    spans = (Chunk(0, middle + 20), Chunk(middle, len(REPORT)))
    found = find(Rows(["Acme GmbH", "Foo Limited"]), REPORT, "each company", spans)
    assert names(found) == ["Acme GmbH", "Foo Limited"]
    acme = found.entities[0]
    assert {m.placement.start for m in acme.mentions} == {REPORT.index("Acme"), REPORT.index("Later")}
    assert {d.method for d in found.decisions if d.same} == {ResolutionMethod.SAME_NAME}


def test_rows_that_overlapping_chunks_both_show_are_found_once(find):
    cut = INVOICE.index("Part 40x")
    spans = (Chunk(0, cut + 300), Chunk(cut, len(INVOICE)))
    assert names(find(Rows(PARTS), INVOICE, "every line of the invoice", spans)) == PARTS


def test_equal_rows_of_a_table_stay_separate_rows(find):
    text = "Item | Qty | Price\n" + "\n".join(
        ["Bolt | 2 | 1.00", "Nut | 1 | 2.00", "Bolt | 2 | 1.00", "Ring | 9 | 3.00"]
    )
    found = find(Rows(["Bolt", "Nut", "Ring"]), text, "every line of the invoice")
    assert names(found) == ["Bolt", "Nut", "Bolt", "Ring"]
    assert len({entity.spans for entity in found.entities}) == len({e.row_key for e in found.entities}) == 4


def test_a_model_is_asked_where_no_rule_decides_and_its_word_is_recorded(find):
    text = "Tender 5\n\nThe Bank of Uri made an offer.\n\nUri Bank AG won; later Uri Bank Holding AG was sold."
    model = Rows(["Uri Bank AG", "Uri Bank Holding AG"], same=lambda one, other: True)
    found = find(model, text, "each company")
    assert model.compared == [("Uri Bank AG", "Uri Bank Holding AG")]
    assert names(found) == ["Uri Bank Holding AG"] and found.entities[0].other_names == ("Uri Bank AG",)
    (decision,) = found.decisions
    assert decision.method is ResolutionMethod.MODEL and decision.call_key in found.keys


def test_an_invented_name_is_kept_and_flagged(find):
    def answer(view: RequestView) -> dict[str, Any]:
        invented = {"name": "Zorg Ltd", "source_text": "Acme GmbH of Bern made an offer."}
        return {"rows": [{"name": "Acme GmbH", "source_text": "Acme GmbH of Bern made an offer."}, invented]}

    found = find(answer, REPORT, "each company")
    assert [(e.name, e.status) for e in found.entities] == [
        ("Acme GmbH", EvidenceStatus.EXACT),
        ("Zorg Ltd", EvidenceStatus.NOT_FOUND),
    ]
    assert any("Zorg Ltd" in warning for warning in found.warnings)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_model_that_cuts_drops_invents_and_misquotes_nothing_is_taken_in_silence(database, model_server, seed):
    gold: list[Mapping[str, Any]] = [{"_entity": part, "price": n} for n, part in enumerate(PARTS, 1)]
    shares = {
        Noise.LIST_CUT_SHORT: 0.6,
        Noise.INVENTED_VALUE: 0.2,
        Noise.FOUND_FALSE: 0.05,
        Noise.WRONG_QUOTE: 0.05,
        Noise.PARAPHRASED_QUOTE: 0.05,
    }
    noisy = Noisy(GoldAnswers({"Invoice 12": gold}), shares, seed)
    project = study("every line of the invoice", f"noisy entities {seed}")  # what is hit follows from the request
    found = Finding(database, served(model_server, noisy))(project, source_of(INVOICE))
    assert noisy.records, "the noise must have hit"
    lost = set(PARTS) - set(names(found))
    assert not lost or any("86 (table rows" in warning for warning in found.warnings)
    assert len(lost) <= 2
    for entity in found.entities:
        assert (entity.status is EvidenceStatus.NOT_FOUND) == (entity.name not in PARTS)


def test_a_second_search_pays_nothing_and_gives_the_same_rows(database, model_server):
    finding = Finding(database, served(model_server, Rows(PARTS, most=43)))
    project, source = study("every line of the invoice"), source_of(INVOICE)
    first, second = finding(project, source), finding(project, source)
    assert second.entities == first.entities and second.decisions == first.decisions
    assert all(call.paid for call in first.calls) and not any(call.paid for call in second.calls)


def test_a_regular_expression_needs_no_model(find, model_server):
    text = "Grant HP-1001 was paid. HP-1002 was not. See HP-1001 above."
    found = find(Rows([]), text, r"regex:\b(?P<name>HP-\d{4})\b")
    assert names(found) == ["HP-1001", "HP-1002"]
    assert [len(entity.mentions) for entity in found.entities] == [2, 1]
    assert model_server.calls == () and found.expected is None


def test_a_pattern_that_is_no_regular_expression_is_refused_when_it_is_saved(find):
    with pytest.raises(ProjectError, match="entity_pattern: the pattern '\\(' is no regular expression"):
        find(Rows([]), REPORT, "regex:(")


def test_a_document_without_entities_has_no_rows_and_no_failure(find):
    found = find(Rows([]), REPORT, "each patient")
    assert (found.entities, found.warnings, found.failure, found.expected) == ((), (), None, None)


class Deferring:
    """A route that puts every request into a provider batch."""

    def __init__(self) -> None:
        self.batch: list[str] = []

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        return (request.fence,)

    async def ask(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        self.batch.append(request.document)
        raise DeferredError("it waits for a batch")


def test_all_stretches_of_a_document_join_the_batch_that_one_of_them_waits_for():
    route, source = Deferring(), source_of(INVOICE)
    middle = INVOICE.index("Part 40x")
    with pytest.raises(DeferredError):
        asyncio.run(
            find_entities(route, study("every line"), source, [Chunk(0, middle), Chunk(middle, len(INVOICE))])
        )
    assert len(route.batch) == 2


def test_the_reader_finds_rows_without_a_model(database):
    found = Finding(database, Reader)(study("every line of the invoice"), source_of(INVOICE))
    assert names(found) == PARTS and found.warnings == ()
