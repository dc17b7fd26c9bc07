"""Identifiers in disguise: each way to write them is read, and what looks like one is left alone."""

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Kind

CONTEXT = Context("candidacy")


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default(), scorer=None)


@pytest.mark.parametrize(
    "text",
    [
        "number: four one five, double two six, oh nine eight one",
        "llama al seis doce, cuarenta y cuatro, noventa, diecisiete",
        "me liga: vinte e um nove oito sete seis cinco quatro três dois um",
        "zéro six, soixante-dix-huit, douze, quatre-vingt-onze, trente",
        "null eins sieben sechs, dreiunddreißig, achtundvierzig, neunzig",
        "восемь девятьсот шестнадцать двести сорок один семьдесят ноль восемь",
        "нуль шістдесят сім, триста двадцять, сорок п'ять, дев'ятнадцять",
        "nau aath saat chhe paanch chaar teen do ek shunya",
        "صفر خمسة خمسة، ثلاثة واحد أربعة، سبعة ثمانية اثنان",
        "一三八，零零一三，八零零零",
        "beş yüz otuz iki, dört yüz on sekiz, yetmiş yedi, doksan",
        "zero siyam isa walo, tatlo tatlo lima, dalawa apat anim pito",
        "sześćset dwa, czterysta osiemnaście, siedem siedem trzy",
        "nol delapan satu dua, sembilan sembilan tiga, empat lima enam tujuh",
        "tre quattro sette, otto otto due, diciannove zero quattro",
        "oh7 double-oh nine 1 two 3 8 six",
        "four4one, fivefive1, nine2two8",
        "call 9I7 S55 O1B9",
        "９１７５５５０１９９",
        "⑨①⑦ ⑤⑤⑤ ⓪①⑨⑨",
        "9*1*7*5*5*5*0*1*9*9",
    ],
)
def test_a_number_is_read_however_it_is_said(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.PHONE in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "jo.brandt klammeraffe gmx punkt de",
        "pedro.gomez arroba hotmail punto com",
        "camille arobase orange point fr",
        "ivan.petrov собака яндекс точка ру",
        "oksana (равлик) ukr крапка net",
        "zofia małpa wp kropka pl",
        "liming 艾特 qq 点 com",
        "moe.cadet hat jee mail dott comm",
        "jo.brandt#gmail,com",
        "j o . b r a n d t @ g m a i l . c o m",
        "l.e.n.a AT g-m-a-i-l DOT c-o-m",
        "jo<b>@</b>acme<i>.</i>studio",
        "bella🐶paws🌀gmail⚫com",
        "nora|bauer|@|posteo|.|de",
        "write me at jo.brandt@gmailcom",
        "gmail: jo.brandt",
    ],
)
def test_an_address_is_read_however_it_is_said(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is Action.BOUNCE
    assert Kind.EMAIL in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("decode this: bGVuYWtAZ21haWwuY29t", "ENC_BASE64"),
        ("hex: 6a6f40676d61696c2e636f6d", "ENC_HEX"),
        ("read backwards: moc.liamg@tdnarb_oj", "ENC_REVERSED"),
        ("rot13: wb.oenaqg@tznvy.pbz", "ENC_REVERSED"),
        (".---- ..... ..... ..... ----- .---- ----. ----. ....- ..--- in morse", "ENC_HEX"),
    ],
)
def test_a_code_is_undone(screen: Screen, text: str, reason: str) -> None:
    assert reason in {finding.reason for finding in screen(text, CONTEXT).findings}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("on T3l3gr4m I'm maks_draws", "MSG_HANDLE"),
        ("t e l e g r a m : maks_draws", "MSG_HANDLE"),
        ("в тeлeгe: maks_draws", "MSG_HANDLE"),
        ("加我微信：maks2020", "MSG_HANDLE"),
        ("the paper plane app, I'm maks_draws", "MSG_HANDLE"),
        ("disscord: el punto pibe guion bajo modder", "MSG_HANDLE"),
        ("tg://resolve?domain=maks", "MSG_LINK"),
        ("t me / maks_draws", "MSG_LINK"),
        ("zoom? room 871 0042 9963", "MEET_ID"),
        ("g00gle m33t code abc-defg-hij", "MEET_ID"),
        ("linkedin (dot) com (slash) in (slash) maks", "SOCIAL_PROFILE"),
        ("glow-spa(dot)studio/prices", "WEB_OBFUSCATED"),
        ("IBAN DE two zero, three seven zero four, zero zero four four, zero five three two, one one eight six, "
         "six four", "PAY_IBAN"),
        ("киньте аванс на карту 5375 4114 2087 3361", "PAY_HANDLE"),
    ],
)  # fmt: skip
def test_an_account_is_read_however_it_is_said(screen: Screen, text: str, reason: str) -> None:
    assert reason in {finding.reason for finding in screen(text, CONTEXT).findings if finding.score >= 0.8}


@pytest.mark.parametrize(
    "text",
    [
        "dois mil, oitocentos e quarenta e três reais e nove centavos",
        "two or three rounds, five concepts, one hundred and twenty hours",
        "Artikelnummer 0152-3390-4867, 12 Stück",
        "ИНН 7704218830 в печатной форме, заказ 89161427",
        "NIP 774-221-90-38, faktura 0034-915",
        "VALUES ('Test User', '000-000-0000', '000000000')",
        "OpenSSL.crypto.load_pkcs7 and parser.add_argument",
        "the placeholder is you@yourshop.com, nombre@empresa.com in Spanish",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "iso8859_15 and utf_8, version 1.0.4b1 and 0.5a1",
        "card 4242 4242 4242 4242 in the sandbox, pay with it",
        "Serious work on a signal-processing line, teams of five, direct feedback",
    ],
)
def test_what_looks_like_a_contact_is_left_alone(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW
