"""Stretches, sentences and labels: pure functions over words."""

import uuid
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.insights.extractive_summary import most_central, summary_by_copy
from crucible_assets.insights.labels import keywords, read_label, sentences_of, words_of
from crucible_assets.insights.opportunities import opportunity
from crucible_assets.insights.stretches import MOST, stretches
from crucible_assets.partitions import ProjectKey
from jobs.steps import Step, Wish, steps_of
from resources.database.repositories.insight_rows import PassageText
from resources.vocabulary import Segment, SegmentKind, TaskKind

ID = uuid.UUID(int=1)


def bare(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text("ab .\n\u3002", max_size=60), max_size=12), st.integers(1, 40), st.booleans())
def test_stretches_hold_every_word_once_in_order_and_none_is_too_long(parts, times, segmented):
    text = "\n\n".join(part * times for part in parts)
    segments, at = [], 0
    for number, part in enumerate(parts):
        end = at + len(part) * times
        if segmented and end > at:
            kind = SegmentKind.HEADING if number % 3 == 0 else SegmentKind.PARAGRAPH
            segments.append(Segment(at, end, kind))
        at = end + 2
    found = stretches(text, segments)
    assert bare("".join(text[one.start : one.end] for one in found)) == bare(text)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(0 < one.end - one.start <= MOST for one in found)


def test_a_heading_is_with_what_it_heads():
    text = "Costs\n\nThe roof costs 4 euros.\n\n" + "word " * 80 + "\n\nTime\n\nIt takes a week."
    places = [text.index(words) for words in ("Costs", "The roof", "word", "Time", "It takes")]
    kinds = [SegmentKind.HEADING, SegmentKind.PARAGRAPH] * 2
    kinds.insert(2, SegmentKind.PARAGRAPH)
    ends = [5, places[1] + 23, places[3] - 2, places[3] + 4, len(text)]
    found = stretches(text, [Segment(a, b, k) for a, b, k in zip(places, ends, kinds, strict=True)])
    assert text[found[-1].start : found[-1].end] == "Time\n\nIt takes a week."


LETTER = (
    "Dear Ms Lavelle,\n\nThe Office has refused your application for a grant of 4,800 euros because the rating "
    "certificate was missing. The certificate was due on 28 October. You may appeal against the refusal within 30 "
    "days. The weather was fine in October and many people went to the sea. Article 12 says that a grant needs a "
    "certificate.\n\nYours\n\nIta Brosnan"
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (LETTER, "en"),
        ("Der Antrag wurde am 3. Mai 2022 bewilligt. Die Höhe beträgt 9.397,50 €. Das Haus ist kein Denkmal.", "de"),
        ("合同于2024年4月3日签订。价格为四千二百欧元。工程于五月开始。", "zh"),
        ("a | b\n1 | 2\n3 | 4", None),
        ("", None),
        ("Heading", "en"),
    ],
    ids=["english", "german", "chinese", "table", "empty", "heading"],
)
def test_copied_sentences_stand_in_the_text_in_its_order(text, language):
    said = summary_by_copy(ID, text, (), language)
    assert len(said) <= 5
    assert bool(said) == bool(text)
    starts = []
    for one in said:
        (citation,) = one.citations
        assert one.text == " ".join(text[citation.start : citation.end].split())
        starts.append(citation.start)
    assert starts == sorted(starts)
    assert len({one.text for one in said}) == len(said)


def test_the_most_central_texts_come_first_and_none_twice():
    said = [
        one.split() for one in ("grant refused certificate", "grant refused certificate", "sea weather", "grant paid")
    ]
    chosen = most_central(said, 3)
    assert chosen[0] in (0, 1)
    assert not {0, 1} <= set(chosen)
    assert most_central([], 3) == []
    assert most_central([[], []], 3) == []


def test_one_of_each_group_is_taken_before_a_second():
    said = [[f"w{n}", f"v{n}", "shared"] for n in range(6)]
    chosen = most_central(said, 3, groups=[0, 0, 0, 0, 1, 2])
    assert {[0, 0, 0, 0, 1, 2][place] for place in chosen} == {0, 1, 2}


def passage(text: str, number: int, language: str | None = "en") -> PassageText:
    return PassageText(uuid.UUID(int=number + 1), 0, 10, 10 + len(text), text, language)


def test_keywords_need_no_list_of_words_that_say_nothing():
    drilling = [
        passage(f"The drilling of the borehole was done in week {n}; boreholes are drilled.", n) for n in range(9)
    ]
    letters = [
        passage(f"The letter of the office was sent in week {n}, and the letters are kept.", n) for n in range(9)
    ]
    found = keywords([words_of(drilling), words_of(letters)])
    first = [words_of(drilling).written[stem] for stem, _ in found[0]]
    assert {word[:5] for word in first} >= {"drill", "boreh"}
    assert not {"the", "was", "are", "week"} & set(first)
    assert "office" in [words_of(letters).written[stem] for stem, _ in found[1]]


def test_sentences_of_a_theme_are_of_different_documents():
    texts = [
        passage(f"Well number {n} was drilled through {n + 3} metres of rock. It rained all day here.", n)
        for n in range(5)
    ]
    chosen = sentences_of(texts, {"drill": 1.0, "rock": 0.5})
    assert "drilled" in chosen[0].text
    assert len({one.citations[0].document_id for one in chosen}) == len(chosen)
    for one in chosen:
        (citation,) = one.citations
        text = next(t.text for t in texts if t.document_id == citation.document_id)
        assert text[citation.start - 10 : citation.end - 10] == one.text


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("Drilling of boreholes", "Drilling of boreholes"),
        ('"Drilling boreholes."', "Drilling boreholes"),
        ("**Borehole drilling**", "Borehole drilling"),
        ("Geothermal energy policy", None),
        ("Drilling 400 boreholes", None),
        ("Drilling and drilling and drilling and drilling", None),
        ("Drilling\nBoreholes", None),
        ("", None),
        ("?!", None),
    ],
    ids=[
        "plain",
        "quoted",
        "bold",
        "unknown words",
        "unknown number",
        "too many words",
        "two lines",
        "empty",
        "signs",
    ],
)
def test_a_label_is_in_words_that_were_shown(reply, label):
    assert read_label(reply, ["borehole"], [passage("The drilling of the boreholes is done.", 1)]) == label


@pytest.mark.parametrize(
    ("figures", "score"),
    [((10, 10, 5, 5), 1.0), ((10, 5, 5, 5), 0.5), ((10, 10, 1, 4), 0.25), ((10, 0, 5, 5), 0.0), ((0, 0, 0, 0), 0.0)],
)
def test_an_opportunity_is_unread_and_in_many_documents(figures, score):
    assert opportunity(*figures) == pytest.approx(score)


def test_summaries_and_themes_are_tasks_of_their_own_steps():
    key, keys = ProjectKey("t", "a"), ["t/a/0001", "t/b/0001", "t/a/0002"]
    mine = ["t/a/0001", "t/a/0002"]
    assert steps_of(TaskKind.SUMMARISE, key, mine, keys) == [
        Step("summarise", "t/a/0001"),
        Step("summarise", "t/a/0002"),
        Step("summarise_project", "t/a"),
    ]
    assert steps_of(TaskKind.EXTRACT_THEMES, key, mine, keys) == [Step("extract_themes", "t/a")]
    wish = Wish(themes=12, models=("local",))
    assert Wish.from_json(wish.as_json()).themes == 12
    assert Wish.from_json(Wish().as_json()).themes is None
    assert wish.tags["crucible/themes"] == "12"
