"""How full a run was kept, what was paid for twice, and which values are right."""

import pytest

from benchmarks.extraction.accounts import Paid, chats, mean_in_flight, paid, tally
from benchmarks.extraction.corpus import HOPELESS, make_corpus
from tests.model_server import Call, Fault


def call(started: float, ended: float | None, body: str = "a", **fields: object) -> Call:
    made = Call(
        number=1,
        api="openai",
        path="/v1/chat/completions",
        model="m",
        body_hash=body,
        attempt=1,
        key="k",
        started_s=started,
        in_flight=1,
        status=200,
        delivered=ended is not None,
        ended_s=ended,
    )
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_two_lanes_without_a_gap_are_two_in_flight_and_the_tail_does_not_count():
    calls = [call(0, 1), call(0, 1), call(1, 2), call(1, 2), call(2, 9)]
    assert mean_in_flight(calls) == pytest.approx(2.0)


def test_a_gap_between_calls_lowers_the_mean():
    assert mean_in_flight([call(0, 1), call(3, 4), call(4, 5)]) == pytest.approx(0.5)


def test_a_call_that_never_ended_was_in_flight_until_the_last_one_came():
    assert mean_in_flight([call(0, None), call(4, 5)]) == pytest.approx(1.0)


@pytest.mark.parametrize("calls", [[], [call(0, 1)], [call(1, 2), call(1, 2)]])
def test_a_mean_needs_a_stretch_of_time(calls):
    assert mean_in_flight(calls) == 0.0


def test_only_chats_count():
    other = call(0, 1, path="/v1/embeddings")
    assert chats([other, call(0, 1)]) == [call(0, 1)]


def test_a_whole_answer_to_the_same_body_is_money_spent_twice():
    assert paid([call(0, 1), call(5, 6), call(7, 8, "b")]) == Paid(
        3, again=1, again_at_kill=0, oldest_s=0.0, after_spoilt=0
    )


def test_what_was_on_its_way_at_the_kill_is_told_apart():
    on_its_way, just_written = [call(1.5, 2.5), call(9, 10)], [call(1, 1.95, "b"), call(9, 10, "b")]
    long_before = [call(0, 1, "c"), call(9, 10, "c")]
    counted = paid([*on_its_way, *just_written, *long_before], killed_s=2.0, window_s=0.1)
    assert (counted.again, counted.again_at_kill) == (3, 2)
    assert counted.oldest_s == pytest.approx(1.0)


def test_a_kill_excuses_one_repetition_only():
    counted = paid([call(1.5, 2.5), call(9, 10), call(11, 12)], killed_s=2.0)
    assert (counted.again, counted.again_at_kill) == (2, 1)


def test_asking_again_after_a_spoilt_answer_is_no_waste_and_failures_cost_nothing():
    calls = [
        call(0, 1, fault=Fault.INVALID_JSON),
        call(1, 2, status=500, fault=Fault.SERVER_ERROR),
        call(2, 3, delivered=False),
        call(3, 4),
    ]
    assert paid(calls) == Paid(2, again=0, again_at_kill=0, oldest_s=0.0, after_spoilt=1)


def test_every_expected_value_is_right_wrong_or_missing():
    corpus = make_corpus(3, 2, words=20)
    (first, one), (second, two), (third, _) = corpus.truth.items()
    rows = [
        (first, {name: [value] for name, value in one.items()}),
        (second, {"field_0": ["something else"], "field_1": []}),
    ]
    found = tally(rows, corpus)
    assert (found.rows, found.rows_expected) == (2, 3)
    assert (found.right, found.wrong, found.missing, found.expected) == (2, 1, 3, 6)
    assert third in corpus.texts
    assert two["field_0"] in corpus.texts[second]


def test_rows_of_unknown_documents_and_second_rows_are_wrong():
    corpus = make_corpus(1, 1)
    ((name, values),) = corpus.truth.items()
    row = (name, {"field_0": [values["field_0"]]})
    found = tally([row, row, ("nobody.txt", {"field_0": ["x"]})], corpus)
    assert (found.rows, found.right, found.wrong, found.missing) == (1, 1, 2, 0)


def test_two_different_values_for_one_variable_are_wrong():
    corpus = make_corpus(1, 1)
    ((name, values),) = corpus.truth.items()
    assert tally([(name, {"field_0": [values["field_0"], "another"]})], corpus).wrong == 1


def test_the_truth_stands_in_the_text_once_and_hopeless_documents_are_marked():
    corpus = make_corpus(40, 3, words=60, hopeless_share=0.1)
    assert corpus == make_corpus(40, 3, words=60, hopeless_share=0.1)
    assert len(corpus.hopeless) == 4
    for name, text in corpus.texts.items():
        assert (HOPELESS in text) == (name in corpus.hopeless)
        assert all(text.count(value) == 1 for value in corpus.truth[name].values())
    values = [value for truth in corpus.truth.values() for value in truth.values()]
    assert len(set(values)) == len(values) == corpus.expected


def test_a_share_above_nothing_makes_at_least_one_hopeless():
    assert len(make_corpus(10, 1, hopeless_share=0.001).hopeless) == 1
    assert make_corpus(10, 1).hopeless == frozenset()
