"""What the reader answers, type by type."""

from collections.abc import Sequence

import pytest

from resources.models.reader import read
from resources.models.reader.dates import find_dates
from resources.models.reader.spans import Kind
from resources.models.request import Field
from resources.vocabulary import VariableType as T
from tests.reader.questions import GRANT, ask


@pytest.mark.parametrize(
    ("name", "instructions", "expected"),
    [
        ("approval_date", "The date on which the application was approved.", "2021-03-03"),
        ("received_date", "The date on which the application was received.", "2021-01-12"),
        ("start_date", "The date on which the project starts.", "2021-05-01"),
        ("end_date", "The date on which the project ends.", "2023-04-30"),
    ],
)
def test_the_date_next_to_the_cue_is_chosen(name: str, instructions: str, expected: str) -> None:
    answer = ask(GRANT, name, T.DATE, instructions)
    assert answer["value"] == expected
    assert answer["source_text"] in GRANT


def test_an_amount_is_told_from_the_total_cost() -> None:
    assert ask(GRANT, "amount_awarded", T.NUMBER, "The amount of the grant awarded.", unit="EUR")["value"] == (
        "EUR 48,500.00"
    )
    assert ask(GRANT, "total_project_costs", T.NUMBER, "Total costs of the project.", unit="EUR")["value"] == (
        "EUR 60,625.00"
    )


def test_a_percentage_is_preferred_when_a_share_is_asked() -> None:
    assert (
        ask(GRANT, "funding_share", T.NUMBER, "Share of the project costs that is funded.", unit="%")["value"]
        == "80%"
    )


def test_a_label_gives_the_name_and_the_identifier() -> None:
    assert ask(GRANT, "applicant", T.TEXT, "Name of the applicant.")["value"] == (
        "Haldane Institute for Marine Research"
    )
    assert ask(GRANT, "case_number", T.TEXT, "The number of the case.")["value"] == "G-2021-0417"


def test_a_denied_thing_is_false_and_a_said_thing_true() -> None:
    assert ask(GRANT, "personal_data", T.BOOLEAN, "Whether the project processes personal data.")["value"] is False
    assert ask(GRANT, "ethics_approval", T.BOOLEAN, "Whether ethics approval was obtained.")["value"] is True


def test_a_boolean_without_a_cue_is_absent() -> None:
    answer = ask(GRANT, "animal_experiments", T.BOOLEAN, "Whether animal experiments are planned.")
    assert answer["found"] is False
    assert answer["value"] is None


@pytest.mark.parametrize(
    ("mark", "expected"), [("yes", True), ("No", False), ("ja", True), ("☒", True), ("nein", False)]
)
def test_a_labelled_boolean_is_read(mark: str, expected: bool) -> None:
    answer = ask(f"Site: Oslo\nInsurance required: {mark}\nOwner: X", "insurance_required", T.BOOLEAN)
    assert answer["value"] is expected


def test_a_country_is_found_in_prose() -> None:
    assert ask(GRANT, "country", T.LOCATION, "Country of the field work.")["value"] == "Portugal"


def test_a_category_is_found_by_its_name_and_by_its_rule() -> None:
    named = ask(
        GRANT, "decision", T.CATEGORY, "The decision on the application.",
        categories=(("approved", "the application was approved"), ("rejected", "the application was refused")),
    )  # fmt: skip
    assert named["value"] == "approved"
    ruled = ask(
        "The board turned the request down because the budget was unclear.", "outcome", T.CATEGORY,
        "Outcome of the request.",
        categories=(("positive", "money is paid"), ("negative", "the request was turned down")),
    )  # fmt: skip
    assert ruled["value"] == "negative"


def test_several_values_are_distinct_and_bounded() -> None:
    text = "Member: Ada Byron\nMember: Alan Turing\nMember: Ada Byron\nMember: Grace Hopper\n"
    answer = ask(text, "member", T.TEXT, "Each member.", multiple=True)
    assert [entry["value"] for entry in answer["values"]] == ["Ada Byron", "Alan Turing", "Grace Hopper"]
    assert len(ask(text, "member", T.TEXT, "Each member.", multiple=True, max_values=2)["values"]) == 2


def test_what_is_not_there_is_absent_for_every_type() -> None:
    text = "The weather was fine. Nobody complained about the soup."
    for kind in (T.TEXT, T.NUMBER, T.DATE, T.BOOLEAN, T.LOCATION, T.JSON):
        answer = ask(text, "contract_value", kind, "The value of the contract with the supplier.")
        assert answer["found"] is False
        assert answer["source_text"] is None


def test_an_ambiguous_numeric_date_is_given_as_it_stands() -> None:
    assert ask("Date: 03/04/2018\nTotal 5.00", "date", T.DATE)["value"] == "03/04/2018"
    assert ask("Date: 23/04/2018\nTotal 5.00", "date", T.DATE)["value"] == "2018-04-23"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vertragsbeginn: 3. März 2021", "2021-03-03"),
        ("Date d'effet : 1er février 2020", "2020-02-01"),
        ("Fecha de inicio: 5 de mayo de 2019", "2019-05-05"),
        ("effective this 3rd day of June, 2010", "2010-06-03"),
        ("Effective: 2014年5月2日", "2014-05-02"),
        ("Data rozpoczęcia: 7 października 2022", "2022-10-07"),
    ],
)
def test_dates_are_read_in_several_languages(text: str, expected: str) -> None:
    (found,) = [mention for mention in find_dates(text) if mention.kind is Kind.DATE]
    assert found.normal == expected


def test_a_label_in_the_words_of_the_instructions_is_enough() -> None:
    text = "Vertragsbeginn: 3. März 2021\nVertragsende: 3. März 2023\n"
    instructions = "Datum, an dem der Vertrag in Kraft tritt (Beginn)."
    assert ask(text, "effective_date", T.DATE, instructions)["value"] == "2021-03-03"


def test_json_collects_the_named_labels() -> None:
    answer = ask(GRANT, "case", T.JSON, 'An object with "case number", "programme" and "shoe size".')
    assert answer["value"] == {"case number": "G-2021-0417", "programme": "Coastal Resilience"}


def test_a_table_header_labels_its_cells() -> None:
    text = "| Item | Unit price | Quantity |\n|---|---|---|\n| Boat | EUR 900 | 3 |\n"
    assert ask(text, "unit_price", T.NUMBER, "Price of one unit.")["value"] == "EUR 900"


def test_a_property_table_names_its_values_in_the_first_column() -> None:
    text = "Item | Value\nItem: Rated output kW | Value: 11.5\nItem: Input kW | Value: 4.1"
    assert ask(text, "rated_output", T.NUMBER, "Rated output in kW.", unit="kW")["value"] == "11.5"


def test_the_last_step_of_a_path_is_the_label() -> None:
    text = "application.id: 7\napplication.building.town: Kilmoragh\napplication.office.town_code: 12"
    assert ask(text, "town", T.LOCATION, "The town of the building.")["value"] == "Kilmoragh"


def test_an_example_in_the_instructions_gives_the_form_of_an_identifier() -> None:
    text = "Meter 10-306-884, invoice SHS-24-0388, our file HP-2023-0417 of 9 January 2023."
    answer = ask(text, "case_reference", T.TEXT, "The reference of this case, such as AB-2020-0001.")
    assert answer["value"] == "HP-2023-0417"


def test_what_the_instructions_exclude_is_not_taken() -> None:
    text = "The boiler it replaces had an output of 24 kW. The new unit has an output of 8 kW."
    answer = ask(text, "output", T.NUMBER, "Output of the unit. Not the boiler.", unit="kW")
    assert answer["value"] == "8 kW"


def test_a_thing_only_wondered_about_or_denied_behind_is_not_true() -> None:
    instructions = "Whether the travel supplement was granted."
    assert (
        ask("The travel supplement was not granted.", "travel_supplement", T.BOOLEAN, instructions)["value"] is False
    )
    said = ask("The travel supplement was granted.", "travel_supplement", T.BOOLEAN, instructions)
    asked = ask("They asked whether the travel supplement was granted.", "travel_supplement", T.BOOLEAN, instructions)
    assert said["value"] is True
    assert said["confidence"] > (asked["confidence"] if asked["found"] else 0)


def test_json_keys_in_snake_case_are_read_as_numbers_and_words() -> None:
    text = "Year of construction: 1978\nHeated floor area: 137.5 m²\n"
    instructions = "An object with year_built (year, number) and floor_area_m2 (heated floor area, number)."
    assert ask(text, "dwelling", T.JSON, instructions)["value"] == {"year_built": 1978, "floor_area_m2": 137.5}


def test_a_row_of_labelled_cells_is_read() -> None:
    text = "Name: Boat | Unit price: EUR 900 | Quantity: 3\n"
    assert ask(text, "quantity", T.NUMBER, "How many were bought.")["value"] == "3"


def test_a_label_gives_more_confidence_than_a_cue() -> None:
    labelled = ask("Approval date: 3 March 2021. Other: 4 May 2021", "approval_date", T.DATE)
    cued = ask("They met on 4 May 2021. The approval came on 3 March 2021.", "approval_date", T.DATE)
    assert labelled["value"] == cued["value"] == "2021-03-03"
    assert labelled["confidence"] > cued["confidence"]


def test_a_dense_scorer_can_be_passed_in() -> None:
    asked: list[str] = []

    def similarity(question: str, sentences: Sequence[str]) -> list[float]:
        asked.append(question)
        return [1.0 for _ in sentences]

    field = Field("approval_date", T.DATE, "The date on which the application was approved.", "approval date")
    assert read(GRANT, (field,), None, similarity)["approval_date"]["value"] == "2021-03-03"
    assert asked
