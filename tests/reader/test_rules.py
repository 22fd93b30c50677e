"""General rules of the reader, each on sentences made up for it."""

from typing import Any

import pytest

from resources.models.reader import read
from resources.models.request import Field
from resources.vocabulary import VariableType as T

OUTCOME = (
    ("accepted", "The tender was accepted as it stands, without special conditions."),
    ("accepted with conditions", "The tender was accepted, subject to conditions (German: Auflagen)."),
    ("rejected", "The tender was turned down."),
)


def ask(text: str, name: str, kind: T, instructions: str, **more: Any) -> dict[str, Any]:
    """The reader's entry for one field."""
    entry: dict[str, Any] = read(text, (Field(name, kind, instructions, name.replace("_", " "), **more),))[name]
    return entry


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("On 3 May the harbour board accepted the tender without special conditions.", "accepted"),
        ("The tender is accepted, on condition that the crane is repainted.", "accepted with conditions"),
        ("Der Zuschlag wird mit Auflagen erteilt. The tender was accepted.", "accepted with conditions"),
        ("The tender was not accepted. It was rejected for lack of a bond.", "rejected"),
    ],
)
def test_a_longer_category_wins_where_its_addition_stands_undenied(text: str, category: str) -> None:
    entry = ask(text, "outcome", T.CATEGORY, "What became of the tender.", categories=OUTCOME)
    assert entry["value"] == category


def test_words_between_slashes_and_hyphens_are_the_same_category() -> None:
    kinds = (("plug-in to grid", ""), ("stand-alone", ""))
    entry = ask("Type of inverter: plug in/grid, 3 kW", "type_of_inverter", T.CATEGORY, "Type.", categories=kinds)
    assert entry["value"] == "plug-in to grid"


@pytest.mark.parametrize(
    "text",
    [
        "The warehouse at 14 Tannery Lane, Brackenford is to be rebuilt.",
        "Lagerhaus, 49124 Brackenford\nDie Halle steht leer.",
        "The barn is in Brackenford. The owner of the barn moved to Brackenford in May.",
        "Place | Brackenford ¦\nRoof | slate",
    ],
)
def test_a_town_is_told_by_what_stands_round_it(text: str) -> None:
    entry = ask(text, "town", T.LOCATION, "The town in which the building stands.")
    assert entry["value"] == "Brackenford"


def test_a_total_is_the_sum_of_the_lines_above_and_includes_tax_when_asked() -> None:
    bill = (
        "Item | EUR\nSails | 1 200.00\nRigging | 300.00\nSum | 1 500.00\n"
        "VAT at 20 % | 300.00\nTo hand over | 1 800.00"
    )
    entry = ask(bill, "total_cost", T.NUMBER, "What all costs, VAT included.", unit="EUR")
    assert entry["value"] == "1 800.00"


def test_house_numbers_are_no_amounts() -> None:
    text = "The total cost of the works at 12 Mill Lane came to € 7,450.00 including VAT."
    entry = ask(text, "total_cost", T.NUMBER, "Total cost of the works, VAT included.", unit="EUR")
    assert entry["value"] == "€ 7,450.00"


def test_people_with_a_role_are_staff_and_applicants_are_not() -> None:
    text = (
        "Dear Mr Oswin Tarrant,\nyour request was examined by our inspector, Belinda Croft, on 4 June and approved "
        "by Hamish Duffield of this office.\n\nYours sincerely,\nRowena Pike\nLicensing Officer"
    )
    entry = ask(text, "staff", T.TEXT, "Every person who acted for the office: officers, inspectors.", multiple=True)
    assert {one["value"] for one in entry["values"]} == {"Belinda Croft", "Hamish Duffield", "Rowena Pike"}


def test_firms_are_told_by_legal_form_or_trade() -> None:
    text = (
        "The mast was fitted by Gale Rigging Services and painted by Otto Brenner; the quotation came on 2 May 2021."
    )
    entry = ask(text, "contractors", T.TEXT, "Every firm that carried out works.", multiple=True)
    assert [one["value"] for one in entry["values"]] == ["Gale Rigging Services"]


def test_a_model_is_a_name_that_ends_in_a_figure() -> None:
    text = "On 2 May 2021 the crew unpacked the outboard motor, a Marlin TX 40, and threw away the manual."
    entry = ask(text, "motor_model", T.TEXT, "Make and model of the outboard motor, as written.")
    assert entry["value"] == "Marlin TX 40"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The mooring is not a listed monument.", False),
        ("The mooring is a listed monument since 1970.", True),
        ("Der Denkmalstatus wurde nicht erteilt.", False),
    ],
)
def test_negation_counts_though_the_instructions_speak_of_exceptions(text: str, value: bool) -> None:
    told = "Whether the mooring is a listed monument (German: Denkmalstatus). A neighbouring one does not count."
    assert ask(text, "listed_monument", T.BOOLEAN, told)["value"] is value


def test_a_table_head_alone_affirms_nothing() -> None:
    entry = ask("Listed monument | Berth\nno | 14", "listed_monument", T.BOOLEAN, "Whether it is a listed monument.")
    assert entry["value"] is not True


def test_the_length_of_a_contract_is_not_the_length_of_a_promise_in_it() -> None:
    text = (
        "For a period of five years the Supplier shall not solicit the Buyer's crew. "
        "This Agreement shall remain in force for a period of two (2) years."
    )
    entry = ask(text, "term", T.TEXT, "Length of the contract.")
    assert entry["value"] == "two (2) years"


def test_the_name_in_another_language_that_the_instructions_give_is_a_label() -> None:
    entry = ask("Liegeplatzgebühr: 310,00 EUR\nStrom: 20,00 EUR", "mooring_fee", T.NUMBER,
                "The fee for the mooring (German: Liegeplatzgebühr).", unit="EUR")  # fmt: skip
    assert entry["value"] == "310,00 EUR"


def test_the_event_that_the_question_names_chooses_the_date() -> None:
    text = "You applied on 2 March 2020. The panel considered the case and granted the licence on 9 April 2020."
    entry = ask(text, "decision_date", T.DATE, "The day of the decision. Not the day of application.")
    assert entry["value"] == "2020-04-09"


def test_of_equally_clear_days_the_last_one_is_given_when_the_last_is_asked_for() -> None:
    text = "Inspected | 3 May 2021\nInspected | 9 August 2021"
    entry = ask(text, "inspection_date", T.DATE, "The day of the inspection; the last visit if there were several.")
    assert entry["value"] == "2021-08-09"


def test_the_only_figure_with_the_unit_that_is_asked_for_is_taken() -> None:
    text = "The barge of 1961 lies low: 38 m² of deck and two masts, as everybody on the quay knows."
    assert ask(text, "deck_area", T.NUMBER, "Area of the deck.", unit="m²")["value"] == "38 m²"


def test_a_total_after_rounding_is_the_total() -> None:
    text = "TOTAL INCL. TAX   61.02\nROUNDING   -0.02\nTOTAL   61.00\nCASH   70.00\nCHANGE   9.00"
    assert ask(text, "total", T.NUMBER, "The total amount of the receipt.")["value"] == "61.00"


def test_an_initial_is_the_same_person_as_the_full_name() -> None:
    text = "Inspector | Belinda Croft\nWeather | dry\n\nKind regards\nB. Croft\nInspector"
    entry = ask(text, "staff", T.TEXT, "Every person who acted for the office: inspectors.", multiple=True)
    assert [one["value"] for one in entry["values"]] == ["Belinda Croft"]
