"""The vocabulary of invented stories, in three languages."""

from random import Random
from typing import Final

_WORDS: Final = {
    "ar": (
        "وزير الفلاحة مجلس البلدية ميناء المدينة قطار سريع مشروع طريق جديد ندوة علمية مهرجان السينما أسعار الخضر سوق السمك "
        "مدرسة قرية جبلية أمطار غزيرة نشرة جوية فريق كرة القدم بطولة وطنية مدرب لاعب إصابة مستشفى طبيب ممرضة لقاح حملة "
        "توعية جمعية نسائية قرض بنكي ميزانية السنة المقبلة تقرير سنوي لجنة برلمانية نقاش واسع إضراب عمال النقل حافلة "
        "مكتبة عمومية كاتب رواية جائزة أدبية معرض الكتاب صحراء واحة نخيل تمور ماء صالح للشرب سد كهرباء طاقة شمسية "
        "شركة ناشئة هواتف ذكية شبكة تعليم عن بُعد جامعة طلبة امتحان نتائج مسؤول أكّد أوضح أضاف أنّ في من على إلى مع حول "
        "خلال بعد قبل منذ أمس اليوم غدا صباح مساء ولاية إقليم جهة ساكنة"
    ),
    "fr": (
        "le ministre de la pêche conseil municipal port ville train rapide projet route nouvelle séminaire festival du cinéma "
        "prix des légumes marché école village montagne pluies équipe championnat entraîneur joueur blessé hôpital médecin "
        "vaccin campagne association crédit budget l'année prochaine rapport commission débat grève transport autobus "
        "bibliothèque écrivain roman récompense désert oasis dattes eau potable barrage électricité énergie solaire société "
        "réseau université étudiants examen résultats où déjà après été à côté d'une région habitants forêt là ça août"
    ),
    "en": (
        "the minister of fisheries town council harbour city fast train project road new seminar film festival price of "
        "vegetables market school village mountain heavy rain team championship coach player injured hospital doctor vaccine "
        "campaign association loan budget next year annual report committee debate strike transport bus library writer novel "
        "award desert oasis dates drinking water dam electricity solar energy company network university students exam "
        "results region's residents don't forest yesterday today after before with from over under"
    ),
}
WORDS: Final = {lang: words.split() for lang, words in _WORDS.items()}
NEWSPAPERS: Final = {
    "ar": (
        "أخبار يوم الجمعة",
        "ضفاف",
        "العمود 24",
        "24 دقيقة",
        "صوت السهل",
        "نداء في الأفق",
        "يوم",
        "المرفأ اليومي",
        "جريدة 2 مارس",
        "نشر الجنوب",
        "الرأي.. الآخر",
        "مرايا برس - الطبعة 3",
        "يوميات يوم 7",
    ),
    "fr": (
        "La Dépêche du 21",
        "Le Phare",
        "L'Écho des dunes",
        "Le 12 Express",
        "Publié chez nous",
        "Le Matin le vrai",
        "Rivages 7",
        "Journal dans la ville",
        "L’Étoile d'été",
    ),
    "en": (
        "The Harbour Times",
        "On the Record",
        "Daily 24",
        "News on Sunday",
        "Published Word",
        "Palm",
        "The 3rd Page",
        "In Focus on 5",
    ),
}
SPECIAL: Final = {
    "ar": {
        "photos": "(صور)",
        "video": "| فيديو",
        "urgent": "عاجل/ ",
        "study": "دراسة: ",
        "prefix": "ل ",
        "what": "..؟!",
        "ask": "؟",
    },
    "fr": {
        "photos": "(photos)",
        "video": "| vidéo",
        "urgent": "Urgent/ ",
        "study": "Étude : ",
        "prefix": "L ",
        "what": "..?!",
        "ask": " ?",
    },
    "en": {
        "photos": "(photos)",
        "video": "| video",
        "urgent": "Urgent/ ",
        "study": "Study: ",
        "prefix": "A ",
        "what": "..?!",
        "ask": "?",
    },
}
COMMA: Final = {"ar": "، ", "fr": ", ", "en": ", "}
JOINS: Final = (".. ", ": ", " - ", " .. ", "… ", " : ")


def some(rng: Random, lang: str, least: int, most: int) -> str:
    """Return a sequence of words."""
    words = [rng.choice(WORDS[lang]) for _ in range(rng.randint(least, most))]
    if rng.random() < 0.2:
        words[rng.randrange(len(words))] = rng.choice(("7", "1,31", "2024", "400", "55%", "20.5", "U20"))
    return " ".join(words)


def sentence(rng: Random, lang: str, least: int = 60) -> str:
    """Return a sentence longer than ``least`` characters that ends in a full stop."""
    text = some(rng, lang, 5, 14)
    while len(text) <= least:
        text += COMMA[lang] + some(rng, lang, 4, 12)
    chance = rng.random()
    if chance < 0.15:
        text += f' "{some(rng, lang, 2, 6)}"'
    elif chance < 0.25:
        text += f" «{some(rng, lang, 2, 6)}» {some(rng, lang, 2, 4)}"
    return text + "."


def phrase(rng: Random, lang: str) -> str:
    """Return a title or a headline, in one of many shapes."""
    special = SPECIAL[lang]
    shapes = (
        lambda: some(rng, lang, 4, 11),
        lambda: some(rng, lang, 4, 11),
        lambda: some(rng, lang, 2, 4) + rng.choice(JOINS) + some(rng, lang, 4, 8),
        lambda: some(rng, lang, 2, 4) + rng.choice(JOINS) + some(rng, lang, 4, 8),
        lambda: some(rng, lang, 4, 8) + special["ask"],
        lambda: some(rng, lang, 3, 6) + special["what"],
        lambda: f"«{some(rng, lang, 1, 3)}» {some(rng, lang, 3, 6)}",
        lambda: f'"{some(rng, lang, 1, 3)}": {some(rng, lang, 3, 6)}',
        lambda: f"{some(rng, lang, 3, 6)} | {some(rng, lang, 2, 4)}",
        lambda: f"{some(rng, lang, 3, 6)} {special['photos']}",
        lambda: f"{some(rng, lang, 3, 6)} {special['video']}",
        lambda: special["urgent"] + some(rng, lang, 3, 6),
        lambda: f"{some(rng, lang, 3, 7)}..",
        lambda: f"{some(rng, lang, 3, 7)}!",
        lambda: some(rng, lang, 1, 2),
    )
    return rng.choice(shapes)().strip()[:200].strip()
