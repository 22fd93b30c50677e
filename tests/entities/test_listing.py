"""What the source says about how many entities there are, held against those found."""

from crucible_assets.extractions.entities.listing import counts_in, listing_of, placed_in_items
from crucible_assets.extractions.entities.mention import Mention
from resources.vocabulary import Segment, SegmentKind
from tests.entities.making import mentioned

INVOICE = "Invoice 12\n\nItem | Qty | Price\n" + "\n".join(f"Part {n}x | {n} | {n}.00" for n in range(1, 21))


def counted(
    text: str, found: list[Mention], pattern: str, segments: tuple[Segment, ...] = ()
) -> list[tuple[int, int]]:
    listing = listing_of(text, segments, pattern)
    return [(count.expected, count.found) for count in counts_in(listing, found, "en")]


def test_rows_that_nobody_claimed_are_counted_and_shown():
    found = mentioned(INVOICE, *(f"Part {n}x" for n in range(1, 6)))
    (count,) = counts_in(listing_of(INVOICE, (), "every line of the invoice"), found, "en")
    assert (count.expected, count.found, count.differs) == (20, 5, True)
    assert [INVOICE[a:b].split(" |")[0] for a, b in count.missing] == [f"Part {n}x" for n in range(6, 21)]


def test_a_complete_list_does_not_differ():
    found = mentioned(INVOICE, *(f"Part {n}x |" for n in range(1, 21)))
    assert counted(INVOICE, found, "every line") == [(20, 20)]


def test_an_empty_list_is_held_against_a_list_that_the_pattern_names():
    text = "The companies are:\n1. Acme\n2. Foo\n3. Bar"
    assert counted(text, [], "each company") == [(3, 0)]
    assert counted(text, [], "each patient") == []


def test_a_table_in_which_the_same_few_entities_come_again_and_again_counts_nothing():
    text = "Date | Supplier\n" + "\n".join(f"2021-03-{n:02} | {'Acme' if n % 2 else 'Foot'}" for n in range(1, 21))
    assert counted(text, mentioned(text, "Acme", "Foot"), "each supplier that appears") == []


def test_entities_in_prose_are_not_counted_against_an_unrelated_list():
    text = "Acme and Foo met. Bar came. Baz wrote.\n\nThey decided:\n- to pay Acme\n- to leave\n- to wait\n- to sell"
    assert counted(text, mentioned(text, "Acme", "Foo", "Bar", "Baz"), "each firm") == []


def test_numbered_sections():
    text = "\n".join(f"Patient {n}\nShe was {30 + n} years old.\n" for n in range(1, 8))
    assert counted(text, mentioned(text, "Patient 1", "Patient 2"), "each patient") == [(7, 2)]


def test_a_list_within_the_sections_is_not_counted_beside_them():
    text = "\n".join(f"Patient {n}\nTaken:\n- aspirin {n}\n- water {n}\n" for n in range(1, 5))
    assert counted(text, mentioned(text, *(f"Patient {n}" for n in range(1, 5))), "each patient") == [(4, 4)]


def test_list_items_that_only_the_format_marks():
    lines = ["Members of the board", "Ann Lee", "Bo Dahl", "Cy Falk"]
    text = "\n\n".join(lines)
    kinds = [SegmentKind.HEADING] + [SegmentKind.LIST_ITEM] * 3
    segments = tuple(
        Segment(text.index(line), text.index(line) + len(line), kind) for line, kind in zip(lines, kinds, strict=True)
    )
    assert counted(text, mentioned(text, "Ann Lee"), "each member of the board", segments) == [(3, 1)]


def test_a_number_in_words_that_announces_the_list():
    text = "The following twelve companies took part. Acme and Foo were first."
    assert counted(text, mentioned(text, "Acme", "Foo"), "every company") == [(12, 2)]
    assert counted("We asked 40 companies in May.", [], "every company") == []


def test_rows_outside_of_the_stretch_are_another_stretch_s_matter():
    listing = listing_of(INVOICE, (), "every line of the invoice")
    window = (0, INVOICE.index("Part 11x"))
    found = mentioned(INVOICE, "Part 1x", "Part 2x")
    (count,) = counts_in(listing, found, "en", window)
    assert (count.expected, count.found) == (10, 2)


def test_each_row_of_a_list_of_entities_is_a_place_of_its_own():
    found = mentioned(INVOICE, "Part 1x", "Part 2x", "Invoice 12")
    assert placed_in_items(listing_of(INVOICE, (), "every line"), found) == {0: (0, 0), 1: (0, 1)}
