"""A stream becomes sentences with their labels: none lost, none twice, however the stream is cut."""

from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.answers.text.sentences import LONGEST, Said, SentenceReader, read_sentences
from crucible_assets.answers.text.spans import sentence_spans


def said(*pairs: tuple[str, tuple[int, ...]]) -> list[Said]:
    return [Said(text, labels) for text, labels in pairs]


CASES = {
    "before the stop": ("A is so [1]. B is not [2].", said(("A is so.", (1,)), ("B is not.", (2,)))),
    "behind the stop": ("A is so. [1] B is not. [2]", said(("A is so.", (1,)), ("B is not.", (2,)))),
    "glued": ("A is so[1].B2 is not[2].", said(("A is so.B2 is not.", (1, 2)))),
    "glued behind": ("A is so.[1]B is not.[2]", said(("A is so.", (1,)), ("B is not.", (2,)))),
    "both sides": ("A is so [1]. [2] B.", said(("A is so.", (1, 2)), ("B.", ()))),
    "several": ("A [1][2] is [3], so [1, 4].", said(("A is, so.", (1, 2, 3, 4)))),
    "range": ("A is so [1-3].", said(("A is so.", (1, 2, 3)))),
    "caret": ("A is so [^1]. B [^12].", said(("A is so.", (1,)), ("B.", (12,)))),
    "lenticular": ("A is so 【1】. B【2†source】", said(("A is so.", (1,)), ("B", (2,)))),
    "full width": ("A is so ［1］.", said(("A is so.", (1,)))),
    "linked": ("A is so [1](#s1). B [2](https://x.example/).", said(("A is so.", (1,)), ("B.", (2,)))),
    "no mark": ("A[x] and [see 1] and [2024] and [].", said(("A[x] and [see 1] and [2024] and [].", ()))),
    "mark alone": ("A is so.\n[1]\nB is not.\n\n[2]", said(("A is so.", (1,)), ("B is not.", (2,)))),
    "mark begins a line": ("It is.\n[1] B is so.", said(("It is.", ()), ("B is so.", (1,)))),
    "question": ("Is it? Yes! It is [1].", said(("Is it?", ()), ("Yes!", ()), ("It is.", (1,)))),
    "quotes": ('He said "no." [1] Then "yes" [2].', said(('He said "no."', (1,)), ('Then "yes".', (2,)))),
    "chinese": ("批准了。[1] 拒绝了[2]。好！", said(("批准了。", (1,)), ("拒绝了。", (2,)), ("好！", ()))),
    "chinese marks": ("批准了【1】。拒绝了。【2】", said(("批准了。", (1,)), ("拒绝了。", (2,)))),
    "japanese quote": ("「承認する。」と述べた[1]。", said(("「承認する。」と述べた。", (1,)))),
    "hindi": ("यह सच है। [1] यह नहीं। [2]", said(("यह सच है।", (1,)), ("यह नहीं।", (2,)))),
    "arabic": ("هل هذا صحيح؟ [1] نعم. [2]", said(("هل هذا صحيح؟", (1,)), ("نعم.", (2,)))),
    "titles": ("Dr. Rushe and Mrs. P. Tierney met [1]. Then",
        said(("Dr. Rushe and Mrs. P. Tierney met.", (1,)), ("Then", ()))),
    "numbers": ("It cost 9,500.50 on 3.4.2024 under No. 3 and Art. 5 [1]. End.",
        said(("It cost 9,500.50 on 3.4.2024 under No. 3 and Art. 5.", (1,)), ("End.", ()))),
    "no is a word": ("The answer was no. The reason is not given.",
        said(("The answer was no.", ()), ("The reason is not given.", ()))),
    "ends in a number": ("The sum was 12. The rest is owed.",
        said(("The sum was 12.", ()), ("The rest is owed.", ()))),
    "german day": ("Am 3. April und im 2. Quartal z. B. war es so [1]. Gut.",
        said(("Am 3. April und im 2. Quartal z. B. war es so.", (1,)), ("Gut.", ()))),
    "german law": ("Nach Art. 5 Abs. 2 Nr. 3 bzw. § 4 gilt das ca. seit 2020 [1].",
        said(("Nach Art. 5 Abs. 2 Nr. 3 bzw. § 4 gilt das ca. seit 2020.", (1,)))),
    "french": ("M. Dupont, p. ex. le 3 avril, cf. Mme. Roux [1]. Fin.",
        said(("M. Dupont, p. ex. le 3 avril, cf. Mme. Roux.", (1,)), ("Fin.", ()))),
    "company": ("Sweeney Ltd. [1] Halvey Inc. [2]", said(("Sweeney Ltd.", (1,)), ("Halvey Inc.", (2,)))),
    "company goes on": ("Sweeney Ltd. is paid, e.g. [1] by us.", said(("Sweeney Ltd. is paid, e.g. by us.", (1,)))),
    "etc": ("Oil, gas etc. [1] are out. Oil, gas, etc. The rest stays.",
        said(("Oil, gas etc. are out.", (1,)), ("Oil, gas, etc.", ()), ("The rest stays.", ()))),
    "et al": ("Smith et al. (2020) say so [1].", said(("Smith et al. (2020) say so.", (1,)))),
    "states": ("In the U.S. Department it is 5 p.m. now [1].",
        said(("In the U.S. Department it is 5 p.m. now.", (1,)))),
    "ellipsis": ("Well... it is so [1]. Or... Not.", said(("Well... it is so.", (1,)), ("Or...", ()), ("Not.", ()))),
    "address": ("See www.x.example/a.b and a@b.example [1]. End",
        said(("See www.x.example/a.b and a@b.example.", (1,)), ("End", ()))),
    "items": ("Two:\n- one [1]\n- two.\n  goes on [2]\n1. three [3]\n2) four",
        said(("Two:", ()), ("- one", (1,)), ("- two. goes on", (2,)), ("1. three", (3,)), ("2) four", ()))),
    "item with mark first": ("- [1] One is so.", said(("- One is so.", (1,)))),
    "heading": ("## Costs\nThey are high [1].\n**More**\nYes.",
        said(("## Costs", ()), ("They are high.", (1,)), ("**More**", ()), ("Yes.", ()))),
    "table": ("| a | b [1] |\n|---|---|\n| 1 | 2 [2] |",
        said(("| a | b |", (1,)), ("|---|---|", ()), ("| 1 | 2 |", (2,)))),
    "wrapped": ("It is\nso [1].\nB.", said(("It is so.", (1,)), ("B.", ()))),
    "paragraphs": ("It is so [1]\n\nB is not", said(("It is so", (1,)), ("B is not", ()))),
    "code span": ("Use `a[1]. B` here [2]. A ` stays [3].",
        said(("Use `a[1]. B` here.", (2,)), ("A ` stays.", (3,)))),
    "fence": ("See:\n```\nx[1] = 2. Y\n```\nDone [1].",
        said(("See:", ()), ("```\nx[1] = 2. Y\n```", ()), ("Done.", (1,)))),
    "emphasis": ("**It is so.** [1] *No.* [2]", said(("**It is so.**", (1,)), ("*No.*", (2,)))),
    "stop behind marks": ("It is so. [1]. B [2].", said(("It is so.", (1,)), ("B.", (2,)))),
    "twice the same": ("A [1] and [1].", said(("A and.", (1,)))),
    "returns": ("A is so [1].\r\n- b\r\n- c [2]\r\n", said(("A is so.", (1,)), ("- b", ()), ("- c", (2,)))),
    "nothing": (" \n\n ", []),
    "only a mark": ("[1]", said(("", (1,)))),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", CASES.values(), ids=CASES)
def test_sentences_and_their_labels(text, expected):
    assert read_sentences(text) == expected


@pytest.mark.parametrize("text, expected", CASES.values(), ids=CASES)
def test_every_cut_in_two_gives_the_same(text, expected):
    for cut in range(len(text) + 1):
        if text[cut - 1 : cut + 1] == "\r\n":
            continue  # the transport gives whole lines
        reader = SentenceReader()
        assert [*reader.feed(text[:cut]), *reader.feed(text[cut:]), *reader.end()] == expected


PIECES = [
    "The grant", " was ", "9,500.50", ". ", ".", "? ", "。", "[1]", " [2][3]", "[1, 2]", "【4】", "[^5]", "[", "]",
    "[12",
    "\n", "\n\n", "- ", "1. ", "## ", "| a |", "`", "```", "**", "Dr. ", "No. 3", "z. B. ", "Am 3. ", "April",
    "批准了",
    "[1](#x)", "(", "…", '."', " ", "Ltd.", "e.g.", "U.S.", "[2024]", "†", "と", "\t",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3).map(lambda t: t.replace("\r", "")), max_size=14)


@settings(max_examples=150, deadline=None)
@given(texts.map("".join), st.data())
def test_any_stream_gives_the_same_however_it_is_cut(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    reader = SentenceReader()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        found += reader.feed(text[begin:end])
    assert [*found, *reader.end()] == read_sentences(text)


MARK = regex.compile(r"\[[\s^]*\d{1,3}(?:\s*[-–,;、，]\s*\^?\d{1,3})*\s*\]")


@settings(max_examples=150, deadline=None)
@given(texts.map("".join))
def test_no_word_is_lost_or_said_twice(text):
    """But for the marks, what links they carry, and a full stop doubled by them."""

    def words(stretch: str) -> list[str]:
        return regex.findall(r"[\p{L}\p{N}]", stretch)

    whole = text.replace("[1](#x)", "")
    if any(sign in whole for sign in "[]【】［］`†"):
        # brackets that a chance has put round numbers are marks too: then nothing may be added, at least
        kept = words("".join(one.text for one in read_sentences(text)))
        rest = iter(words(text))
        assert all(word in rest for word in kept)
    else:
        assert words("".join(one.text for one in read_sentences(text))) == words(whole)


def test_a_sentence_is_given_as_soon_as_the_next_begins():
    reader = SentenceReader()
    assert reader.feed("The grant was refused [1]. ") == []
    assert reader.feed("It") == []
    assert reader.feed(" was") == said(("The grant was refused.", (1,)))
    assert reader.end() == said(("It was", ()))


def test_a_text_without_any_stop_is_cut():
    text = "word " * (LONGEST // 2)
    found = read_sentences(text)
    assert len(found) > 1 and all(len(one.text) <= LONGEST + 10 for one in found)
    assert " ".join(one.text for one in found).split() == text.split()


def test_a_reader_can_be_used_again():
    reader = SentenceReader()
    reader.feed("A [1].")
    assert reader.end() == said(("A.", (1,)))
    assert [*reader.feed("B [2]."), *reader.end()] == said(("B.", (2,)))


def test_sentences_of_a_document_are_stretches_of_it():
    text = "First one.  Second is\nwrapped for the width of a page, as mails are.\n\nA | b\n- item one.\n- item. Two"
    spans = sentence_spans(text)
    assert [span.of(text) for span in spans][:2] == [
        "First one.",
        "Second is\nwrapped for the width of a page, as mails are.",
    ]
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())


@settings(deadline=None)
@given(texts.map("".join))
def test_sentences_of_any_document_hold_all_of_it_in_order(text):
    spans = sentence_spans(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())
