"""The gold labels are true of the generated files: what is labelled stands there, what is absent does not."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from resources.vocabulary import Variable, VariableType
from tests.samples.reading import gold, project, text_of, words

VARIABLES = {variable.name: variable for variable in project().variables}
MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
)

# How the words of a category or of a boolean must sound.
CUES: dict[tuple[str, object], str] = {
    ("decision", "approved"): r"approved|got the grant|bewilligt",
    ("decision", "approved with conditions"): r"condition|Nebenbestimmung|Auflage",
    ("decision", "refused"): r"refused|dismisse[sd]",
    ("decision", "withdrawn"): r"withdraw",
    ("refusal_ground", "works begun early"): r"started before",
    ("refusal_ground", "incomplete file"): r"never came",
    ("refusal_ground", "fabric too poor"): r"loses more heat",
    ("refusal_ground", "income above limit"): r"over the limit",
    ("heat_pump_type", "air-to-water"): r"air.{1,4}water|Luft-Wasser|fan outside.*water",
    ("heat_pump_type", "ground source"): r"ground|Sole",
    ("heat_pump_type", "air-to-air"): r"air-to-air",
    ("heat_pump_type", "hybrid"): r"boiler under one controller|Kessel springt",
    ("previous_heating", "oil"): r"oil|kerosene|Öl",
    ("previous_heating", "gas"): r"gas",
    ("previous_heating", "solid fuel"): r"solid|turf|peat|coal|pellets",
    ("previous_heating", "electric"): r"storage",
    ("low_income_supplement", True): r"granted|included",
    ("low_income_supplement", False): r"\b(not|no|none|cannot|nicht|kein|didn't|above)\b",
    ("protected_structure", True): r"protected|Denkmalschutz|entered in the Record|\byes\b",
    ("protected_structure", False): r"\b(not|no|nein|kein)\b",
}

# What an absent variable would look like if the text did hold it after all.
TRACES = {
    "case_reference": r"\b(HP|WP)-20\d\d-\d{4}",
    "decision": r"\b(approved|refused|granted|withdrawn|bewilligt|abgelehnt)\b",
    "decision_date": r"\b(decided|approved|refused|bewilligt|decision of)\b[^.]{0,30}\b20\d\d\b",
    "refusal_ground": r"\brefusal is upheld\b|\bhas been refused\b|application is refused",
    "grant_amount": r"\b(award|awarded|granted|bewilligt)\b[^.]{0,30}(EUR|€|\beuros?\b)",
    "total_cost": r"\b(total|altogether|in all)\b[^.]{0,30}\d",
    "low_income_supplement": r"low.income|supplement|Einkommensbonus",
    "protected_structure": r"protected|protection|listed building|Denkmal",
    "heat_pump_type": r"heat pump|air.to|ground source|Wärmepumpe",
    "heat_pump_model": r"Nordvarm|Terralux|Kestrel|Wiesmark|Zephyr",
    "rated_output": r"\d ?kW\b(?!h)|rated (heat )?output|Nennwärmeleistung",
    "previous_heating": r"\b(oil|gas|coal|stove|boiler|storage heaters?)\b",
    "inspection_date": r"\b(inspected|inspection|inspector|Inaugenscheinnahme)\b[^.]{0,40}\b20\d\d\b",
    "refrigerant": r"refrigerant|Kältemittel|\bR-?(32|290|410A)\b|\bpropane?\b",
    "annual_saving": r"\b(saves?|saved|savings?|spart|Einsparung)\b[^.]{0,40}(€|EUR|\beuros?\b)",
    "sound_level": r"\d ?dB\b",
    "loan_amount": r"\b(loan|borrowed|Darlehen|Kredit)\b[^.]{0,40}\d",
    "dwelling": r"\d ?(m²|m2\b|square met|Quadratmeter)|\bbuilt in\b|Baujahr|year of construction",
}

# Variables whose answer is in none or in very few of the documents, and the tempting words that stand there instead.
TRAPS = {
    "refrigerant": r"heat pump|Wärmepumpe",
    "annual_saving": r"€2,\d{3}(,| a year| in the year)",
    "sound_level": r"dB\(A\)|noise",
    "loan_amount": r"\bloan\b|own_means|rücklage",
}
SPELLED = {"four thousand": 4000}

# Names that stand in a document in another role: a tender that lost, somebody who sent apologies.
OTHER_ROLES = {
    ("committee-minute-item-7.docx", "Hannah Moriarty"),
    ("committee-minute-item-7.docx", "Moyle Climate Services"),
    ("case-study-lime-terrace.pdf", "Brannoch Renewables Ltd"),
}


def cells() -> Iterator[tuple[str, Variable, list[Any]]]:
    for document, labels in gold().items():
        for name, values in labels.items():
            yield document, VARIABLES[name], values


def test_every_document_has_a_label_for_every_variable() -> None:
    assert all(list(labels) == list(VARIABLES) for labels in gold().values())


def test_the_words_of_every_value_stand_in_the_file() -> None:
    missing = [
        (document, name, stated)
        for document, found in words().items()
        for name, all_words in found.items()
        for stated in all_words
        if stated not in text_of(document)
    ]
    assert missing == []


def test_every_value_has_words_and_no_absent_variable_has_any() -> None:
    for document, variable, values in cells():
        assert bool(values) == bool(words()[document].get(variable.name)), (document, variable.name)


def test_the_words_say_the_value() -> None:
    wrong = [
        (document, variable.name, value)
        for document, variable, values in cells()
        for value in values
        if not any(says(stated, value, variable) for stated in words()[document][variable.name])
        and variable.type is not VariableType.JSON
    ]
    assert wrong == []


def test_every_part_of_a_json_value_is_stated() -> None:
    for document, variable, values in cells():
        if variable.type is VariableType.JSON:
            for part in [part for value in values for part in value.values()]:
                assert any(part in numbers(stated) for stated in words()[document][variable.name]), (document, part)


@pytest.mark.parametrize("name", sorted(TRACES))
def test_what_is_absent_has_left_no_trace_in_the_file(name: str) -> None:
    traces = {
        document: found[0]
        for document, labels in gold().items()
        if not labels[name]
        and (found := re.search(TRACES[name], text_of(document), re.IGNORECASE))
        and not (VARIABLES[name].depends_on and labels["decision"] == ["refused"])
    }
    assert traces == {}


@pytest.mark.parametrize("name", ["contractors", "programme_staff"])
def test_no_name_of_the_study_is_forgotten_in_a_document(name: str) -> None:
    everybody = {person for labels in gold().values() for person in labels[name]}
    forgotten = {
        (document, person)
        for document, labels in gold().items()
        for person in everybody
        if person in text_of(document) and not any(person in own for own in labels[name])
    }
    assert forgotten <= OTHER_ROLES


def test_every_value_keeps_the_rules_of_its_variable() -> None:
    for document, variable, values in cells():
        assert len(values) <= (variable.max_values or 1), (document, variable.name)
        assert all(keeps_rules(value, variable) for value in values), (document, variable.name, values)


def test_dependent_values_stand_only_where_their_condition_holds() -> None:
    for document, variable, values in cells():
        for dependency in variable.depends_on:
            given = gold()[document][dependency.variable]
            if not given or (dependency.values and given[0] not in dependency.values):
                assert values == [], (document, variable.name)


def test_a_refusal_always_has_its_ground() -> None:
    for document, labels in gold().items():
        assert bool(labels["refusal_ground"]) == (labels["decision"] == ["refused"]), document


def test_all_types_all_categories_and_both_truth_values_occur() -> None:
    assert {variable.type for variable in VARIABLES.values()} == set(VariableType)
    for variable in VARIABLES.values():
        seen = {value for labels in gold().values() for value in labels[variable.name] if not isinstance(value, dict)}
        assert set(variable.classification_rules) <= seen, variable.name
        if variable.type is VariableType.BOOLEAN:
            assert seen == {True, False}


def test_every_variable_but_the_place_is_absent_somewhere_and_present_in_several() -> None:
    for name in set(VARIABLES) - {"municipality", *TRAPS}:
        present = sum(bool(labels[name]) for labels in gold().values())
        assert 4 <= present < len(gold()), name


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_a_trap_is_hardly_ever_answered_and_always_tempting(name: str) -> None:
    empty = [document for document, labels in gold().items() if not labels[name]]
    assert len(gold()) - len(empty) <= 3
    assert any(re.search(TRAPS[name], text_of(document)) for document in empty)


def says(stated: str, value: object, variable: Variable) -> bool:
    if variable.type in (VariableType.CATEGORY, VariableType.BOOLEAN):
        return re.search(CUES[variable.name, value], stated, re.IGNORECASE) is not None
    if variable.type is VariableType.NUMBER:
        return value in numbers(stated)
    if variable.type is VariableType.DATE:
        return says_date(stated, date.fromisoformat(str(value)))
    return stated == value


def numbers(stated: str) -> list[float]:
    """The numbers in some words: one or two digits after the last separator are decimals, else it parts thousands."""
    found: list[float] = [value for words_, value in SPELLED.items() if words_ in stated]
    for digits in re.findall(r"\d(?:[\d.,\s]*\d)?", stated):
        plain = re.sub(r"\s", "", digits)
        found.append(float(re.sub(r"[.,]", "", re.sub(r"[.,](?=\d{1,2}$)", "·", plain)).replace("·", ".")))
    return found


def says_date(stated: str, value: date) -> bool:
    """Whether year, month (as number or name) and day stand in the words."""
    if stated == value.isoformat():
        return True
    pieces = re.findall(r"\d+|[^\W\d_]+", stated.lower())
    figures = [int(piece) for piece in pieces if piece.isdigit()]
    names = {language.split()[value.month - 1] for language in MONTHS}
    by_name = any(piece[:3] in names for piece in pieces)
    year = value.year in figures or value.year % 100 in figures[2:]
    return year and value.day in figures and (by_name or figures[:2] == [value.day, value.month])


def keeps_rules(value: Any, variable: Variable) -> bool:
    rules = variable.validation
    if variable.type is VariableType.CATEGORY:
        return value in variable.classification_rules
    if variable.type is VariableType.NUMBER:
        return bool((rules.minimum or 0) <= value <= (rules.maximum or float("inf")))
    if variable.type is VariableType.DATE:
        return (rules.earliest or "") <= str(value) <= (rules.latest or "9999")
    if variable.type is VariableType.BOOLEAN:
        return isinstance(value, bool)
    if variable.type is VariableType.JSON:
        return set(value) <= {"year_built", "floor_area_m2"}
    return rules.pattern is None or re.fullmatch(rules.pattern, value) is not None
