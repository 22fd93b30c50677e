"""Texts in ten languages, and words of each that decide what a sentence says."""

TEXTS = {
    "en": "The tenant shall give notice of the defect to the owner before the work begins and shall grant access to "
    "the rooms during the day so that the damage can be looked at by an expert whom both parties have chosen "
    "together and whose report is binding for both of them in all later proceedings before the court of the "
    "district",
    "de": "Der Mieter hat dem Eigentümer den Mangel vor Beginn der Arbeiten anzuzeigen und am Tage den Zutritt zu "
    "den Räumen zu gewähren damit der Schaden durch einen gemeinsam gewählten Gutachter besichtigt werden kann"
    " dessen Bericht für beide Seiten in allen späteren Verfahren vor dem Gericht des Bezirks bindend ist und "
    "bleibt",
    "fr": "Le locataire doit informer le propriétaire du défaut avant le début des travaux et lui donner accès aux "
    "pièces pendant la journée afin que le dommage puisse être examiné par un expert choisi ensemble dont le "
    "rapport lie les deux parties dans toute procédure ultérieure devant le tribunal du district où se trouve "
    "le bâtiment en question",
    "es": "El inquilino debe informar al propietario del defecto antes del comienzo de las obras y darle acceso a "
    "las habitaciones durante el día para que el daño pueda ser examinado por un experto elegido en común cuyo"
    " informe obliga a ambas partes en todo procedimiento posterior ante el tribunal del distrito donde está "
    "el edificio",
    "it": "Il conduttore deve informare il proprietario del difetto prima dell'inizio dei lavori e dargli accesso "
    "alle stanze durante il giorno affinché il danno possa essere esaminato da un perito scelto insieme la cui"
    " relazione vincola entrambe le parti in ogni procedimento successivo davanti al tribunale del distretto "
    "dove sta la casa",
    "nl": "De huurder moet de eigenaar voor het begin van het werk van het gebrek op de hoogte brengen en overdag "
    "toegang tot de kamers geven zodat de schade bekeken kan worden door een samen gekozen deskundige wiens "
    "verslag beide partijen bindt in alle latere procedures voor de rechtbank van het district waar het gebouw"
    " staat en blijft",
    "pt": "O inquilino deve informar o proprietário do defeito antes do início das obras e dar-lhe acesso aos "
    "quartos durante o dia para que o dano possa ser examinado por um perito escolhido em conjunto cujo "
    "relatório obriga ambas as partes em qualquer processo posterior perante o tribunal do distrito onde se "
    "encontra o edifício",
    "ru": "Арендатор обязан сообщить владельцу о недостатке до начала работ и предоставить доступ в помещения в "
    "дневное время чтобы ущерб мог быть осмотрен экспертом которого стороны выбрали вместе и чей отчет "
    "обязателен для обеих сторон во всех последующих делах перед судом района где находится здание о котором "
    "идет речь в договоре сторон",
    "zh": "承租人应在工程开始之前将缺陷通知业主并在白天允许进入房间以便由双方共同选择的专家查看损坏情况"
    "专家的报告在以后向地区法院提起的所有诉讼中对双方具有约束力业主应在收到报告之后立即开始修理并"
    "承担全部费用直到房间能够正常使用为止",
    "ja": "賃借人は工事の開始前に欠陥を所有者に通知し専門家が損害を確認できるように昼間に部屋への立ち入"
    "りを許可するものとする双方が共同で選んだ専門家の報告書は地区の裁判所におけるその後のすべての"
    "手続きにおいて双方を拘束するものとする",
}
"""None of them with a number or a negation."""

SPACELESS = {"zh", "ja"}

NEGATIONS = {
    "en": ["not", "never", "no", "without", "don't", "cannot", "nobody"],
    "de": ["nicht", "kein", "keine", "nie", "ohne", "niemand"],
    "fr": ["ne", "pas", "jamais", "aucun", "sans", "n'est"],
    "es": ["no", "nunca", "ningún", "sin", "nadie"],
    "it": ["non", "mai", "nessuno", "senza"],
    "nl": ["niet", "geen", "nooit", "zonder"],
    "pt": ["não", "nunca", "nenhum", "sem"],
    "ru": ["не", "нет", "никогда", "без"],
    "zh": ["不", "没有", "未", "无"],
    "ja": ["ない", "ません", "なかった", "不"],
}

NUMBER_WORDS = {
    "en": ["five", "six", "March", "April", "Monday", "Friday", "first", "second", "IV", "VI"],
    "de": ["fünf", "sechs", "März", "Mai", "Montag", "zweiundvierzig", "dreiundvierzig"],
    "fr": ["cinq", "six", "mars", "avril", "lundi", "mardi"],
    "es": ["cinco", "seis", "marzo", "abril", "lunes", "martes"],
    "it": ["cinque", "sei", "marzo", "aprile", "ventidue", "ventitré"],
    "nl": ["vijf", "zes", "maart", "april", "tweeëntwintig", "drieëntwintig"],
    "pt": ["cinco", "seis", "março", "abril", "dois", "três"],
    "ru": ["пять", "шесть", "марта", "апреля", "два", "три"],
    "zh": ["五", "六", "三", "四", "星期一", "星期二"],
    "ja": ["五", "六", "三", "四", "月曜", "火曜"],
}

AMOUNTS = [
    "5", "6", "15", "1.5", "1,500", "1500", "15,00", "-5", "+5", ".5", "10²", "102", "½", "1½",
    "11/2", "5%", "5‰", "€5", "$5", "£5", "EUR 5", "USD 5", "5 mW", "5 MW", "5 kg", "5 mg", "(500)",
    "500", "2020-03-01", "01.03.2020", "03.01.2020", "12:30", "13:30", "WP-2022-0048",
    "WP-2022-0049", "§ 4", "§ 5", "< 5", "> 5", "≤ 5", "3 - 5", "3 + 5", "٥", "٦", "B12", "B2",
]  # fmt: skip

NUMERALS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty hundred thousand million first second third half",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig einundzwanzig hundert zweihundert tausend Million erste zweite dritte halb",
    "fr": "zéro deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente "
    "cent mille million premier deuxième troisième demi",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
    "diecisiete dieciocho diecinueve veinte cien mil millón primero segundo tercero medio",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
    "sedici diciassette diciotto diciannove venti ventuno cento mille duemila milione primo secondo terzo mezzo",
    "nl": "nul twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien twintig eenentwintig honderd duizend miljoen eerste tweede derde half",
    "pt": "zero dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete "
    "dezoito dezenove vinte cem mil milhão primeiro segundo terceiro meio",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать сто тысяча миллион первый "
    "второй третий половина",
}
"""Without those that are also the indefinite article: what replaces them is a number itself."""
