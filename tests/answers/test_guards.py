"""Numbers, dates, identifiers and names in any spelling: found where they stand, missed where they do not."""

import pytest

from crucible_assets.answers.checking.compared import Finding
from crucible_assets.answers.checking.standing import missing_in
from crucible_assets.answers.checking.stands import Cited
from crucible_assets.answers.text.tokens import Kind, tokens_of


def missing(statement: str, language: str | None, text: str, theirs: str | None) -> tuple[str, ...]:
    return tuple(one.told for one in missing_in(statement, language, [Cited(text, theirs)]))


NUMBERS = [
    ("a thousand", "en", "It cost 1,000 euros.", "en", "it cost 1000 euros"),
    ("grouped by points", "en", "It cost 1,000 euros.", "de", "Es kostete 1.000 Euro."),
    ("grouped by spaces", "en", "It cost 1,000 euros.", "fr", "Cela coûte 1 000 euros."),
    ("thin space", "en", "It cost 15,250 euros.", "en", "It cost 15\u202f250 euros."),
    ("apostrophe", "de", "Es kostete 15.250 Franken.", "de", "Es kostete 15'250 Franken."),
    ("in words", "en", "It cost one thousand euros.", "en", "It cost 1,000 EUR."),
    ("in figures", "de", "Es waren 42 Häuser.", "de", "Es waren zweiundvierzig Häuser."),
    ("idle zeros", "en", "It cost €12.50.", "en", "It cost 12.5 euros."),
    ("millions", "en", "It cost 1.2 million euros.", "en", "It cost €1,200,000."),
    ("percent", "en", "It was 12 percent.", "de", "Es waren 12 %."),
    ("half", "en", "It was 2.5 kW.", "en", "It was 2½ kW."),
    ("a unit's word", "en", "It has 5 kilowatts.", "en", "It has 5 kW."),
    ("unit left out", "en", "It has 5.", "en", "It has 5 kW."),
    ("currency elsewhere", "en", "It cost 9,500 euros.", "en", "Cost (EUR) | Name\n9,500 | pump"),
    ("copied as it was written", "en", "It cost 27.600,00 €.", "de", "Es kostete 27.600,00 €."),
    ("money is never in thousandths", "en", "It cost € 47.300.", "en", "€ 47.300 all in"),
    ("german money in an english file", "en", "It cost €47,300.", "en", "€ 47.300 all in"),
    ("a year in a date", "en", "It was in 2024.", "en", "on 3 April 2024"),
    ("a year in figures", "en", "It was in 2024.", "en", "on 03.04.2024"),
    ("a day of a month", "en", "It was on the 13th.", "en", "on 13 June 2024"),
    ("chinese", "zh", "共二十五户。", "zh", "共25户。"),
    ("chinese ten thousand", "en", "It cost 250,000 yuan.", "zh", "补助二十五万元。"),
    ("one of them", "en", "It was one of the houses.", "en", "the houses"),
]


@pytest.mark.parametrize("statement, text", [(one[1:3], one[3:]) for one in NUMBERS], ids=[one[0] for one in NUMBERS])
def test_a_number_stands_in_any_spelling(statement, text):
    assert missing(statement[1], statement[0], text[1], text[0]) == ()


OTHER_NUMBERS = [
    ("It cost 1,001 euros.", "It cost 1,000 euros.", "1,001 euros"),
    ("It cost 100 euros.", "It cost 1,000 euros.", "100 euros"),
    ("It cost 9,500 dollars.", "It cost 9,500 euros.", "9,500 dollars"),
    ("It cost 9,500 %.", "It cost 9,500 euros.", "9,500 %"),
    ("It has 5 MW.", "It has 5 kW.", "5 MW"),
    ("It has 5 kWh.", "It has 5 kW.", "5 kWh"),
    ("It took 5 years.", "It took 5 weeks.", "5 years"),
    ("It cost €12.50.", "It cost €12,500.", "€12.50"),
    ("It was in 2023.", "on 3 April 2024", "2023"),
    ("Seven houses were visited.", "Six houses were visited.", "Seven"),
    ("It has 13 rooms.", "built on 13 June 2024", "13"),
]


@pytest.mark.parametrize("statement, text, expected", OTHER_NUMBERS, ids=[one[0] for one in OTHER_NUMBERS])
def test_another_number_is_missed_as_it_is_written(statement, text, expected):
    assert missing(statement, "en", text, "en") == (expected,)


DAYS = ["3 April 2024", "April 3, 2024", "3rd of April 2024", "3 Apr 2024", "2024-04-03", "2024/04/03", "03.04.2024",
        "3.4.24", "2024年4月3日", "二〇二四年四月三日"]  # fmt: skip


@pytest.mark.parametrize("there", DAYS)
@pytest.mark.parametrize("here", DAYS)
def test_a_date_stands_in_any_spelling(here, there):
    assert missing(f"It was sent {here}", "en", f"sent {there} by mail", "de") == ()


@pytest.mark.parametrize("other", ["4 April 2024", "3 May 2024", "3 April 2023", "2024-03-04", "04.04.2024"])
@pytest.mark.parametrize("there", DAYS)
def test_another_date_is_missed(other, there):
    assert missing(f"It was sent on {other}.", "en", f"sent {there} by mail", "de") != ()


@pytest.mark.parametrize(
    "statement, text, stands",
    [
        ("in April 2024", "on 3 April 2024", True),
        ("in May 2024", "on 3 April 2024", False),
        ("on 3 April", "on 3 April 2024", True),
        ("on 3 April 2024", "on 3 April", False),
        ("on 3 April 2024", "In 2024 it was sent. On 3 April it came.", True),
        ("on 3 April 2024", "In April 2024 it was sent.", False),
        ("on 03/04/2024", "on 3 April 2024", True),
        ("on 03/04/2024", "on 4 March 2024", True),
        ("on 03/04/2024", "on 5 April 2024", False),
        ("on 3 April 2024", "from 3-5 April 2024", True),
        ("on 5 April 2024", "from 3-5 April 2024", True),
    ],
)
def test_a_date_may_say_less_than_the_source_and_never_more(statement, text, stands):
    assert (missing(f"It was sent {statement}.", "en", text, "en") == ()) is stands


@pytest.mark.parametrize(
    "code",
    ["WP-2022-0048", "KX-8", "H07", "SHS-24-0388", "4a", "TX12-22-004416", "C1", "CO2", "A-2291", "a1@x.example"],
)
def test_an_identifier_stands_as_it_is_written_and_not_otherwise(code):
    assert missing(f"It is about {code}.", "en", f"file {code}, closed", "en") == ()
    assert missing(f"It is about {code}9.", "en", f"file {code}, closed", "en") == (f"{code}9",)
    assert missing(f"It is about {code}.", "en", f"file {code}9, closed", "en") == (code,)


@pytest.mark.parametrize("written", ["5kW", "12-month", "2nd", "10k", "1.5m", "3%", "100g"])
def test_a_number_with_its_unit_is_no_identifier(written):
    assert Kind.CODE not in {token.kind for token in tokens_of(f"it has {written} in all", "en")}


NAMES = [
    ("en", "It was signed by Maeve Tierney.", "Maeve Tierney signed.", ()),
    ("en", "It was signed by Maeve Tierney.", "Hannah Tierney signed.", ("Maeve",)),
    ("en", "It was Tierney's house.", "the Tierneys' house", ()),
    ("en", "It was Grainne who signed.", "Gráinne Foyle signed.", ()),
    ("en", "Ita Brosnan came.", "Conor Madigan came.", ("Ita", "Brosnan")),
    ("en", "Inspector Conor Madigan came.", "Conor Madigan came.", ()),
    ("en", "Approval came from Mr Madigan.", "Conor Madigan approved.", ()),
    ("en", "The Committee voted.", "the committee voted", ()),
    ("en", "The WREO voted.", "the office voted", ("WREO",)),
    ("en", "However, McDonald came.", "Conor came.", ("McDonald",)),
    ("en", "**Total Cost:** it was high", "it was high", ()),
    ("en", "Costs And Grants Awarded Later", "it was high", ()),
    ("en", "It happened in May.", "it happened in june", ("May",)),
    ("de", "Das Gesuch wurde abgelehnt.", "Der Antrag wurde abgelehnt.", ()),
    ("de", "Die Ablehnung des Förderantrags kam spät.", "Der Antrag wurde abgelehnt.", ()),
    ("de", "Es gab eine schnelle Entscheidung.", "Der Antrag wurde abgelehnt.", ()),
    ("de", "Herr Altmann kam.", "Frau Kreutzer kam.", ("Altmann",)),
    ("de", "Gekommen ist Sabine Kreutzer.", "Jochen Altmann kam.", ("Sabine", "Kreutzer")),
    ("de", "Das Haus liegt in Hohenwied.", "Das Haus liegt in Oberwieslach.", ("Hohenwied",)),
    ("de", "Altmanns Bescheid kam.", "Bescheid von Altmann", ()),
    ("fr", "La maison est à Lyon.", "La maison est à Paris.", ("Lyon",)),
    ("fr", "C'est l'avis de Claire.", "Claire a donné son avis.", ()),
]  # fmt: skip


@pytest.mark.parametrize("language, statement, text, expected", NAMES, ids=[one[1] for one in NAMES])
def test_names_stand_or_are_missed(language, statement, text, expected):
    assert missing(statement, language, text, language) == expected


def test_what_one_of_several_sources_holds_is_not_missed():
    cited = [Cited("It cost 9,500 euros.", "en"), Cited("Maeve Tierney signed on 3 May 2024.", "en")]
    assert missing_in("Maeve Tierney paid 9,500 euros on 3 May 2024.", "en", cited) == ()
    assert missing_in("Maeve Tierney paid 9,501 euros.", "en", cited) == (Finding("number", "9,501 euros"),)
