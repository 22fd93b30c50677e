"""The spellings of 0 to 999 in many languages, without spaces and hyphens, and the words of the larger scales.

Spellings are compared without accents and without the conjunction between their parts, see `spelled.py`. Each
function gives every spelling of one number: both genders, both spellings where two are in use.
"""

from collections.abc import Callable

from crucible_assets.extractions.coercion.wordlist import wordlist

EN_ONES = wordlist(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
EN_TENS = wordlist("twenty thirty forty fifty sixty seventy eighty ninety")
_DE_ONES = wordlist(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_DE_TENS = wordlist("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_FR_ONES = wordlist(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dixsept "
    "dixhuit dixneuf"
)
_FR_TENS = wordlist("vingt trente quarante cinquante soixante soixante quatrevingt quatrevingt")
_IT_ONES = wordlist(
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove"
)
_IT_TENS = wordlist("venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
_NL_ONES = wordlist(
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien"
)
_NL_TENS = wordlist("twintig dertig veertig vijftig zestig zeventig tachtig negentig")

# Languages that put hundreds, tens and ones one after the other. '/' separates spellings of one number.
_PLAIN: dict[str, tuple[list[str], list[str], list[str]]] = {  # language → 0-19, 20-90, 100-900
    "es": (
        wordlist(
            "cero uno/un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
            "dieciséis diecisiete dieciocho diecinueve"
        ),
        wordlist("veinte/veinti treinta cuarenta cincuenta sesenta setenta ochenta noventa"),
        wordlist(
            "cien/ciento doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas "
            "quinientos/quinientas seiscientos/seiscientas setecientos/setecientas ochocientos/ochocientas "
            "novecientos/novecientas"
        ),
    ),
    "pt": (
        wordlist(
            "zero um/uma dois/duas três quatro cinco seis sete oito nove dez onze doze treze catorze/quatorze quinze "
            "dezasseis/dezesseis dezassete/dezessete dezoito dezanove/dezenove"
        ),
        wordlist("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa"),
        wordlist(
            "cem/cento duzentos/duzentas trezentos/trezentas quatrocentos/quatrocentas quinhentos/quinhentas "
            "seiscentos/seiscentas setecentos/setecentas oitocentos/oitocentas novecentos/novecentas"
        ),
    ),
    "sv": (
        wordlist(
            "noll ett/en två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton "
            "nitton"
        ),
        wordlist("tjugo trettio fyrtio femtio sextio sjuttio åttio nittio"),
        wordlist(
            "hundra/etthundra tvåhundra trehundra fyrahundra femhundra sexhundra sjuhundra åttahundra niohundra"
        ),
    ),
    "pl": (
        wordlist(
            "zero jeden/jedna/jedno dwa/dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście "
            "dwanaście trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście"
        ),
        wordlist(
            "dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt "
            "dziewięćdziesiąt"
        ),
        wordlist("sto dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset"),
    ),
    "ru": (
        wordlist(
            "ноль/нуль один/одна/одно два/две три четыре пять шесть семь восемь девять десять одиннадцать двенадцать "
            "тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
        ),
        wordlist("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"),
        wordlist("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"),
    ),
    "tr": (
        wordlist(
            "sıfır bir iki üç dört beş altı yedi sekiz dokuz on onbir oniki onüç ondört onbeş onaltı onyedi onsekiz "
            "ondokuz"
        ),
        wordlist("yirmi otuz kırk elli altmış yetmiş seksen doksan"),
        wordlist("yüz ikiyüz üçyüz dörtyüz beşyüz altıyüz yediyüz sekizyüz dokuzyüz"),
    ),
}

SCALES: dict[str, tuple[tuple[str, int], ...]] = {  # the larger first, of equals the longer
    "en": (("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 10**3)),
    "de": (
        ("billionen", 10**12),
        ("billion", 10**12),
        ("milliarden", 10**9),
        ("milliarde", 10**9),
        ("millionen", 10**6),
        ("million", 10**6),
        ("tausend", 10**3),
    ),
    "fr": (
        ("billions", 10**12),
        ("billion", 10**12),
        ("milliards", 10**9),
        ("milliard", 10**9),
        ("millions", 10**6),
        ("million", 10**6),
        ("mille", 10**3),
    ),
    "es": (("billones", 10**12), ("billón", 10**12), ("millones", 10**6), ("millón", 10**6), ("mil", 10**3)),
    "it": (
        ("miliardi", 10**9),
        ("miliardo", 10**9),
        ("milioni", 10**6),
        ("milione", 10**6),
        ("mille", 10**3),
        ("mila", 10**3),
    ),
    "pt": (
        ("bilhões", 10**9),
        ("bilhão", 10**9),
        ("milhões", 10**6),
        ("milhão", 10**6),
        ("mil", 10**3),
    ),
    "nl": (("miljard", 10**9), ("miljoen", 10**6), ("duizend", 10**3)),
    "sv": (
        ("miljarder", 10**9),
        ("miljard", 10**9),
        ("miljoner", 10**6),
        ("miljon", 10**6),
        ("tusen", 10**3),
    ),
    "pl": (
        ("miliardów", 10**9),
        ("miliardy", 10**9),
        ("miliard", 10**9),
        ("milionów", 10**6),
        ("miliony", 10**6),
        ("milion", 10**6),
        ("tysięcy", 10**3),
        ("tysiące", 10**3),
        ("tysiąc", 10**3),
    ),
    "ru": (
        ("миллиардов", 10**9),
        ("миллиарда", 10**9),
        ("миллиард", 10**9),
        ("миллионов", 10**6),
        ("миллиона", 10**6),
        ("миллион", 10**6),
        ("тысячи", 10**3),
        ("тысяча", 10**3),
        ("тысяч", 10**3),
    ),
    "tr": (("milyar", 10**9), ("milyon", 10**6), ("bin", 10**3)),
}
# May stand without 'one' before them.
BARE_SCALES = frozenset(wordlist("tausend mille mil duizend tusen tysiąc тысяча bin"))
CONJUNCTIONS = frozenset(wordlist("and und et y e en och и"))
ARTICLES = frozenset(wordlist("a an ein eine einen einer un une una um uma een en ett"))


def english(number: int) -> list[str]:
    """Every English spelling."""
    if number < 20:
        return [EN_ONES[number], *(["a"] if number == 1 else [])]
    if number < 100:
        return [EN_TENS[number // 10 - 2] + (EN_ONES[number % 10] if number % 10 else "")]
    rest = english(number % 100)[0] if number % 100 else ""
    hundreds = [EN_ONES[number // 100]] + (["a", ""] if number // 100 == 1 else [])
    return [f"{head}hundred{rest}" for head in hundreds]


def german(number: int) -> list[str]:
    """Every German spelling."""
    if number == 1:
        return ["eins", "ein", "eine", "einen", "einer", "einem"]
    if number < 20:
        return [_DE_ONES[number]]
    if number < 100:
        tens, ones = _DE_TENS[number // 10 - 2], number % 10
        return [f"{'ein' if ones == 1 else _DE_ONES[ones]}{tens}" if ones else tens]
    rests = german(number % 100) if number % 100 else [""]
    hundreds = ["ein", ""] if number // 100 == 1 else [_DE_ONES[number // 100]]
    return [f"{head}hundert{rest}" for head in hundreds for rest in rests]


def french(number: int) -> list[str]:
    """Every French spelling, with the Belgian and Swiss seventy and ninety."""
    if number == 1:
        return ["un", "une"]
    if number < 20:
        return [_FR_ONES[number]]
    if number < 100:
        tens, ones = divmod(number, 10)
        if tens in (7, 9):
            forms = [_FR_TENS[tens - 2] + _FR_ONES[10 + ones]]
            regional = {7: "septante", 9: "nonante"}[tens]
            forms.append(regional + (_FR_ONES[ones] if ones else ""))
            return forms
        plural = ["quatrevingts"] if number == 80 else []
        return [_FR_TENS[tens - 2] + (_FR_ONES[ones] if ones else ""), *plural]
    rest = number % 100
    hundreds = "" if number // 100 == 1 else _FR_ONES[number // 100]
    plural = [f"{hundreds}cents"] if not rest and hundreds else []
    return [f"{hundreds}cent{tail}" for tail in (french(rest) if rest else [""])] + plural


def italian(number: int) -> list[str]:
    """Every Italian spelling: a ten loses its vowel before 'uno' and 'otto'."""
    if number < 20:
        return [_IT_ONES[number]]
    if number < 100:
        tens, ones = _IT_TENS[number // 10 - 2], number % 10
        stem = tens[:-1] if ones in (1, 8) else tens
        return [stem + (_IT_ONES[ones] if ones else ""), *([f"{stem}un"] if ones == 1 else [])]
    hundreds = "" if number // 100 == 1 else _IT_ONES[number // 100]
    rests = italian(number % 100) if number % 100 else [""]
    return [f"{hundreds}cento{rest}" for rest in rests]


def dutch(number: int) -> list[str]:
    """Every Dutch spelling."""
    if number < 20:
        return [_NL_ONES[number]]
    if number < 100:
        tens, ones = _NL_TENS[number // 10 - 2], number % 10
        return [f"{_NL_ONES[ones]}en{tens}" if ones else tens]
    hundreds = "" if number // 100 == 1 else _NL_ONES[number // 100]
    rests = dutch(number % 100) if number % 100 else [""]
    joints = ["", "en"] if number % 100 else [""]
    return [f"{hundreds}honderd{joint}{rest}" for rest in rests for joint in joints]


def _plain(language: str) -> Callable[[int], list[str]]:
    ones, tens, hundreds = ([word.split("/") for word in words] for words in _PLAIN[language])

    def spellings(number: int) -> list[str]:
        if number < 20:
            return ones[number]
        if number < 100:
            tails = ones[number % 10] if number % 10 else [""]
            return [ten + tail for ten in tens[number // 10 - 2] for tail in tails]
        rests = spellings(number % 100) if number % 100 else [""]
        return [hundred + rest for hundred in hundreds[number // 100 - 1] for rest in rests]

    return spellings


SPELLINGS: dict[str, Callable[[int], list[str]]] = {
    "en": english,
    "de": german,
    "fr": french,
    "it": italian,
    "nl": dutch,
    **{language: _plain(language) for language in _PLAIN},
}
