"""Words that decide what a sentence says: numbers, what they count, negations. A quote may not differ in them."""

import re
import unicodedata
from functools import cache, lru_cache

from crucible_assets.extractions.coercion.months import COMMON_LANGUAGES, month_names
from crucible_assets.extractions.coercion.wordlist import wordlist
from crucible_assets.extractions.grounding.folding import fold

_NEGATIONS = """
not no never without nor neither none cannot nothing nobody nowhere hardly
nicht kein keine keinen keinem keiner keines nie niemals ohne weder noch nichts niemand
ne pas sans jamais aucun aucune ni non rien
sin nunca ningun ninguna ninguno senza mai nessun nessuna nessuno
não sem nenhum nenhuma niet geen zonder nooit inte ikke ei eivät ilman utan uden uten aldri aldrig
nie bez žádný nu fără nem sem nincs değil yok δεν μην χωρις οχι ουτε не без нет ни никогда нельзя немає без
不 无 無 未 没 沒 非 勿 否 別 别 毋 莫
لا ليس ليست لم لن غير دون بدون ولا ולא לא אין בלי ללא אינו אינה אינם אינן
नहीं न मत बिना ना khong không chang chẳng chua chưa
"""
# Where words are not separated, or negate by a part of theirs.
_NEGATING_PARTS = "ない なく なかっ ません なし ไม่ มิได้ ไร้ 않 없 못하 아니 아닌"

_QUANTITIES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
half quarter double twice dozen first second third fourth fifth sixth seventh eighth ninth tenth
null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig sechzig
siebzig achtzig neunzig hundert tausend million millionen milliarde milliarden
deux trois quatre cinq sept huit neuf dix onze douze vingt trente quarante cinquante soixante cent mille milliard
dos tres cuatro cinco seis siete ocho nueve diez veinte treinta cuarenta cincuenta cien ciento mil millones
due tre quattro cinque sei sette otto nove dieci venti trenta cento mila milioni miliardi
dois três quatro sete oito nove dez vinte
second seconds minute minutes hour hours day days week weeks month months year years
sekunde sekunden minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren
jour jours semaine semaines mois année années heure heures
día días semana semanas mes meses año años giorno giorni mese mesi anno anni
monday tuesday wednesday thursday friday saturday sunday
montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles jueves viernes sábado domingo
euro euros eur dollar dollars usd pound pounds gbp sterling franc francs chf yen jpy yuan rmb cny rupee rupees inr
krona kronor krone kroner sek nok dkk zloty pln forint huf koruna czk rouble roubles ruble rubles rub lira won krw
real reais brl peso pesos mxn cent cents percent prozent
一 二 三 四 五 六 七 八 九 十 百 千 万 萬 億 亿 兆 零 〇 两 兩 壱 弐 参 元 円 圓 年 月 日
"""
_SCALES = """
hundred thousand million millions billion billions trillion k m bn tausend millionen milliarde milliarden
mio mrd mille millones mil milliard milliards mila milioni miliardi 万 萬 億 亿
"""
_NEGATING_PREFIXES = frozenset(wordlist("un in im il ir non dis de anti mis nicht ab"))
# 'employer' and 'employee', 'lessors' and 'lessees'
_ROLE = re.compile(r"(.{3,}?)(ee|er|or)('?s)?")
_OPPOSITES = """
increase decrease increases decreases increased decreased increasing decreasing before after above below more less
more fewer higher lower rise fall rises falls rose fell most least minimum maximum minimal maximal earlier later
buyer seller landlord tenant plaintiff defendant debtor creditor purchase sale accepted rejected accept reject
granted denied grant deny includes excludes included excluded including excluding positive negative true false
present absent better worse best worst up down open closed start end always never all some
vor nach über unter mehr weniger höher niedriger käufer verkäufer mieter vermieter kläger beklagte
avant après plus moins acheteur vendeur bailleur locataire augmentation diminution
"""
_MARKS = re.compile("[\u0300-\u036f]")


def is_number(word: str) -> bool:
    """Whether a folded word is a number in figures."""
    return word[0].isdecimal()


@lru_cache(maxsize=64)
def _folded_words(text: str) -> frozenset[str]:
    return frozenset(bare_letters(fold(word)) for word in wordlist(text))


@cache
def _quantities() -> frozenset[str]:
    months = (name for language in COMMON_LANGUAGES for name in month_names(language) if len(name) > 2)
    return _folded_words(_QUANTITIES) | frozenset(bare_letters(fold(name)) for name in months)


@cache
def _negating_parts() -> re.Pattern[str]:
    return re.compile("|".join(fold(part) for part in wordlist(_NEGATING_PARTS)))


def bare_letters(word: str) -> str:
    """A folded word without its accents."""
    return _MARKS.sub("", word)


@lru_cache(maxsize=16384)
def is_quantity(word: str) -> bool:
    """Whether a folded word is a number in figures or words, a currency, a percent sign, a month, a span of time."""
    if is_number(word) or not word[0].isalnum():
        return True
    return bare_letters(word) in _quantities()


def is_scale(word: str) -> bool:
    """Whether a folded word after a number multiplies it."""
    return bare_letters(word) in _folded_words(_SCALES)


def negates(word: str, following: str = "") -> bool:
    """Whether a folded word negates; 'no' before a number means 'number'."""
    return _negating(word) and not (word == "no" and following[:1].isdecimal())


@lru_cache(maxsize=16384)
def _negating(word: str) -> bool:
    bare = bare_letters(word)
    return bare in _folded_words(_NEGATIONS) or bare.endswith("n't") or bare.startswith("n'")


def negations(words: list[str]) -> int:
    """How many of the folded words negate, both of 'ne … pas' counted, and negating parts of words."""
    whole = sum(negates(word, following) for word, following in zip(words, [*words[1:], ""], strict=True))
    return whole + negating_parts(words)


def negating_parts(words: list[str]) -> int:
    """How often a part of the folded words negates, in languages that negate so."""
    return len(_negating_parts().findall("".join(words)))


@cache
def _opposites() -> frozenset[frozenset[str]]:
    words = [bare_letters(fold(word)) for word in wordlist(_OPPOSITES)]
    return frozenset(map(frozenset, zip(words[::2], words[1::2], strict=True)))


def opposed(word: str, other: str) -> bool:
    """Whether one folded word in place of another turns the sense: 'unlawful', 'lessee' for 'lessor', 'after'."""
    shorter, longer = sorted((bare_letters(word), bare_letters(other)), key=len)
    if len(shorter) > 2 and longer.endswith(shorter) and longer[: -len(shorter)] in _NEGATING_PREFIXES:
        return True
    roles = _ROLE.fullmatch(shorter), _ROLE.fullmatch(longer)
    if roles[0] and roles[1] and roles[0][1] == roles[1][1] and (roles[0][2] == "ee") != (roles[1][2] == "ee"):
        return True
    return frozenset((shorter, longer)) in _opposites()


@lru_cache(maxsize=16384)
def canonical(word: str) -> str:
    """The form in which two folded words are the same word: numbers by their value, misread digits as letters."""
    if is_number(word):
        return _number(word)
    return word.replace("0", "o").replace("1", "l").replace("5", "s") if word[0].isalpha() else word


def _number(figures: str) -> str:
    """Figures without separators of thousands and idle zeros: '1,250.50', '1.250,5' and "1'250.5" are one number.

    What cannot be told from a date or an outline ('3.4.2019') stays as it is.
    """
    marks = [c for c in figures if not c.isdecimal()]
    groups = re.split(r"[.,']", figures)
    if not marks:
        return figures
    last = marks[-1]
    if all(len(group) == 3 for group in groups[1:]) and len(set(marks)) == 1 and len(groups[0]) <= 3:
        return "".join(groups)
    if all(len(group) == 3 for group in groups[1:-1]) and (len(marks) == 1 or last not in marks[:-1]):
        fraction = groups[-1].rstrip("0")
        return "".join(groups[:-1]) + ("." + fraction if fraction else "")
    return figures


# What scanners and readers take for each other.
_LOOKALIKES = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("i", "l"), ("j", "l"))


@lru_cache(maxsize=16384)
def skeleton(word: str) -> str:
    """A folded word without accents, with letters of like shape as one: two words of one skeleton are one misread."""
    bare = unicodedata.normalize("NFC", bare_letters(canonical(word)))
    for seen, meant in _LOOKALIKES:
        bare = bare.replace(seen, meant)
    return bare
