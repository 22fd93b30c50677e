"""The limit of tokens is hard, questions are covered first, sources are spread, and what is left out is listed."""

from collections import Counter
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.search.budget import (
    MOST_QUESTIONS,
    Evidence,
    LeftOutReason,
    OverBudgetError,
    Quotas,
    choose,
    room_for_evidence,
)
from resources.search.candidates import gather
from resources.search.context import shape
from resources.search.differences import Difference
from resources.search.duplicates import without_duplicates
from resources.search.shaping import Section, merge_adjacent
from resources.search.tokenizers import Tokenizer, tokenizer_for
from tests.search.made import Hit, hit

WORDS = Tokenizer("words", True, 0.0, lambda text: len(text.split()))


def text_of(words: int, name: str) -> str:
    return " ".join(f"{name}{chr(97 + at % 26)}{chr(97 + at // 26 % 26)}" for at in range(words))


def section(words: int, score: float, document: int, index: int = 0, *, text: str = "", chunk: int = -1) -> Hit:
    """A passage of so many words that has no neighbour and no duplicate."""
    name = f"d{chr(97 + document)}i{chr(97 + index)}"
    place = chunk if chunk >= 0 else 10 * index
    return hit(
        text or text_of(words, name), score, document=document, index=10 * index, start=10_000 * index, chunk=place
    )


def sections_of(hits: list[Hit], asked: dict[str, list[Hit]] | None = None) -> list[Section[Hit]]:
    return merge_adjacent(without_duplicates(gather(asked or {"q": hits})).passages, WORDS.count, 10_000)


def places(evidence: Evidence[Hit]) -> list[tuple[int, int]]:
    return [(one.document_id.int, one.start // 10_000) for one in evidence.sections]


def reasons(evidence: Evidence[Hit]) -> dict[tuple[int, int], LeftOutReason]:
    return {(one.section.document_id.int, one.section.start // 10_000): one.reason for one in evidence.left_out}


def test_the_best_sections_that_fit_are_shown_and_the_others_listed() -> None:
    hits = [section(30, 0.9, 1), section(30, 0.8, 2), section(50, 0.7, 3), section(20, 0.6, 4)]
    evidence = choose(sections_of(hits), 100, WORDS)
    assert places(evidence) == [(1, 0), (2, 0), (4, 0)]
    assert reasons(evidence) == {(3, 0): LeftOutReason.BUDGET}
    assert [one.tokens for one in evidence.left_out] == [50]
    assert (evidence.tokens, evidence.available, evidence.exact) == (80, 100, True)
    assert evidence.text == "\n\n".join(one.text for one in evidence.sections)


def test_a_document_has_no_more_sections_than_its_quota() -> None:
    hits = [section(5, 0.9 - at / 100, 1, at) for at in range(5)] + [section(5, 0.1, 2)]
    evidence = choose(sections_of(hits), 1000, WORDS, quotas=Quotas(document_sections=3))
    assert places(evidence) == [(1, 0), (1, 1), (1, 2), (2, 0)]
    assert set(reasons(evidence).values()) == {LeftOutReason.DOCUMENT_SECTIONS}


def test_a_document_has_no_more_than_its_share_of_the_budget() -> None:
    hits = [section(25, 0.9, 1), section(25, 0.8, 1, 1), section(10, 0.7, 1, 2), section(10, 0.1, 2)]
    evidence = choose(sections_of(hits), 100, WORDS)
    assert places(evidence) == [(1, 0), (1, 2), (2, 0)]
    assert reasons(evidence) == {(1, 1): LeftOutReason.DOCUMENT_SHARE}


def test_a_single_document_may_have_all() -> None:
    hits = [section(20, 0.9 - at / 100, 1, at) for at in range(5)]
    assert len(choose(sections_of(hits), 100, WORDS).sections) == 5


def test_a_part_of_a_document_has_no_more_sections_than_its_quota() -> None:
    hits = [section(5, 0.9 - at / 100, 1, at, chunk=7) for at in range(3)] + [section(5, 0.1, 2)]
    evidence = choose(sections_of(hits), 1000, WORDS, quotas=Quotas(segment_sections=2))
    assert reasons(evidence) == {(1, 2): LeftOutReason.SEGMENT_SECTIONS}


def test_quotas_must_leave_room() -> None:
    with pytest.raises(ValueError, match="quotas"):
        Quotas(document_sections=0)


def test_every_question_has_a_section_before_better_ones_of_others() -> None:
    asked = {
        "a": [section(40, 0.9, 1), section(40, 0.8, 2), section(40, 0.7, 3)],
        "b": [section(40, 0.1, 4)],
    }
    evidence = choose(sections_of([], asked), 100, WORDS, questions=("a", "b"))
    assert places(evidence) == [(1, 0), (4, 0)]


def test_a_large_section_gives_way_when_another_question_would_go_without() -> None:
    asked = {"a": [section(80, 0.9, 1), section(30, 0.2, 2)], "b": [section(60, 0.5, 3)]}
    evidence = choose(sections_of([], asked), 100, WORDS, questions=("a", "b"))
    assert places(evidence) == [(3, 0), (2, 0)]
    assert reasons(evidence) == {(1, 0): LeftOutReason.BUDGET}


def test_one_section_may_answer_two_questions() -> None:
    both = section(60, 0.5, 1)
    asked = {"a": [both, section(50, 0.9, 2)], "b": [both, section(55, 0.8, 3)]}
    evidence = choose(sections_of([], asked), 70, WORDS, questions=("a", "b"))
    assert places(evidence) == [(1, 0)]


def test_questions_that_cannot_all_be_covered_are_an_error_with_figures() -> None:
    asked = {"a": [section(60, 0.9, 1)], "b": [section(50, 0.5, 2), section(70, 0.6, 3)]}
    with pytest.raises(OverBudgetError, match=r"2 questions needs 110 tokens, 100 are available") as raised:
        choose(sections_of([], asked), 100, WORDS, questions=("a", "b"))
    assert (raised.value.needed, raised.value.available) == (110, 100)


def test_questions_without_any_hit_are_named() -> None:
    evidence = choose(sections_of([section(10, 0.9, 1)]), 100, WORDS, questions=("q", "nothing"))
    assert evidence.uncovered == ("nothing",)


def test_too_many_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="questions at once"):
        choose([], 100, WORDS, questions=[str(number) for number in range(MOST_QUESTIONS + 1)])


def test_several_sources_come_before_more_of_the_best_one() -> None:
    hits = [section(20, 0.9 - at / 100, 1, at) for at in range(3)] + [section(40, 0.3, 2), section(20, 0.2, 3)]
    assert places(choose(sections_of(hits), 100, WORDS, sources=3)) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    assert places(choose(sections_of(hits), 100, WORDS, sources=1)) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    narrow = choose(sections_of(hits), 80, WORDS, sources=3, quotas=Quotas(document_share=1))
    assert {document for document, _ in places(narrow)} == {1, 2, 3}
    greedy = choose(sections_of(hits), 80, WORDS, sources=1, quotas=Quotas(document_share=1))
    assert {document for document, _ in places(greedy)} == {1, 3}


def test_a_contradiction_is_shown_with_what_it_contradicts() -> None:
    body = text_of(30, "same")
    hits = [
        section(0, 0.9, 1, text=body + " paid 5"),
        *(section(20, 0.8 - at / 100, at + 2) for at in range(3)),
        section(0, 0.1, 8, text=body + " paid 7"),
    ]
    evidence = choose(sections_of(hits), 100, WORDS, sources=1)
    assert {1, 8} <= {document for document, _ in places(evidence)}
    assert len(evidence.left_out) == 2


def test_a_contradiction_that_does_not_fit_is_listed_with_its_group() -> None:
    body = text_of(60, "same")
    hits = [section(0, 0.9, 1, text=body + " paid 5"), section(0, 0.1, 8, text=body + " paid 7")]
    evidence = choose(sections_of(hits), 100, WORDS)
    (left,) = evidence.left_out
    assert (left.reason, left.section.groups) == (LeftOutReason.BUDGET, evidence.sections[0].groups)


def test_what_is_written_around_a_section_counts() -> None:
    hits = [section(40, 0.9, 1), section(40, 0.8, 2)]
    evidence = choose(
        sections_of(hits), 85, WORDS, render=lambda one: f"[source {one.document_id.int} page one two] {one.text}"
    )
    assert len(evidence.sections) == 1
    assert evidence.tokens == 45


def test_parts_that_are_more_together_than_apart_are_counted_together() -> None:
    odd = Tokenizer(
        "odd", True, 0.0, lambda text: len(text.split()) + 10 * text.count("\n\n") * (len(text.split()) > 40)
    )
    evidence = choose(sections_of([section(30, 0.9, 1), section(20, 0.8, 2)]), 55, odd)
    assert places(evidence) == [(1, 0)]
    assert reasons(evidence) == {(2, 0): LeftOutReason.BUDGET}


def test_no_sections_are_no_error() -> None:
    evidence = choose([], 100, WORDS, questions=("a",))
    assert (evidence.sections, evidence.text, evidence.tokens, evidence.uncovered) == ((), "", 0, ("a",))


@st.composite
def asked_hits(draw: st.DrawFn) -> dict[str, list[Hit]]:
    hits = [
        section(draw(st.integers(1, 60)), draw(st.integers(0, 9)) / 10, document, index)
        for document in range(1, draw(st.integers(2, 6)))
        for index in range(draw(st.integers(1, 4)))
    ]
    return {name: draw(st.lists(st.sampled_from(hits), unique=True)) for name in "abc"}


@settings(max_examples=300, deadline=None)
@given(asked_hits(), st.integers(1, 200), st.integers(1, 4))
def test_limits_hold_whatever_is_found(asked: dict[str, list[Hit]], available: int, sources: int) -> None:
    sections = sections_of([], asked)
    run = partial(choose, available=available, tokenizer=WORDS, questions="abc", sources=sources)
    try:
        evidence = run(sections)
    except OverBudgetError as error:
        assert error.needed > error.available == available
        return
    assert evidence == run(sections[::-1])
    assert evidence.tokens == WORDS.count(evidence.text) <= available
    assert len(evidence.sections) + len(evidence.left_out) == len(sections)
    covered = {name for one in evidence.sections for name in one.questions}
    assert covered | set(evidence.uncovered) == set("abc")
    floor = 3  # sections that may stand beyond the quotas
    documents = {one.document_id for one in sections}
    counts = Counter(one.document_id for one in evidence.sections)
    assert len(documents) < 2 or all(count <= 3 + floor for count in counts.values())
    for left in evidence.left_out:
        if left.reason is LeftOutReason.BUDGET:
            assert left.tokens > available - evidence.tokens


def test_room_is_what_the_window_leaves() -> None:
    assert room_for_evidence(WORDS, 1000, 200, {"system": "a b c", "question": "d e"}, history="f " * 100) == 695


def test_fixed_parts_that_are_over_are_an_error_with_figures() -> None:
    with pytest.raises(OverBudgetError, match="question 900") as raised:
        room_for_evidence(WORDS, 1000, 200, {"question": "w " * 900})
    assert raised.value.figures == {"question": 900, "output": 200, "window": 1000}
    assert (raised.value.needed, raised.value.available) == (1100, 1000)


def test_a_history_beyond_its_share_is_an_error() -> None:
    with pytest.raises(OverBudgetError, match="history needs 300 tokens, 250 are available"):
        room_for_evidence(WORDS, 1000, 100, {}, history="w " * 300)


@pytest.mark.parametrize(
    ("spec", "name", "exact"),
    [
        ("openai:gpt-4.1-mini", "o200k_base", True),
        ("openai:gpt-5.1", "o200k_base", True),
        ("openai:o3-mini", "o200k_base", True),
        ("openai:gpt-4-turbo", "cl100k_base", True),
        ("openai:qwen2.5", "estimate", False),
        ("anthropic:claude-haiku-5-5", "estimate", False),
        ("gguf:/models/small.gguf", "estimate", False),
    ],
)
def test_the_tokenizer_is_the_models_own_or_says_that_it_is_an_estimate(spec: str, name: str, exact: bool) -> None:
    tokenizer = tokenizer_for(spec)
    assert (tokenizer.name, tokenizer.exact) == (name, exact)
    assert tokenizer.count("Hello world, this is a test.") >= 8


def test_an_estimate_is_above_the_count_of_a_known_tokenizer() -> None:
    known, estimate = tokenizer_for("openai:gpt-4.1"), tokenizer_for("gguf:x")
    for text in ("Das ist ein kurzer deutscher Satz.", "业主应在收到报告之后立即开始修理", "Plain English words."):
        assert estimate.count(text) > known.count(text)
    assert estimate.count("") == 0


def test_from_hits_to_evidence_in_one_call() -> None:
    body = text_of(60, "same")
    found = {
        "a": [hit(body + " paid 5", 0.9, document=1), hit("Same thing. " + text_of(20, "other"), 0.5, document=2)],
        "b": [hit(body + " paid 7", 0.8, document=3), hit("same THING. " + text_of(20, "other"), 0.4, document=4)],
    }
    context = shape(found, 400, WORDS)
    assert [one.document_id for one in context.evidence.sections] == [UUID(int=number) for number in (1, 3, 2)]
    assert context.groups == {1: frozenset({Difference.NUMBERS})}
    assert context.evidence.sections[2].passages[0].duplicates[0].candidate.passage.document_id == UUID(int=4)
    assert context.evidence.left_out == ()
