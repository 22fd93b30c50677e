"""Sentences of our own in many scripts, by language, and the documents that they make."""

from crucible_assets.extractions.grounding.prepared import PreparedText

SENTENCES = {
    "de": (
        "Die Straße zum Schloss ist seit dem 3. März 2019 für Fußgänger gesperrt.",
        "Der Mieter Jürgen Weiß zahlt monatlich 1.250,50 Euro an die Grünfeld GmbH.",
        "Größere Schäden am Gebäude müssen dem Verwalter unverzüglich gemeldet werden.",
        "Außerdem übernimmt die Gemeinde Füssen die Kosten der Kanalisation.",
        "Das Gericht hat die Berufung der Klägerin am Dienstag zugelassen.",
    ),
    "fr": (
        "L’exploitant a déposé le dossier complet auprès de la préfecture de Besançon.",
        "Les travaux, estimés à 48 500 euros, débuteront après l’été prochain.",
        "Mme Hélène Garçon préside la société d’économie mixte depuis 2014.",
        "Le cœur de l’œuvre fut achevé dans l’atelier du maître à Nîmes.",
        "L'assemblée a désigné le commissaire aux comptes pour six exercices.",
    ),
    "tr": (
        "İstanbul'daki ışık festivali Iğdır Belediyesi tarafından düzenlendi.",
        "Şirketin yıllık cirosu 2018 yılında 35 milyon liraya ulaştı.",
        "İlgili kişiler kararı yazılı olarak Çiğdem Işık'a bildirdi.",
        "Ağır kış koşulları nedeniyle köy yolları üç gün kapalı kaldı.",
    ),
    "vi": (
        "Công ty Hoàng Gia được thành lập tại thành phố Đà Nẵng năm 2005.",
        "Ông Nguyễn Văn Thắng giữ chức giám đốc điều hành từ tháng trước.",
        "Tổng giá trị của hợp đồng là 450 triệu đồng và được trả làm hai đợt.",
        "Bên thuê phải giữ gìn nhà xưởng sạch sẽ trong suốt thời hạn thuê.",
    ),
    "hi": (
        "कंपनी की स्थापना वर्ष १९९८ में जयपुर शहर में हुई थी।",
        "श्रीमती राधिका शर्मा को विद्यालय की प्रधानाचार्या नियुक्त किया गया।",
        "किराया हर महीने की पाँच तारीख तक बैंक में जमा करना होगा।",
        "निर्माण कार्य की कुल लागत ४५ लाख रुपये आँकी गई है।",
    ),
    "th": (
        "บริษัทก่อตั้งขึ้นที่จังหวัดเชียงใหม่เมื่อปี ๒๕๔๘ โดยคุณสมชาย",
        "ผู้เช่าต้องชำระค่าเช่าทุกเดือนภายในวันที่ห้าของเดือนนั้น",
        "โรงงานผลิตน้ำตาลแห่งนี้มีคนงานมากกว่าสามร้อยคน",
    ),
    "ar": (
        "تأسست الشركة العربية للمقاولات في مدينة الإسكندرية سنة ١٩٨٥.",
        "يدفع المستأجر أحمد إبراهيم مبلغ ٤٥٠٠ جنيه في بداية كل شهر.",
        "قررت المحكمة الابتدائية تأجيل الجلسة إلى الأسبوع المقبل.",
        "وافقت اللجنة على إنشاء مستشفى جديد في القرى النائية.",
    ),
    "he": (
        "החברה נוסדה בעיר חיפה בשנת 1987 על ידי משפחת לוי.",
        "השוכר ישלם למשכיר סך של 3,200 שקלים בראשית כל חודש.",
        "בית המשפט המחוזי דחה את הדיון לשבוע הבא לבקשת הצדדים.",
        "הגברת רות כהן־אור מונתה למנהלת בית־הספר החדש.",
    ),
    "zh": (
        "甲方应于二零一九年三月五日前向乙方支付设备款人民币45万元。",
        "上海华盛机械有限公司成立于1998年，注册地址为浦东新区。",
        "总经理王建国表示，新工厂将在下半年投入生产。",
        "本合同一式四份，双方各执两份，具有同等法律效力。",
    ),
    "ja": (
        "株式会社ヤマト電機は昭和48年に名古屋市で設立されました。",
        "賃借人は毎月末日までに翌月分の賃料を振り込むものとする。",
        "代表取締役の佐藤健一氏は「来年度も増収を見込む」と述べた。",
        "工場の延べ床面積は約12,500平方メートルである。",
    ),
    "ko": (
        "한빛전자 주식회사는 1992년 대전광역시에서 설립되었다.",
        "임차인은 매월 말일까지 다음 달 임대료를 지급하여야 한다.",
        "김민수 대표이사는 내년에 새로운 공장을 착공할 계획이라고 밝혔다.",
    ),
    "ru": (
        "Общество «Северный ветер» зарегистрировано в городе Архангельске в 2003 году.",
        "Арендатор ежемесячно перечисляет арендодателю 85 000 рублей.",
        "Ещё до начала съезда Фёдор Йолкин подготовил доклад об урожае.",
    ),
}
CAPTIONS = {
    "de": "Anlage zum Protokoll der Sitzung",
    "fr": "Annexe au registre du conseil",
    "tr": "Tutanağa ek belge",
    "vi": "Phụ lục của biên bản",
    "hi": "कार्यवृत्त का परिशिष्ट",
    "th": "ภาคผนวกของรายงาน",
    "ar": "ملحق محضر الاجتماع",
    "he": "נספח לפרוטוקול",
    "zh": "会议纪要附件",
    "ja": "議事録別紙",
    "ko": "회의록 별첨",
    "ru": "Приложение к протоколу",
}
DOCUMENTS = {
    language: PreparedText("\n".join(f"{CAPTIONS[language]} {n}\n{sentence}" for n, sentence in enumerate(sentences)))
    for language, sentences in SENTENCES.items()
}
