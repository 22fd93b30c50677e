"""Words that decide what a sentence says: negations, numbers in words, names of months and days, in many languages.

One set for all languages: the language of a passage is often not known, and a word that is a negation in another
language only makes two texts variants that could have been merged, which loses nothing.
"""

import functools

import regex
from babel import Locale


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


NEGATIONS = _words(
    # English
    "no not never none nobody nothing neither nor nowhere without cannot except unless excluding excludes exclude "
    "dont doesnt didnt wont cant couldnt shouldnt wouldnt isnt arent wasnt werent hasnt havent hadnt non "
    # German
    "nicht nichts nie niemals niemand niemanden niemandem nirgends kein keine keinen keinem keiner keines keinerlei "
    "keinesfalls keineswegs ohne weder noch außer ausgenommen ausser "
    # French
    "ne pas jamais rien aucun aucune aucuns aucunes nul nulle sans ni sauf hormis "
    # Spanish
    "nunca jamás ningún ninguno ninguna ningunos ningunas nadie nada tampoco sin salvo excepto "
    # Italian
    "né mai niente nulla nessun nessuno nessuna senza neanche nemmeno neppure tranne eccetto "
    # Dutch
    "niet niets nooit geen niemand nergens zonder noch behalve tenzij "
    # Portuguese
    "não nem jamais nenhum nenhuma ninguém sem exceto "
    # Russian, Ukrainian
    "не ни нет никогда никто никого никому ничего ничто нигде никакой никакая никакие без нельзя кроме "
    "ні немає ніколи "
    # Scandinavian languages
    "inte ej aldrig ingen inget inga utan ikke aldri ingenting uden uten "
    # Polish, Czech, Romanian, Hungarian, Finnish, Greek, Turkish
    "nie nigdy nikt nic bez żaden żadna nikdy nikdo nu niciodată fără nem nincs soha ei eivät δεν μην όχι ποτέ χωρίς "
    "değil yok hiç asla "
    # Arabic, Hindi, Vietnamese
    "لا لم لن ليس ليست غير بدون नहीं मत बिना không chưa chẳng"
)
"""Folded, as `resources.search.analysis.fold` gives them."""

PREFIXES = _words("un in im il ir dis non mis anti nicht miss on niet des in dé mé не без бес нев nie ne o")
"""What turns a word into its opposite when it stands before it."""

SUFFIXES = (("less", "ful"), ("los", "voll"), ("loos", "vol"))
"""Endings without something, and with it."""

_NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand",
    "thousands million millions billion billions trillion dozen dozens half halves third thirds quarter quarters",
    "double triple twice once first second fourth fifth sixth seventh eighth ninth tenth eleventh twelfth last",
    "null eins zwei zwo drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig dreissig vierzig",
    "fünfzig sechzig siebzig achtzig neunzig hundert hunderte tausend tausende millionen fünfte fünften sechste",
    "sechsten siebte siebten achte achten neunte neunten zehnte zehnten halb halbe halben hälfte drittel viertel",
    "doppelt dreifach einmal zweimal dreimal erste ersten erster zweite zweiten dritte dritten vierte vierten",
    "letzte letzten dutzend milliarde milliarden zéro deux trois quatre cinq sept huit neuf dix onze douze treize",
    "quatorze quinze seize vingt vingts trente quarante cinquante soixante cent cents mille milliard milliards",
    "demi demie moitié tiers quart premier première deuxième troisième quatrième cinquième dernier dernière",
    "septante octante huitante nonante cero uno dos tres cuatro cinco seis siete ocho nueve diez doce trece",
    "catorce quince dieciséis diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta",
    "ochenta noventa cien ciento cientos mil millón millones medio media mitad tercio primero primera segundo",
    "segunda tercero tercera cuarto último última due tre quattro cinque sei sette otto nove dieci undici dodici",
    "tredici quattordici quindici sedici diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta",
    "settanta ottanta novanta cento milioni milione miliardo miliardi mezzo mezza metà primo prima secondo",
    "seconda terzo terza ultimo nul twee drie vijf zes zeven negen tien twaalf dertien veertien vijftien zestien",
    "zeventien achttien negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd duizend",
    "miljoen miljard helft eerste tweede derde vierde vijfde laatste dois duas três quatro sete oito dez doze",
    "treze catorze dezasseis dezesseis dezassete dezessete dezoito dezanove dezenove vinte trinta quarenta",
    "cinquenta sessenta oitenta cem duzentos milhão milhões bilhão bilhões meio meia metade primeiro primeira",
    "terceiro terceira ноль один одна одно два две три четыре пять шесть семь восемь девять десять одиннадцать",
    "двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать",
    "тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто двести триста четыреста пятьсот",
    "тысяча тысячи тысяч миллион миллиона миллионов миллиард миллиарда миллиардов половина треть четверть первый",
    "первая второй вторая третий третья последний двух трех трёх четырех четырёх пяти шести семи восьми девяти",
    "десяти två fyra fem sex sju åtta nio tio hundra tusen miljoner halv fire syv otte åtte ni ti hundre tusind",
    "dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć sto tysiąc milion dva tři čtyři pět šest sedm osm",
    "devět deset tisíc iki üç dört beş altı yedi sekiz dokuz yüz bin milyon",
)
_ROMAN = regex.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
# numbers that German, Dutch and Italian write as one word: zweiundvierzig, tweeënveertig, ventidue
_COMPOUND = regex.compile(
    r"(?:und|eins?|zwei|zwo|drei|vier|fünf|sech|sechs|sieb|sieben|acht|neun|zehn|elf|zwölf|zwan|zig|ßig|ssig|hundert"
    r"|tausend|million(?:en)?){2,}(?:s?te[nrsm]?)?"
    r"|(?:[eë]n|een|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|twin|der|veer|tach|tig|honderd|duizend){2,}"
    r"|(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant|[ioa]|cent[oi]?|mille|mila|un[oa]?|due|tr[eé]"
    r"|quattro|cinque|sei|sette|otto|nove){2,}"
)

_LONGEST_COMPOUND = 40  # letters; keeps the expression from trying too long

_CALENDARS = _words(
    "en de fr es it nl pt ru uk pl cs sv da nb fi ro hu tr el ar hi vi"
)  # the names of Chinese and Japanese months hold digits

SPACELESS_NEGATIONS = (
    "ありません|ません|なかっ|なけれ|ない|なく|なし|ずに|ぬ|没有|沒有|不|没|沒|無|无|非|未|否|别|別|勿|莫"
    "|ไม่|ไร้|않|없|아니|못"
)
"""Alternatives of a regular expression, for scripts without spaces between words."""
SPACELESS_NUMBERS = (
    r"[月火水木金土日]曜|(?:星期|周|礼拜|週)[一二三四五六日天]|[〇零一二三四五六七八九十百千万萬亿億兆两兩半]"
)


def is_negation(word: str) -> bool:
    """Whether a folded word denies: one of the list, `…n't`, `n'…`."""
    return word in NEGATIONS or word.endswith(("n't", "n’t")) or word.startswith(("n'", "n’"))


@functools.lru_cache(maxsize=50_000)
def is_number(word: str) -> bool:
    """Whether a folded word is a number in letters, a Roman one, or the name of a month or day."""
    return (
        word in _NUMBERS
        or word in calendar_names()
        or _ROMAN.fullmatch(word) is not None
        or (5 < len(word) <= _LONGEST_COMPOUND and _COMPOUND.fullmatch(word) is not None)
    )


def are_opposites(first: str, second: str) -> bool:
    """Whether one word is the other with a denying prefix, or they end like `harmless` and `harmful`."""
    short, long = sorted((first, second), key=len)
    if len(short) > 2 and long.endswith(short) and long[: len(long) - len(short)] in PREFIXES:
        return True
    return any(
        _stem(one, without) == _stem(other, with_it) != ""
        for one, other in ((first, second), (second, first))
        for without, with_it in SUFFIXES
    )


def _stem(word: str, ending: str) -> str:
    return word[: -len(ending)] if word.endswith(ending) else ""


@functools.cache
def calendar_names() -> frozenset[str]:
    """Folded names of months and days, long and short, as the Unicode locale data have them."""
    names: set[str] = set()
    for language in sorted(_CALENDARS):
        locale = Locale.parse(language)
        for kinds in (locale.months, locale.days):
            for form in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    names.update(str(name).casefold().strip(".") for name in kinds[form][width].values())
    return frozenset(name for name in names if len(name) > 2 and name.isalpha())
