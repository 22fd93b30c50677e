"""NUMBER, one phenomenon and one locale at a time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.coercion.cjk import read_cjk
from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.conversion import convert
from crucible_assets.extractions.coercion.spelled import spelled_numbers
from crucible_assets.extractions.coercion.spelled_words import SPELLINGS
from resources.vocabulary import Variable, VariableType


def number(raw: object, language: str | None = "en", unit: str | None = None) -> Coerced:
    return coerce(raw, Variable("amount", VariableType.NUMBER, "", unit=unit), language)


SEPARATORS = {
    "en-US": "1,234.56", "en-GB": "1,234.56", "en-IN": "1,234.56", "de": "1.234,56", "de-CH": "1'234.56",
    "fr": "1\u202f234,56", "es": "1.234,56", "it": "1.234,56", "pt": "1.234,56", "nl": "1.234,56", "pl": "1 234,56",
    "sv": "1\u00a0234,56", "tr": "1.234,56", "ru": "1 234,56", "zh": "1,234.56", "ja": "１，２３４．５６",
    "ar": "١٬٢٣٤٫٥٦", "hi": "1,234.56",
}  # fmt: skip
AMOUNTS = [  # text, language, unit, value
    ("€ 1.234,50", "nl", "EUR", 1234.5),
    ("1 234,56 €", "fr", "EUR", 1234.56),
    ("£1.5m", "en-GB", "GBP", 1500000),
    ("₹12,34,567", "en-IN", "INR", 1234567),
    ("Rs. 5 lakh", "en-IN", "INR", 500000),
    ("CHF 1'234.50", "de-CH", "CHF", 1234.5),
    ("1,2 Mrd. EUR", "de", "EUR", 1200000000),
    ("2 milliards d'euros", "fr", None, 2000000000),
    ("1,5 mln zł", "pl", "PLN", 1500000),
    ("2,5 tys. zł", "pl", "PLN", 2500),
    ("1,5 млн руб.", "ru", "RUB", 1500000),
    ("5 miljoner kronor", "sv", "SEK", 5000000),
    ("3 milyon TL", "tr", "TRY", 3000000),
    ("R$ 2 milhões", "pt", "BRL", 2000000),
    ("1.2億円", "ja", "JPY", 120000000),
    ("３万５千円", "ja", "JPY", 35000),
    ("1.5亿元", "zh", "CNY", 150000000),
    ("٣ مليون", "ar", None, 3000000),
    ("USD (1,234.50)", "en", "USD", -1234.5),
]
WORDS = [
    ("twenty-five", "en", 25), ("twelve hundred", "en", 1200), ("nineteen hundred and five", "en", 1905),
    ("two and a half million", "en", 2500000), ("half a million", "en", 500000), ("half a dozen", "en", 6),
    ("two dozen", "en", 24), ("a dozen", "en", 12), ("five and a half", "en", 5.5), ("five lakh", "en", 500000),
    ("fünfundzwanzig", "de", 25), ("anderthalb Millionen", "de", 1500000), ("zweieinhalb", "de", 2.5),
    ("trois cents", "fr", 300), ("deux millions et demi", "fr", 2500000), ("veinticinco", "es", 25),
    ("dos mil millones", "es", 2000000000), ("dos millones y medio", "es", 2500000), ("venticinque", "it", 25),
    ("duemilaventuno", "it", 2021), ("ventotto", "it", 28), ("vinte e cinco", "pt", 25),
    ("dois mil e vinte e um", "pt", 2021), ("vijfentwintig", "nl", 25), ("tweeëndertig", "nl", 32),
    ("dwadzieścia pięć", "pl", 25), ("dwa tysiące pięćset", "pl", 2500), ("tjugofem", "sv", 25),
    ("fem miljoner", "sv", 5000000), ("yirmi beş", "tr", 25), ("iki bin yirmi bir", "tr", 2021),
    ("двадцать пять тысяч", "ru", 25000), ("二十五", "zh", 25), ("三万五千", "zh", 35000), ("约三百人", "zh", 300),
    ("약 300명", "ko", 300),
    ("약300명", "ko", 300), ("3만 원", "ko", 30000), ("3억원", "ko", 300000000),
    ("二〇二一", "ja", 2021), ("百二十", "ja", 120),
]  # fmt: skip
FORMS = [
    ("½", 0.5), ("2½", 2.5), ("2 ½", 2.5), ("3 1/4", 3.25), ("1e6", 1000000), ("3×10⁶", 3000000),
    ("3 x 10^6", 3000000), ("1.5 × 10-3", 0.0015), ("10^6", 1000000), ("−5", -5), ("-(5)", -5), ("(5%)", -5),
    ("▲5", -5), ("+5", 5), ("ca. 40", 40), ("5,-- €", 5), ("1.5bn", 1500000000), ("25bps", 25),
]  # fmt: skip
CONVERSIONS = [
    ("500 g", "kg", 0.5), ("1.2 km", "m", 1200), ("1 ha", "m²", 10000), ("2 acres", "ha", 0.80937128448),
    ("10 lbs", "kg", 4.5359237), ("6 feet", "cm", 182.88), ("90 minutes", "h", 1.5), ("2 weeks", "d", 14),
    ("3 years", "month", 36), ("20 °C", "K", 293.15), ("300 K", "°C", 26.85), ("68 °F", "°C", 20),
    ("5 kW", "W", 5000), ("0.5 l", "ml", 500), ("25 bps", "%", 0.25), ("12 %", "fraction", 0.12), ("5 ‰", "%", 0.5),
    ("5 MWh", "kWh", 5000), ("3 m³", "l", 3000), ("300 K", "K", 300), ("2 dozen kg", "g", 24000),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), SEPARATORS.items())
def test_separators_are_those_of_the_locale(language: str, text: str) -> None:
    assert number(text, language) == Coerced(1234.56, text)
    assert number(f"-{text}", language).value == -1234.56
    assert number(f"({text})", language).value == -1234.56
    assert number(f"{text} %", language, "%").value == 1234.56


@pytest.mark.parametrize(("text", "language", "unit", "value"), AMOUNTS)
def test_amounts_are_read_with_their_currency_and_multiplier(
    text: str, language: str, unit: str | None, value: float
) -> None:
    assert number(text, language, unit) == Coerced(value, text)


@pytest.mark.parametrize(("text", "language", "value"), WORDS)
def test_numbers_in_words_are_read_in_their_language(text: str, language: str, value: float) -> None:
    assert number(text, language) == Coerced(value, text)


@pytest.mark.parametrize(("text", "value"), FORMS)
def test_other_ways_to_write_a_number(text: str, value: float) -> None:
    assert number(text, "de" if "€" in text else "en") == Coerced(value, text)


@pytest.mark.parametrize(("text", "unit", "value"), CONVERSIONS)
def test_a_unit_of_the_same_dimension_is_converted_exactly(text: str, unit: str, value: float) -> None:
    assert number(text, "en", unit) == Coerced(value, text)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("5 USD", "EUR"),
        ("£5", "EUR"),
        ("5 kg", "m"),
        ("30 days", "month"),
        ("5 kW", "kWh"),
        ("5 mW", "kg"),
        ("5 €", "%"),
    ],
)
def test_another_currency_or_dimension_is_a_doubt_that_names_both(text: str, unit: str) -> None:
    coerced = number(text, "en", unit)
    assert coerced.value == float("".join(c for c in text if c.isdigit()))
    assert coerced.problem is not None
    assert unit in coerced.problem and text in coerced.problem


@pytest.mark.parametrize("text", ["一般的な", "統一", "万一", "none of them", "a company", "une société", "una casa"])
def test_words_with_a_numeral_in_them_are_no_numbers(text: str) -> None:
    assert number(text, "ja" if ord(text[0]) > 127 else "fr").value is None


@given(st.integers(0, 999), st.sampled_from(sorted(SPELLINGS)))
def test_every_spelling_is_read_back(value: int, language: str) -> None:
    for spelling in SPELLINGS[language](value):
        if spelling not in (
            "a",
            "ein",
            "eine",
            "einen",
            "einer",
            "einem",
            "un",
            "une",
            "una",
            "um",
            "uma",
            "een",
            "en",
            "ett",
        ):
            assert [n for _, _, n in spelled_numbers(spelling, language)] == [value], spelling


@given(st.integers(0, 10**16 - 1))
def test_chinese_numerals_are_read_back(value: int) -> None:
    def group(n: int) -> str:
        parts = [(n // 1000, "千"), (n // 100 % 10, "百"), (n // 10 % 10, "十"), (n % 10, "")]
        return "".join("零一二三四五六七八九"[digit] + unit for digit, unit in parts if digit)

    scales = [(10**12, "兆"), (10**8, "億"), (10**4, "万"), (1, "")]
    written = "".join(group(value // scale % 10**4) + unit for scale, unit in scales if value // scale % 10**4)
    assert read_cjk(written or "零") == value


@given(st.decimals(-(10**6), 10**6, places=3), st.sampled_from(["kg", "g", "mg", "t"]), st.sampled_from(["kg", "g"]))
def test_converting_there_and_back_gives_the_same(value: Decimal, unit: str, other: str) -> None:
    there = convert(value, unit, other)
    assert there is not None
    assert convert(there, other, unit) == value
