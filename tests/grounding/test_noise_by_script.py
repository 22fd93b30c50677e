"""Quotes in many scripts, with the noise that models and programs make in them, are found where they stand."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.meaning import is_number, is_quantity, negates
from crucible_assets.extractions.grounding.place import place
from crucible_assets.extractions.grounding.words import word_list
from resources.vocabulary import EvidenceStatus
from tests.grounding.scripts import DOCUMENTS, SENTENCES
from tests.grounding.texts import share_of_overlap

Noise = Callable[[str], str]


def between_letters(inserted: str, every: int = 5) -> Noise:
    """Put something between two letters, at every fifth place where that is possible."""

    def noise(quote: str) -> str:
        places = [i for i in range(1, len(quote)) if quote[i - 1].isalpha() and quote[i].isalpha()]
        for at in reversed(places[::every]):
            quote = quote[:at] + inserted + quote[at:]
        return quote

    return noise


def replaced(**pairs: str) -> Noise:
    return lambda quote: quote.translate(str.maketrans("".join(pairs), "".join(pairs.values())))


def with_signs(signs: str) -> Noise:
    """Put a vowel sign on every third letter."""
    return lambda quote: "".join(
        c + signs[i % len(signs)] if c.isalpha() and i % 3 == 0 else c for i, c in enumerate(quote)
    )


EVERYWHERE: dict[str, Noise] = {
    "composed": lambda quote: unicodedata.normalize("NFC", quote),
    "decomposed": lambda quote: unicodedata.normalize("NFD", quote),
    "compatible": lambda quote: unicodedata.normalize("NFKC", quote),
    "zero width": between_letters("\u200b"),
    "word joiners": between_letters("\u2060", every=7),
    "byte order mark": lambda quote: "\ufeff" + quote,
    "bidi marks": lambda quote: "\u202b" + quote.replace(" ", "\u200f \u200e") + "\u202c",
    "isolates": lambda quote: "\u2067" + quote + "\u2069",
    "other spaces": lambda quote: quote.replace(" ", " \u2009"),
    "one line each": lambda quote: quote.replace(" ", "\n"),
    "ascii digits": lambda quote: "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in quote),
    "full width digits": lambda quote: re.sub(r"[0-9]", lambda m: chr(ord(m[0]) + 0xFEE0), quote),
    "emphasis": lambda quote: f"**{quote}**",
    "bullet": lambda quote: f"- {quote}",
    "quotation marks": lambda quote: f"“{quote}”",
    "no final stop": lambda quote: quote.rstrip(".。।"),
    "added final stop": lambda quote: quote + ".",
}
CASED: dict[str, Noise] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "soft hyphens": between_letters("\u00ad"),
    "hyphenated": lambda quote: re.sub(r"([^\W\d_]{4})([^\W\d_]{4,})", "\\1-\n\\2", quote, count=1),
    "typewriter": lambda quote: quote.replace("’", "'").replace("«", '"').replace("»", '"'),
}
SPACELESS: dict[str, Noise] = {
    "line breaks inside": between_letters("\n"),
    "spaces inside": between_letters(" "),
    "ascii punctuation": lambda quote: quote.translate(str.maketrans("，。、：「」", ",.,:\"'")),
    "full width": lambda quote: quote.replace("1", "１").replace(",", "，"),
}
OF_LANGUAGE: dict[str, dict[str, Noise]] = {
    "de": CASED | {"double s": lambda q: q.replace("ß", "ss"), "capital sharp s": lambda q: q.replace("ß", "ẞ")},
    "fr": CASED | {"guillemets": lambda q: f"« {q} »"},
    "tr": {
        "turkish upper": lambda q: q.replace("i", "İ").replace("ı", "I").upper(),
        "turkish lower": lambda q: q.replace("I", "ı").replace("İ", "i").lower(),
        "english upper": str.upper,
        "english lower": str.lower,
    },
    "vi": CASED,
    "hi": {"joiners": lambda q: q.replace("\u094d", "\u094d\u200d"), "danda as stop": lambda q: q.replace("।", ".")},
    "th": {"am opened": lambda q: q.replace("ำ", "\u0e4d\u0e32"), "line breaks": between_letters("\n", every=9)},
    "ar": {
        "vowel signs": with_signs("\u064e\u064f\u0650\u0651\u0652"),
        "tatweel": lambda q: re.sub(r"([بتسشعفقلمنهي])(?=[بتسشعفقلمنهي])", "\\1\u0640", q),
        "bare alefs": replaced(أ="ا", إ="ا", آ="ا"),
        "final yeh": replaced(ى="ي"),
        "teh marbuta": replaced(ة="ه"),
        "persian letters": replaced(ي="ی", ك="ک"),
        "ascii marks": lambda q: q.replace("،", ","),
    },
    "he": {
        "points": with_signs("\u05b7\u05b8\u05b4\u05bc"),
        "maqaf as hyphen": lambda q: q.replace("־", "-"),
        "maqaf as space": lambda q: q.replace("־", " "),
    },
    "zh": SPACELESS,
    "ja": SPACELESS,
    "ko": {"particles apart": lambda q: q.replace("는 ", " 는 ")},
    "ru": CASED,
}


CASELESS = {"ar", "he", "hi", "ko"}


def part_of(sentence: str, least: int, draw: st.DataObject) -> tuple[int, int]:
    """A stretch of whole words of a sentence, at least so many characters long."""
    edges = sorted({0, len(sentence), *(m.start() for m in re.finditer(r"(?<=\s)\S", sentence))})
    ends = [e for e in (m.end() for m in re.finditer(r"\S+", sentence)) if e >= least]
    begin = draw.draw(st.sampled_from([e for e in edges if e <= len(sentence) - least]))
    return begin, draw.draw(st.sampled_from([e for e in ends if e - begin >= least]))


@pytest.mark.parametrize("language", sorted(SENTENCES))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_quote_with_noise_of_its_script_is_found_exactly_there(language: str, data: st.DataObject) -> None:
    document = DOCUMENTS[language]
    sentence = data.draw(st.sampled_from(SENTENCES[language]))
    begin, end = part_of(sentence, 20, data)
    at = document.text.index(sentence)
    noises = EVERYWHERE | OF_LANGUAGE[language]
    chosen = data.draw(st.lists(st.sampled_from(sorted(noises)), min_size=1, max_size=2, unique=True))
    quote = sentence[begin:end]
    for name in chosen:
        quote = noises[name](quote)
    placed = place(quote, document)
    assert placed.status in (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)
    assert share_of_overlap(placed, at + begin, at + end) > 0.85


@pytest.mark.parametrize(
    ("language", "noise"), [(language, noise) for language in OF_LANGUAGE for noise in OF_LANGUAGE[language]]
)
def test_every_noise_of_a_script_alone(language: str, noise: str) -> None:
    document = DOCUMENTS[language]
    for sentence in SENTENCES[language]:
        at = document.text.index(sentence)
        placed = place(OF_LANGUAGE[language][noise](sentence), document)
        assert placed.status in (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)
        assert share_of_overlap(placed, at, at + len(sentence)) > 0.9


@pytest.mark.parametrize("language", sorted(set(SENTENCES) - {"zh", "ja", "th"}))
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_quote_with_a_word_left_out_or_put_in_twice_is_found(language: str, data: st.DataObject) -> None:
    document = DOCUMENTS[language]
    sentence = data.draw(st.sampled_from(SENTENCES[language]))
    words = sentence.split()
    at = data.draw(st.integers(1, len(words) - 2))
    if data.draw(st.booleans()):
        assume(not any(is_number(word) or negates(word) for word in word_list(fold(words[at]))))
        del words[at]
    else:
        assume(not any(is_quantity(word) or negates(word) for word in word_list(fold(words[at]))))
        assume(words[at].islower() or language in CASELESS)
        words.insert(at, words[at])
    begin = document.text.index(sentence)
    assert share_of_overlap(place(" ".join(words), document), begin, begin + len(sentence)) > 0.6


@pytest.mark.parametrize(
    ("language", "quote"),
    [
        ("de", "Der Mieter Jürgen Weiß zahlt monatlich 1.350,50 Euro an die Grünfeld GmbH."),
        ("de", "Das Gericht hat die Berufung der Klägerin am Mittwoch zugelassen."),
        ("de", "Das Gericht hat die Berufung der Klägerin am Dienstag nicht zugelassen."),
        ("fr", "Les travaux, estimés à 49 500 euros, débuteront après l’été prochain."),
        ("fr", "L'assemblée n'a pas désigné le commissaire aux comptes pour six exercices."),
        ("tr", "Şirketin yıllık cirosu 2018 yılında 53 milyon liraya ulaştı."),
        ("vi", "Bên thuê không phải giữ gìn nhà xưởng sạch sẽ trong suốt thời hạn thuê."),
        ("hi", "किराया हर महीने की पाँच तारीख तक बैंक में जमा नहीं करना होगा।"),
        ("hi", "निर्माण कार्य की कुल लागत ४६ लाख रुपये आँकी गई है।"),
        ("th", "ผู้เช่าไม่ต้องชำระค่าเช่าทุกเดือนภายในวันที่ห้าของเดือนนั้น"),
        ("ar", "لم تأسست الشركة العربية للمقاولات في مدينة الإسكندرية سنة ١٩٨٥."),
        ("ar", "يدفع المستأجر أحمد إبراهيم مبلغ ٥٥٠٠ جنيه في بداية كل شهر."),
        ("ar", "يدفع المستأجر محمود إبراهيم مبلغ ٤٥٠٠ جنيه في بداية كل شهر."),
        ("he", "בית המשפט המחוזי לא דחה את הדיון לשבוע הבא לבקשת הצדדים."),
        ("he", "החברה נוסדה בעיר חיפה בשנת 1987 על ידי משפחת גולן."),
        ("zh", "甲方应于二零一九年三月六日前向乙方支付设备款人民币45万元。"),
        ("zh", "总经理李志强表示，新工厂将在下半年投入生产。"),
        ("zh", "总经理王建国表示，新工厂将不在下半年投入生产。"),
        ("ja", "工場の延べ床面積は約12,600平方メートルである。"),
        ("ja", "賃借人は毎月末日までに翌月分の賃料を振り込まないものとする。"),
        ("ja", "代表取締役の田中良子氏は「来年度も増収を見込む」と述べた。"),
        ("ko", "임차인은 매월 말일까지 다음 달 임대료를 지급하지 않아야 한다."),
        ("ko", "박지훈 대표이사는 내년에 새로운 공장을 착공할 계획이라고 밝혔다."),
        ("ru", "Арендатор ежемесячно не перечисляет арендодателю 85 000 рублей."),
        ("ru", "Ещё до начала съезда Иван Йолкин подготовил доклад об урожае."),
    ],
)
def test_another_number_name_or_negation_is_not_found_in_any_script(language: str, quote: str) -> None:
    assert place(quote, DOCUMENTS[language]).status is EvidenceStatus.NOT_FOUND
