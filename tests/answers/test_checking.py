"""What cited words say of a statement: nothing wrong is ever taken for supported, and what is true is not accused."""

from uuid import UUID

import pytest

from crucible_assets.answers.checking.check import CITES_NOTHING, check_words, claims
from crucible_assets.answers.checking.compared import Shown
from crucible_assets.answers.checking.judging import Judgement, judgeable, with_judgement
from crucible_assets.answers.checking.wording import SAYS_THE_OPPOSITE
from crucible_assets.answers.text.sentences import Said
from resources.statements import CheckedBy, Citation, Statement, Support
from tests.answers.statement_cases import CASES, ENGLISH, SOURCES

DOCUMENTS = [UUID(int=number) for number in range(1, 4)]
ALLOWED = {
    "S": {Support.SUPPORTED},
    "T": {Support.SUPPORTED, Support.UNCHECKED},
    "X": {Support.UNSUPPORTED},
    "W": {Support.UNSUPPORTED, Support.UNCHECKED},
}


def source(text: str, language: str | None = "en", label: int = 1, start: int = 0) -> Shown:
    return Shown(label, DOCUMENTS[label - 1], start, text, language)


def check(text: str, *sources: Shown, labels: tuple[int, ...] | None = None) -> Statement:
    shown = {one.label: one for one in sources}
    return check_words(Said(text, labels if labels is not None else tuple(shown)), shown)


@pytest.mark.parametrize("mark, language, text", CASES, ids=range(len(CASES)))
def test_the_words_decide_only_what_they_can(mark, language, text):
    found = check(text, source(SOURCES[language], language))
    assert found.support in ALLOWED[mark], (text, found.problems)
    assert (found.checked_by is None) == (found.support is Support.UNCHECKED)
    assert bool(found.problems) == (found.support is Support.UNSUPPORTED)


def test_the_table_is_large_and_of_all_kinds():
    marks = [mark for mark, _, _ in CASES]
    assert len(CASES) >= 200
    assert marks.count("W") + marks.count("X") >= 130 and marks.count("S") + marks.count("T") >= 70
    assert {language for _, language, _ in CASES} == {"en", "de", "fr", "zh"}


@pytest.mark.parametrize(
    "text, language, expected",
    [
        ("Der Antrag der Brüder Tierney wurde am 13. Juni 2024 abgelehnt.", "de", Support.UNCHECKED),
        ("Beantragt wurden 9.500 Euro.", "de", Support.UNCHECKED),
        ("Das Haus stammt aus dem Jahr 1974.", "de", Support.UNCHECKED),
        ("Conor Madigan hat den Zuschuss empfohlen.", "de", Support.UNCHECKED),
        ("Der Antrag wurde am 14. Juni 2024 abgelehnt.", "de", Support.UNSUPPORTED),
        ("Beantragt wurden 9.600 Euro.", "de", Support.UNSUPPORTED),
        ("Herr Murphy hat den Zuschuss empfohlen.", "de", Support.UNSUPPORTED),
        ("Es geht um das Aktenzeichen HP-2024-0139.", "de", Support.UNSUPPORTED),
        ("La demande a été refusée le 13 juin 2024.", "fr", Support.UNCHECKED),
        ("Les frères Tierney ont demandé 9 500 euros.", "fr", Support.UNCHECKED),
        ("Les frères Murphy ont demandé 9 500 euros.", "fr", Support.UNSUPPORTED),
        ("申请于2024年6月13日被拒绝。", "zh", Support.UNCHECKED),
        ("申请于2024年6月12日被拒绝。", "zh", Support.UNSUPPORTED),
    ],
)
def test_in_another_language_numbers_dates_and_names_are_checked_and_nothing_else(text, language, expected):
    assert check(text, source(ENGLISH)).support is expected


@pytest.mark.parametrize(
    "mark, text, source_text",
    [
        ("T", "The board rejected the request of the owner.", "Has the board accepted the request of the owner?"),
        (
            "T",
            "The new wing of the school is smaller than the old wing of the school.",
            "The old wing of the school is larger than the new wing of the school.",
        ),
        ("T", "The bishop met the mayor in June.", "The mayor met the bishop in June."),
        (
            "T",
            "Harbour Homes must pay the costs of the case.",
            "Marlow Estates must pay the costs of the case. Harbour Homes is Marlow Estates under a new name.",
        ),
        ("X", "The delay was caused by rain in the north.", "The delay may have been caused by rain in the north."),
        ("X", "The noise at night is unacceptable.", "The noise at night is acceptable."),
        ("X", "Profit rose by 25 % in the third quarter.", "Profit rose in the third quarter."),
        ("W", "The board did not refuse the grant.", "The board did not refuse the grant because it was late."),
        ("W", "The owner refused.", "The owner refused because it was late?"),
        ("W", "Few households were visited.", "A few households were visited."),
    ],
)
def test_what_keeps_a_rule_from_going_too_far(mark, text, source_text):
    assert check(text, source(source_text)).support in ALLOWED[mark]


class TestLabels:
    def test_who_cites_nothing_is_unsupported(self):
        found = check("The application was refused.", source(ENGLISH), labels=())
        assert (found.support, found.checked_by) == (Support.UNSUPPORTED, CheckedBy.WORDS)
        assert found.problems == (CITES_NOTHING,) and found.citations == ()

    def test_who_cites_what_was_not_shown_is_unsupported(self):
        found = check("The application was refused.", source(ENGLISH), labels=(7,))
        assert found.support is Support.UNSUPPORTED
        assert found.problems == ("cites [7], which was not shown",)

    def test_who_also_cites_what_was_not_shown_is_partly_supported_at_the_most(self):
        copy = check("Only the cylinder was replaced.", source(ENGLISH), labels=(1, 7))
        assert (copy.support, copy.problems) == (Support.PARTLY, ("cites [7], which was not shown",))
        other = check("The cylinder alone was exchanged.", source(ENGLISH), labels=(1, 7))
        assert other.support is Support.UNCHECKED
        assert with_judgement(other, Judgement.FOLLOWS).support is Support.PARTLY

    def test_who_also_cites_what_says_nothing_of_it_is_partly_supported(self):
        idle = source("Rain fell on the island all week.", label=2)
        found = check("Only the cylinder was replaced.", source(ENGLISH), idle)
        assert (found.support, found.problems) == (Support.PARTLY, ("[2] says nothing of it",))
        assert [one.label for one in found.citations] == [1, 2]

    def test_two_sources_may_bear_the_parts_of_a_statement(self):
        first, second = source("The grant was 9,500 EUR."), source("Conor Madigan came on 3 May 2024.", label=2)
        found = check("The grant was 9,500 EUR, and Conor Madigan came on 3 May 2024.", first, second)
        assert found.support is Support.UNCHECKED and judgeable(found)
        assert check("The grant was 9,500 EUR, and Ita Brosnan came.", first, second).problems == ("Ita", "Brosnan")

    def test_the_question_is_kept(self):
        found = check_words(Said("It was refused.", ()), {}, question=2)
        assert found.question == 2


class TestStretches:
    """A source is a stretch of a document: what stands in it may be half of what is said there."""

    @pytest.mark.parametrize(
        "text, statement",
        [
            ("approved the grant. It rained.", "Approved the grant."),
            ("It rained. The grant was approved", "The grant was approved."),
            ("The following are not paid:\n- the boiler was new.\n- the wall.", "- the boiler was new."),
            ("The office rejects these claims:\n1. The house was sold.", "The house was sold."),
            ("He said: “I never lied. The grant was paid. I swear.” That was untrue.", "The grant was paid."),
            ('He said: "I never lied. The grant was paid. I swear." That was untrue.', "The grant was paid."),
            ("He denied that\nthe grant was approved.", "the grant was approved."),
            ("Was the grant approved?", "Was the grant approved."),
            ("The grant was approved, but only in part.", "The grant was approved."),
        ],
    )
    def test_half_of_what_is_said_is_no_copy(self, text, statement):
        assert check(statement, source(text)).support in (Support.UNCHECKED, Support.UNSUPPORTED)

    @pytest.mark.parametrize(
        "text, statement",
        [
            ("It rained. The grant\nwas approved.", "The grant was approved."),
            ("The following are paid:\n- the boiler.\n- the wall.", "- the wall."),
            ("He said: “I never lied.” The grant was paid.", "The grant was paid."),
            ("The grant was approved", "The grant was approved."),
            ("Name | Ann\nGrant | 5 EUR", "Grant | 5 EUR"),
            ("„Wir zahlen.“ Das war gelogen.", "„Wir zahlen.“"),
        ],
    )
    def test_a_whole_sentence_is_one(self, text, statement):
        found = check(statement, source(text, None))
        assert (found.support, found.checked_by) == (Support.SUPPORTED, CheckedBy.COPY)


def test_a_citation_is_narrowed_to_the_sentence_that_bears_it():
    found = check("The grant was recommended by Conor Madigan.", source(ENGLISH, start=1000))
    (citation,) = found.citations
    assert citation.label == 1 and citation.document_id == DOCUMENTS[0]
    assert ENGLISH[citation.start - 1000 : citation.end - 1000] == "The grant was recommended by Conor Madigan."


@pytest.mark.parametrize(
    "text, labels, expected",
    [
        ("The grant was refused.", (), True),
        ("## Costs", (), False),
        ("**Costs**", (), False),
        ("Here is what the sources say:", (), False),
        ("The costs were as follows:", (1,), True),
        ("---", (), False),
        ("12 %", (1,), False),
        ("", (1,), False),
        ("|---|---|", (), False),
    ],
)
def test_only_what_says_something_is_a_statement(text, labels, expected):
    assert claims(Said(text, labels)) is expected


def statement(support: Support, by: CheckedBy | None, problems: tuple[str, ...] = ()) -> Statement:
    return Statement("It is so.", support, (Citation(DOCUMENTS[0], 0, 5, 1),), by, problems, 1)


S, P, U, N = Support.SUPPORTED, Support.PARTLY, Support.UNSUPPORTED, Support.UNCHECKED


@pytest.mark.parametrize(
    "support, by, follows, partly, does_not",
    [
        (N, None, S, P, U),
        (S, CheckedBy.WORDS, S, P, U),
        (S, CheckedBy.COPY, S, S, S),
        (P, CheckedBy.WORDS, P, P, U),
        (U, CheckedBy.WORDS, U, U, U),
    ],
    ids=["unchecked", "words", "copy", "partly", "unsupported"],
)
def test_a_judgement_lifts_only_what_was_unchecked(support, by, follows, partly, does_not):
    before = statement(support, by)
    for judgement, expected in zip(Judgement, (follows, partly, does_not), strict=True):
        after = with_judgement(before, judgement)
        assert after.support is expected
        assert after.checked_by is (by if expected is support and by is not None else CheckedBy.MODEL)
        assert (after.text, after.citations, after.question) == (before.text, before.citations, before.question)


def test_only_the_unchecked_is_judged():
    assert judgeable(statement(N, None))
    assert not any(judgeable(statement(one, CheckedBy.WORDS)) for one in (S, P, U))


@pytest.mark.parametrize(
    "text, source_text, language",
    [
        ("The grant was not paid.", "The grant was paid. It was large.", "en"),
        ("The grant was paid.", "The grant was not paid.", "en"),
        ("There was a refusal.", "There was no refusal.", "en"),
        ("Der Antrag wurde nicht bewilligt.", "Der Antrag wurde bewilligt.", "de"),
    ],
)
def test_a_denial_of_the_cited_words_is_not_left_to_a_model(text, source_text, language):
    found = check(text, source(source_text, language))
    assert (found.support, found.problems) == (Support.UNSUPPORTED, (SAYS_THE_OPPOSITE,))
    assert with_judgement(found, Judgement.FOLLOWS) == found


@pytest.mark.parametrize(
    "text, source_text",
    [
        ("The grant was not refused.", "The grant was paid."),  # another word
        ("No grant was paid.", "The ministry said that the grant was paid. No grant was paid."),
    ],
)
def test_another_word_or_a_source_that_says_both_is_no_denial(text, source_text):
    assert check(text, source(source_text)).support is not Support.UNSUPPORTED
