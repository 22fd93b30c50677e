"""Words of which one cannot stand for another, by language: `before` and `after`, `may` and `must`.

A line is a class, its values are parted by `|`, and words of one value may stand for each other. `_` joins words of a
phrase, which is compared as one word. Only what is listed contrasts: a word that is missing here leaves a statement
unchecked, nothing else. Words are compared folded and without accents.
"""

CLASSES = {
    "en": """
    at_least more_than no_less_than no_fewer_than not_less_than over above exceeds exceeded|at_most less_than \
fewer_than no_more_than not_more_than up_to under below almost nearly|exactly precisely
    exactly precisely|about approximately roughly around some circa almost nearly
    must shall has_to have_to had_to obliged required|may can could might permitted
    allowed permitted|prohibited forbidden banned
    before prior|after following subsequent subsequently|during
    earlier earliest no_earlier_than not_earlier_than|later latest no_later_than not_later_than
    first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|final
    more|less
    more|fewer
    rose increased increase increases rise rises grew grow gained up climbed|fell decreased decrease decreases fall \
falls declined decline dropped drop down shrank|stagnated
    higher above larger greater|lower below smaller
    highest largest greatest most|lowest smallest least
    older|younger
    oldest|youngest
    longer|shorter
    wider|narrower
    widened|narrowed
    heavier|lighter
    faster|slower
    better|worse
    best|worst
    cheaper|dearer costlier
    high|low
    large big|small
    largest biggest|smallest
    old|new
    halved|doubled|tripled trebled|quadrupled
    half halves|third thirds|quarter quarters|fifth fifths|sixth|eighth|tenth
    daily|weekly|monthly|quarterly|yearly annually annual
    hour hours|minute minutes|day days|week weeks|month months|year years
    this|last|next
    yesterday|today|tomorrow
    spring|summer|autumn|winter
    night|day daytime
    morning|afternoon|evening
    monday|tuesday|wednesday|thursday|friday|saturday|sunday
    january|february|march|april|may|june|july|august|september|october|november|december
    north northern|south southern|east eastern|west western
    left|right
    upper|lower
    inside|outside
    internal|external
    public|private
    minimum|maximum
    majority|minority
    accepted granted approved upheld confirmed admitted allowed sustained affirmed|rejected dismissed refused denied \
overturned quashed declined reversed
    agreed consented accepted|refused disagreed objected dissented
    accept grant approve uphold admit|reject dismiss refuse deny overturn decline
    includes include included including|excludes exclude excluded excluding except
    in_favour_of in_favor_of for|against
    bought buys purchased acquired|sold sells
    won|lost
    opened|closed
    began begin begins started start starts|ended end ends finished
    succeeded|failed
    profit|loss
    income revenue|expense expenses
    assets|liabilities
    import imports imported|export exports exported
    credit|debit
    tenant tenants lessee|landlord landlords lessor
    buyer purchaser|seller supplier vendor
    claimant plaintiff|defendant respondent
    lender|borrower
    creditor|debtor
    licensor|licensee
    employer employers|employee employees
    insurer|insured
    franchisor|franchisee
    treatment|control
    mother|father
    husband|wife
    son|daughter
    brother|sister
    men male|women female
    executive|financial|operating|technical technology|marketing
    only solely exclusively merely|also too
    likely probable|unlikely improbable certain
    possible|impossible certain
    uncertain unlikely|certain sure
    valid|invalid void
    planned envisaged proposed considered scheduled|decided completed done finished executed started began begun
    recommended suggested proposed|decided ordered required demanded
    thousand|million|billion|trillion
    mild|moderate|severe
    one_day|two_days
    """,
    "de": """
    mindestens mehr_als wenigstens über|höchstens maximal weniger_als bis_zu unter fast nahezu knapp|genau exakt
    genau exakt|etwa rund circa ungefähr zirka fast nahezu knapp
    muss müssen musste mussten hat_zu haben_zu verpflichtet|darf dürfen durfte durften kann können konnte berechtigt
    erlaubt gestattet zulässig|verboten untersagt unzulässig
    vor vorher|nach nachdem nachher|während
    bevor|nachdem
    frühestens|spätestens
    erste ersten erster erstes|zweite zweiten zweiter zweites|dritte dritten dritter drittes|vierte vierten vierter|\
letzte letzten letzter
    mehr|weniger
    stieg stiegen gestiegen erhöhte erhöht zugenommen wuchs|sank sanken gesunken fiel fielen gefallen verringerte \
abgenommen schrumpfte
    höher größer|niedriger geringer kleiner tiefer
    höchste größte|niedrigste kleinste geringste
    älter|jünger
    länger|kürzer
    breiter|schmaler
    besser|schlechter
    hälfte halbe halben|drittel dritteln|viertel vierteln|fünftel fünfteln|ganz gänzlich vollständig
    halbierte halbiert|verdoppelte verdoppelt|verdreifachte verdreifacht
    tägliche täglich täglichen|wöchentliche wöchentlich|monatliche monatlich monatlichen|jährliche jährlich jährlichen
    gestern|heute|morgen
    montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag
    nord nördlich nördliche nördlichen|süd südlich südliche südlichen|ost östlich östliche|west westlich westliche
    innen|außen
    mindest|höchst
    bewilligt genehmigt stattgegeben angenommen zugelassen|abgelehnt zurückgewiesen verworfen
    einschließlich inklusive|ausgenommen ausschließlich außer
    gekauft kaufte|verkauft verkaufte
    gewann gewonnen|verlor verloren
    gewinn|verlust
    einnahmen|ausgaben
    mieter mieterin|vermieter vermieterin
    käufer käuferin|verkäufer verkäuferin lieferant
    kläger klägerin|beklagte beklagter beklagten
    gläubiger|schuldner
    arbeitgeber|arbeitnehmer
    auftraggeber|auftragnehmer
    mutter|vater
    bruder|schwester
    sohn|tochter
    landgericht|oberlandesgericht|amtsgericht|bundesgerichtshof|verwaltungsgericht|arbeitsgericht
    nur lediglich ausschließlich|auch
    wahrscheinlich|unwahrscheinlich sicher
    möglich|unmöglich
    wirksam gültig|unwirksam ungültig nichtig
    geplant vorgesehen|beschlossen abgeschlossen erfolgt begonnen
    tausend|million millionen|milliarde milliarden
    """,
    "fr": """
    au_moins plus_de minimum|au_plus moins_de maximum jusqu_à jusqu_au presque|exactement précisément
    exactement précisément|environ presque approximativement
    doit doivent devait devra devront|peut peuvent pouvait pourra pourront
    autorisé permis|interdit
    avant|après|pendant
    premier première|second seconde deuxième|troisième|quatrième|dernier dernière
    plus|moins
    hausse augmentation augmenté progressé|baisse diminution diminué reculé
    supérieur supérieure|inférieur inférieure
    moitié|tiers|quart|cinquième
    hier|demain
    lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche
    accepté approuvé accordé confirmé|rejeté refusé annulé
    vendu|acheté
    bailleur|locataire
    vendeur|acheteur
    demandeur demanderesse|défendeur défenderesse
    employeur|salarié
    frère|sœur soeur
    bénéfice|perte
    nord|sud|est|ouest
    seul seule seuls seules|aussi également
    probable|improbable certain
    possible|impossible
    valable valide|nul invalide
    envisagé envisagée prévu prévue|décidé décidée achevé achevée réalisé réalisée terminé terminée
    millier milliers|million millions|milliard milliards
    directrice directeur|présidente président
    """,
    "es": """
    al_menos por_lo_menos como_mínimo más_de|como_máximo menos_de hasta casi|exactamente
    exactamente|aproximadamente unos casi
    debe deben debía deberá deberán|puede pueden podía podrá podrán
    antes|después|durante
    primer primero primera|segundo segunda|tercer tercero tercera|cuarto cuarta|último última
    más|menos
    aumentó subió creció incrementó|redujo bajó disminuyó cayó
    mayor superior|menor inferior
    mitad|tercio|cuarto|quinto
    ayer|mañana
    lunes|martes|miércoles|jueves|viernes|sábado|domingo
    estimó admitió aprobó aceptó concedió confirmó|desestimó rechazó denegó anuló revocó
    vender vendió|comprar compró
    arrendador|arrendatario
    vendedor|comprador
    demandante|demandado demandada
    hermano|hermana
    norte|sur|este|oeste
    solo sólo solamente únicamente|también
    probable|improbable seguro
    posible|imposible
    válido válida|nulo nula inválido inválida
    """,
    "zh": """
    超过 多于 不少于 至少 以上|不到 少于 不超过 至多 低于 最多 以下|恰好 正好
    必须 应当 应|可以 可 能够
    之前 以前|之后 以后
    一|二|三|四
    增长 上升 增加 提高 上涨|下降 减少 降低 下跌|不变
    高于|低于
    大于|小于
    批准 通过 同意|拒绝 驳回 否决
    买方|卖方
    甲方|乙方
    原告|被告
    出租人|承租人
    年|月|天 日|小时|周
    万|亿
    盈利 利润|亏损
    收入|支出
    昨天|今天|明天
    财务|技术|运营|执行
    仅 只有 仅有|也
    最高|最低
    """,
    "ja": """
    以上 超|以下 未満
    低下 減少 下落|上昇 増加 増大|維持
    一|二|三|四
    前|後
    可能|不可能
    承認|却下 拒否
    原告|被告
    貸主|借主
    開始|終了
    必ず|必ずしも
    """,
}
"""Words that exclude each other, by language."""
PHRASES_OF_ONE = {
    "en": "not_only hardly_ever even_if even_though only_if no_longer no_doubt rather_than other_than more_or_less",
    "de": "nicht_nur auch_wenn nicht_mehr",
    "fr": "non_seulement même_si d_abord",
    "es": "no_solo no_sólo aunque",
    "zh": "没有 不仅 不但 如果 所有 全部 大多数 部分 预计 计划 可能 分之 营业 公司 除外",
    "ja": "なかっ ない ません ずに 予定 可能性 すべて 全て 半数",
}
"""Phrases that are compared as one word though no class holds them."""
DEGREES = {
    "en": "all every each both|most majority|half|few|no none neither nobody||always|usually often frequently|"
    "sometimes occasionally|rarely seldom hardly_ever hardly|never",
    "de": "alle allen aller jeder jede jedes sämtliche|meisten|hälfte|wenige|keine kein keiner keines niemand||"
    "immer stets|oft häufig meistens|manchmal|selten kaum|nie niemals",
    "fr": "tous toutes tout toute chaque|plupart|moitié|peu|aucun aucune nul||"
    "toujours|souvent|parfois|rarement|jamais",
    "es": "todos todas todo toda cada ambos|mayoría|mitad|pocos pocas|ningún ninguno ninguna nadie||siempre|a_menudo|"
    "a_veces|raramente|nunca",
    "zh": "所有 全部 均 都|大多数|半数|少数|无||总是|经常|有时|很少|从不",
    "ja": "すべて 全て 全員|大半|半数|少数||常に|しばしば|時々|めったに",
}
"""From the most to the least: to say more than the source says, or `few` of what is `most`, is another statement."""
SPACELESS = frozenset({"zh", "ja"})
"""Languages of which every character is a token."""
