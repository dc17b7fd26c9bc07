"""Numbers, accounts and addresses as people of one place write them."""

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
        "Mera number 97310 55824 hai, shaam ko free hu",
        "márqueme al 33 2071 5586 en la tarde",
        "Bana 0543 218 77 06dan ulaşın, ararsın",
        "ablamın telefonu bu 05441982360",
        "你打我 137 2049 8816 吧",
        "bhai se baat kar lo, 9027714385",
        "call 9223 4410 my handphone",
        "打我電話 6123 4410",
        "请致电 138 2077 4410",
        "najszybciej pod 512 334 908",
        "این یکی رو بگیرید 09351120847",
    ],
)
def test_a_local_number_with_its_cue_is_found(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.PHONE in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "zálohu pošlete na účet 1907442310/0800",
        "chave pix 27.418.905-33, manda o sinal",
        "a/c 30217744019 IFSC SBIN0004471, advance daal do",
        "STK 0071000884215 Vietcombank, chuyển khoản cọc giúp em",
        "mándame el anticipo, alias luna.cobre.sur",
        "скинь на карту 2200 1529 4471 8036",
        "sort code twenty, eleven, forty-two, account one nine oh four double six two seven, send the deposit",
        "postepay 4023 6009 1188 2745 intestata a Rita",
        "定金打到招商银行 6214 8311 2044 7790",
        "ابعت على فودافون كاش 01023344556",
        "envoie par Wave au 78 330 21 45",
        "You can do Mpesa. Till number 4417720",
        "my sol addy: 5kQmRt7WzBn3xYv9LcHp2dJsGfUa8eKo4NiTbXrMwVqC",
        "kaporayı TR47 0001 0017 4538 5029 1150 02 hesabına at",
    ],
)
def test_an_account_beside_its_word_is_found(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.PAYMENT in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "腾讯会议 会议号 527 904 118",
        "Webex meeting number 2617 440 9385",
        "zoom ID is eight four one, double two nine, oh three six five",
    ],
)
def test_a_meeting_is_found_by_its_number(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.MEETING_LINK in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "原稿はmika.honyaku@outlook.jpまで",
        "发到wenjun.sheji@foxmail.com就行",
        "write to rory@stagshead.scot",
    ],
)
def test_an_address_is_found_between_other_letters(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.EMAIL in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "stok kodu 0541-338-2207, 20 adet",
        "رقم الطلب 0551-9920-41",
        "Los lotes 711-204-556 y 711-204-557 salieron mal",
        "CEP 30140-071 no rótulo",
        "IBAN DE00 1111 2222 3333 4444 00 must be refused",
        "Burn address 0x0000000000000000000000000000000000000000 in the test",
        "ssh deploy@qa.example.com works",
        "Wir haben 14.11. um 9:30 Probe",
        "银行卡号输入框要支持 16 位",
        "Commit 4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a breaks the wallet test",
        "Wave file, 44100 Hz, 12 345 678 samples",
        "invoice 33 867 15 40 was paid",
    ],
)
def test_other_numbers_of_that_shape_are_none(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW
