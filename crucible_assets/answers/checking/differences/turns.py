"""Words that open a condition, leave something in doubt, bound a number or say nothing, in six languages."""

from resources.models.reader.words import fold as bare


def _set(*lines: str) -> frozenset[str]:
    return frozenset(bare(word) for word in " ".join(lines).split())


CONDITIONS = _set(
    "if unless provided only_if subject", "wenn falls sofern soweit vorausgesetzt", "si sauf", "siempre salvo",
    "如果 若 除非", "もし",
)  # fmt: skip
"""Open a clause without which what is said does not hold."""
EVEN_IF = _set("even_if auch_wenn même_si aunque")
"""Say that a condition is none."""
BOUNDS_BEHIND = _set("more less fewer mehr weniger plus moins más menos 以上 以下 least most mindestens höchstens")
"""Bound a number that they stand behind: `two or more`."""
JOINING = _set("and but while whereas und aber et mais y pero")
"""Begin another clause."""
TITLES = _set("mr mrs ms miss dr prof lord lady sir justice judge herr frau m mme sr sra don doña")
"""Stand before names."""
DOUBTING = _set(
    "argued argues alleged alleges claimed claims believed believes thinks thought hoped hopes denied",
    "denies doubts",
    "doubted feared fears suspects suspected",
    "behauptet behauptete meint meinte glaubt bestreitet bestritt vermutet",
    "prétend soutient nie estime", "alega alegó sostiene sostuvo niega negó cree",
)  # fmt: skip
"""Verbs behind which stands what somebody says or thinks, not what is."""
BOUNDS = _set(
    "at_least at_most up_to more_than less_than fewer_than no_more_than not_more_than no_less_than",
    "no_fewer_than under",
    "mindestens höchstens maximal bis_zu mehr_als weniger_als", "au_moins au_plus moins_de plus_de jusqu_à",
    "al_menos como_máximo como_mínimo más_de menos_de hasta",
    "超过 至少 至多 不到 不超过 最多 少于 多于",
)  # fmt: skip
"""Before a number they make a bound of it."""
NEARLY = _set("almost nearly virtually fast nahezu beinahe presque quasiment casi 几乎 ほぼ")
"""Before `all` or `no` they say that it is not so."""
ONLY = _set(
    "only solely exclusively always never exactly nur ausschließlich lediglich immer genau seulement",
    "uniquement seul seule seuls seules",
    "toujours exactement solo sólo solamente únicamente siempre exactamente 只 仅 总是",
)
"""What holds less often than it is said to where they are added."""
_DOUBTS = _set(
    "probably possibly perhaps allegedly reportedly supposedly likely maybe may might could unlikely",
    "vermutlich wahrscheinlich möglicherweise vielleicht angeblich voraussichtlich wohl könnte dürfte",
    "probablement peut-être éventuellement possiblement pourrait pourraient",
    "probablemente posiblemente quizás quizá",
    "可能 也许 或许 大概",
    "可能性 かもしれ おそらく",
)
PLANNED = _set(
    "expected expects expect planned plans plan hoping hoped hope hopes envisaged scheduled intended",
    "intends proposed",
    "geplant soll sollen beabsichtigt vorgesehen", "prévu prévue envisagé envisagée devrait devraient", "previsto",
    "预计 计划 拟 将", "予定 見込み",
)  # fmt: skip
"""What has not happened yet."""
OPEN = _set(
    "will would shall should must going aims aim due forecast anticipated future next later tentative",
    "potential potentially",
    "apparently seems seemed seem appears suggests suggest suggested thought believed according estimates",
    "estimated if",
    "can risk possible probable uncertain think thinks believes guess says said argued claimed opinion view",
    "wird werden würde würden sollte demnächst künftig mutmaßlich offenbar scheint laut zufolge könne",
    "möglich kann wenn",
    "doit doivent selon possible sera seront serait semble paraît si peut peuvent dependra",
    "será serán sería según posible parece puede pueden debe si",
    "会 应 据 如 能", "だろう だろ はず らしい そう れ ば",
)  # fmt: skip
"""Other words by which a statement shows that something is not sure or not done: no doubt is left out then."""
ASSERTING = _set(
    "is are was were has have had did certain certainly definitely surely clearly will fact",
    "ist sind war waren wurde wurden hat haben sicher gewiss", "est sont a ont", "es fue son fueron ha han",
    "已 已经 了", "確実 確か",
)  # fmt: skip
"""Say that it is so: where one stands instead of a doubt, the doubt is left out."""
EMPTY = {
    "en": _set(
        "do does did done is are was were be been being am has have had having any of to that also it its and",
        "in by for",
        "then there these those a an the as at on with from our we i they their",
    )
    | {"ever", "yet", "or"},
    "de": _set(
        "der die das dem den des ein eine einen einem einer eines hat haben hatte hatten ist sind war waren",
        "wird werden",
        "wurde wurden zu so es und in im an am von vom zur zum",
    ),
    "fr": _set(
        "le la les l un une des de du d a ont est sont était été être sera seront ne n s se en et au aux à y c",
        "qu que",
    ),
    "es": _set(
        "el la los las un una unos unas de del a al se ha han ser es fue fueron será serán lo y en que",
    ),
    "zh": _set("了 的 是 地 于 为 在 已 有 并 也"),
    "ja": _set("は が を の に だ で し す る た て い あ っ も と ま あっ である です ます"),
}  # fmt: skip
"""Say nothing by themselves; of other languages the English ones."""


def is_open(word: str) -> bool:
    """Whether a word says that something is not sure, or not done yet."""
    return word in _DOUBTS or word in PLANNED
