"""A quote with slips of a model is found where it stands: words, marks, pages; and among repeats the right one."""

import random
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.meaning import is_quantity, negates
from crucible_assets.extractions.grounding.place import place, place_all
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.words import word_list
from resources.vocabulary import EvidenceStatus
from tests.grounding.texts import FILLER, LEASE, REPORT, share_of_overlap

SENTENCES = [" ".join(s.split()) for s in re.split(r"(?<=[a-z)]\.)\s+", f"{LEASE}\n{REPORT}") if len(s.split()) >= 10]
DOCUMENT = PreparedText(" ".join((FILLER, " ".join(SENTENCES), FILLER)))
sentences = st.sampled_from(SENTENCES)


def found(quote: str, sentence: str) -> float:
    start = DOCUMENT.text.index(sentence)
    return share_of_overlap(place(quote, DOCUMENT), start, start + len(sentence))


def plain(word: str) -> bool:
    return word.islower() and not any(is_quantity(w) or negates(w) for w in word_list(fold(word)))


@given(sentences, st.data())
@settings(max_examples=150, deadline=None)
def test_two_words_changed_left_out_or_put_in(sentence: str, data: st.DataObject) -> None:
    words = sentence.split()
    places = [i for i in range(2, len(words) - 2) if plain(words[i])]
    assume(len(words) >= 14 and len(places) >= 2)
    for at in sorted(data.draw(st.lists(st.sampled_from(places), min_size=2, max_size=2, unique=True)), reverse=True):
        match data.draw(st.sampled_from(["change", "leave out", "put in"])):
            case "change":
                words[at] = data.draw(st.sampled_from(["thing", "quite", "such"]))
            case "leave out":
                del words[at]
            case _:
                words.insert(at, data.draw(st.sampled_from(["also", "then", "hereby"])))
    assert found(" ".join(words), sentence) > 0.8


SLIPS = {"m": "rn", "rn": "m", "l": "1", "o": "0", "e": "c", "h": "b", "cl": "d", "w": "vv", "s": "5", "u": "n"}


@given(sentences, st.data())
@settings(max_examples=150, deadline=None)
def test_letters_that_a_scanner_takes_for_others(sentence: str, data: st.DataObject) -> None:
    words = sentence.split()
    places = [i for i, word in enumerate(words) if plain(word) and word.isalpha() and len(word) >= 4]
    for at in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True)):
        read = data.draw(st.sampled_from([c for c in SLIPS if c in words[at][1:-1]] or [words[at][1]]))
        words[at] = words[at][0] + words[at][1:-1].replace(read, SLIPS.get(read, "x"), 1) + words[at][-1]
    assert found(" ".join(words), sentence) > 0.8


@given(sentences, st.sampled_from(["1", "[12]", "¹", "*", "†", " (3)", "[a]"]), st.data())
@settings(max_examples=100, deadline=None)
def test_a_footnote_mark_of_the_document_is_left_out(sentence: str, mark: str, data: st.DataObject) -> None:
    words = sentence.split()
    at = data.draw(st.sampled_from([i for i, word in enumerate(words) if word[-1].isalpha()]))
    noted = " ".join([*words[:at], words[at] + mark, *words[at + 1 :]])
    text = f"{FILLER[:3000]} {noted} {FILLER[3000:6000]}"
    placed = place(sentence, PreparedText(text))
    start = text.index(noted)
    assert share_of_overlap(placed, start, start + len(noted)) > 0.9


FEET = [
    "\n\n{n}\n\n",
    "\n- {n} -\n",
    "\nHarrow Mills annual papers\nPage {n} of 96\n\f",
    "\n\n\fDraft of 3 May {n}\n\n",
]


@given(sentences, st.sampled_from(FEET), st.integers(10, 99), st.booleans(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_page_break_with_its_foot_and_head_within_the_quote(
    sentence: str, foot: str, page: int, hyphenated: bool, data: st.DataObject
) -> None:
    words = sentence.split()
    at = data.draw(st.integers(3, len(words) - 3))
    between = foot.format(n=page)
    if hyphenated:
        assume(words[at].islower() and words[at].isalpha() and len(words[at]) >= 6 and plain(words[at]))
        broken = f"{words[at][:3]}-{between}{words[at][3:]}"
        whole = " ".join([*words[:at], broken, *words[at + 1 :]])
    else:
        whole = " ".join(words[:at]) + between + " ".join(words[at:])
    text = f"{FILLER[:3000]}\n{whole}\n{FILLER[3000:6000]}"
    start = text.index(whole)
    assert share_of_overlap(place(sentence, PreparedText(text)), start, start + len(whole)) > 0.9


HALVES = [
    ("mai", "nly"),
    ("not", "iceably"),
    ("mai", "ntenance"),
    ("discipli", "ne"),
    ("non", "theless"),
    ("mis", "sing"),
]


@pytest.mark.parametrize("foot", FEET)
@pytest.mark.parametrize(("head", "tail"), HALVES)
def test_half_of_a_word_broken_by_a_page_does_not_turn_the_sense(head: str, tail: str, foot: str) -> None:
    before, after = "The budget for the coming year rises", "because of higher energy prices."
    text = f"{FILLER[:3000]}\n{before} {head}-{foot.format(n=10)}{tail} {after}\n{FILLER[3000:6000]}"
    start = text.index(before)
    placed = place(f"{before} {head}{tail} {after}", PreparedText(text))
    assert share_of_overlap(placed, start, text.index(after) + len(after)) > 0.9


@pytest.mark.parametrize("between", [" ", " -\n", "\n\n10\n\n"])
def test_a_negation_that_is_no_half_of_a_hyphenated_word_is_not_taken_for_one(between: str) -> None:
    before, after = "The engineers of the mill were", "to repair the infusion pumps in time."
    document = PreparedText(f"{FILLER[:3000]}\n{before} not{between}able {after}\n{FILLER[3000:6000]}")
    assert place(f"{before} notable {after}", document).status is EvidenceStatus.NOT_FOUND


@given(sentences, st.sampled_from(["…", " ... ", " [...] ", " (…) "]), st.data())
@settings(max_examples=100, deadline=None)
def test_an_ellipsis_in_the_middle(sentence: str, ellipsis: str, data: st.DataObject) -> None:
    words = sentence.split()
    first = data.draw(st.integers(3, len(words) - 5))
    second = data.draw(st.integers(first + 1, len(words) - 3))
    assert found(" ".join(words[:first]) + ellipsis + " ".join(words[second:]), sentence) > 0.9


@given(st.integers(0, 39), st.sampled_from(["exact", "upper", "word left out"]))
@settings(max_examples=60, deadline=None)
def test_among_repeats_the_one_from_the_given_offset_is_chosen_in_every_phase(number: int, noise: str) -> None:
    line = "The rent is payable in advance and without any deduction to the landlord."
    text = "\n".join(f"Clause {n} on item {n * 7}.\n{line}" for n in range(40))
    starts = [match.start() for match in re.finditer(re.escape(line), text)]
    quote = {"exact": line, "upper": line.upper(), "word left out": line.replace("any ", "")}[noise]
    assert place(quote, PreparedText(text), near=starts[number] - 10).start == starts[number]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_list_in_reading_order_takes_the_occurrences_in_order(names: list[str], seed: int) -> None:
    words = {"a": "Smith paid", "b": "Jones paid", "c": "nobody came", "d": "It rained"}
    source = random.Random(seed)
    parts, starts = [], []
    for name in names:
        parts.append(source.choice(["and so on ", "then ", ""]))
        starts.append(sum(map(len, parts)))
        parts.append(words[name] + ". ")
    placements = place_all([words[name] for name in names], PreparedText("".join(parts)))
    assert [placement.start for placement in placements] == starts


def test_a_thousand_equal_rows_take_a_thousand_places() -> None:
    text = "\n".join(f"row {n} yes" for n in range(1000))
    placements = place_all(["yes"] * 1000, PreparedText(text))
    assert [p.start for p in placements] == [match.start() for match in re.finditer("yes", text)]


@pytest.mark.parametrize("near", [0, 150_001, 199_990])
def test_a_word_that_stands_everywhere_is_found_from_any_offset(near: int) -> None:
    placed = place("a", PreparedText("a " * 100_000), near=near)
    assert (placed.status, placed.start) == (EvidenceStatus.EXACT, near + near % 2)
