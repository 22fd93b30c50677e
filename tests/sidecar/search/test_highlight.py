"""What is marked in a passage is what the index compared: for every script, and however a text is composed."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.search.analysis import fold, terms
from resources.search.highlight import fold_with_places, highlight, identifiers_with_places, terms_with_places
from resources.search.query import make_query

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "ﬁaAß İı\u0301\u0323e\u0308 カｶﾞ\u3099가ᄀ\u1161\u11a8ㅎㅏㄴﾡￂ中文字1-.2@/½ ̈Ⅻ", max_size=30
)


def marked(text, query, language="en"):
    made = make_query(query, [language])
    return [text[start:end] for start, end in highlight(text, made.terms, made.phrases, language)]


@pytest.mark.parametrize(
    ("text", "query", "language", "expected"),
    [
        ("Grants were paid; no grant was lost.", "granting", "en", ["Grants", "grant"]),
        ("Die Häuser am Haus", "Haus", "de", ["Häuser", "Haus"]),
        ("see WP-2022-0048, not WP-2022-0049", "wp-2022-0048", "en", ["WP-2022-0048", "WP", "2022"]),
        ("我住在北京市中心", "北京", "zh", ["北京"]),
        ("我住在北京市中心", "北京市", "zh", ["北京市"]),
        ("studies中文studies", "study", "en", ["studies", "studies"]),
        ("The ﬁrst oﬃce", "first office", "en", ["ﬁrst", "oﬃce"]),
        ("Cafe\u0301 and CAFÉ", "café", "fr", ["Cafe\u0301", "CAFÉ"]),
        ("STRASSE und Straße", "straße", "de", ["STRASSE", "Straße"]),
        ("ｶﾞス ガス", "ガス", "ja", ["ｶﾞス", "ガス"]),
        ("The heat - pump, the heat.", '"heat pump"', "en", ["heat - pump", "heat"]),
        ("nothing of it", "grant", "en", []),
        ("", "grant", "en", []),
    ],
)
def test_what_is_marked(text, query, language, expected):
    assert marked(text, query, language) == expected


@given(TEXTS)
def test_a_text_is_folded_as_a_whole_and_every_character_has_its_place(text):
    folded, starts, ends = fold_with_places(text)
    assert folded == fold(text)
    assert len(starts) == len(ends) == len(folded)
    assert starts == sorted(starts)
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        assert 0 <= start < end <= len(text)
        assert folded[place] in fold(text[start:end])


@given(TEXTS, st.sampled_from(["en", "de", "zh", None]))
def test_terms_with_places_are_those_of_the_index(text, language):
    folded = fold(text)
    found = [*terms_with_places(folded, language), *identifiers_with_places(folded)]
    assert [term for term, _, _ in found] == terms(text, language)


@given(TEXTS, TEXTS)
def test_spans_are_in_order_and_apart(text, query):
    made = make_query(query, ["en", None])
    spans = highlight(text, made.terms, made.phrases, "en")
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def test_no_character_of_unicode_melts_into_another_s_place():
    every = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    known = [one for one in every if unicodedata.category(one)[0] == "M" or unicodedata.decomposition(one)]
    wrong = [one for one in known for text in (f"ﬁe{one}", f"ﬁᄀ{one}", f"ﬁｶ{one}a") if not _folds(text)]
    assert len(known) > 5000
    assert wrong == []


def _folds(text):
    return fold_with_places(text)[0] == fold(text)
