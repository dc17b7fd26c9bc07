"""Disguises that a rule undoes: separators, signs, words for symbols, digits for letters."""

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
        "pavel.voss {at} posteo {dot} de",
        "ines <arroba> sapo <ponto> pt",
        "mara.lind@(no spam)fastmail.com",
        "**theo**@**fennel-press**.**com**",
        "li.na小老鼠gmail點com",
        "aylin nokta kaya kuyruklu a gmail nokta kom",
        "dana.reyes sa gmail (tuldok) com or dana.reyes (at) gmail (tuldok) com",
        "camille.rey chez orange point fr",
        "tomas@gmail,com",
    ],
)
def test_an_address_is_read(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.EMAIL in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "7-903-ъ-418-ъ-22-ъ-07 звони",
        "98-x-31-x-440-x-287 samajh jao",
        "segnati: tre due otto, cinquantadue, ottantuno, zero sei, quattro",
        "공일공 이사칠구 삼삼일팔 연락 주세요",
        "815…304…77…62 ring",
    ],
)
def test_a_number_is_read(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.PHONE in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "linktr,ee/fennelpress",
        "w w w . fennelpress . o r g register there",
        "b1t.ly/f3nn3l",
        "%68%74%74%70%73%3a%2f%2f%74%2e%6d%65%2f%66%65%6e%6e%65%6c",
        "cedarhouse nokta com bölü iletisim",
        "запишитесь: столярка тчк рф слэш запись",
    ],
)
def test_a_link_is_read(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is not Action.ALLOW


@pytest.mark.parametrize(
    "text",
    [
        "i n s t a : m o s s a n d f e r n",
        "t g @ m o s s _ i n k",
        "t€legr@m: moss_ink",
        "tele-gramm: moss_ink",
    ],
)
def test_a_name_is_read(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is not Action.ALLOW


@pytest.mark.parametrize(
    "text",
    [
        "The banner is 1920x1080x24 and 300 dpi",
        "api calls /v2/users?tag=kelp%230042",
        "We open 9-5, closed 12:30-13:15, Sat 10-14",
        "at some point comments were too long for two or three of us",
        "Invoice lines: 1,250.00 + 380.50 + 96.25",
    ],
)
def test_what_looks_alike_is_none(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Zoom https://zoom.us/j/81244190733 pw: moss77q", "moss77q"),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zk Passcode 9fT3bq", "9fT3bq"),
        ("https://zoom.us/j/81244190733, code fern24", "fern24"),
        ("Teams meeting for the test, ID 402 118 775 306 passcode Kd4vRw", "Kd4vRw"),
    ],
)
def test_the_passcode_of_a_meeting_is_masked_with_it(screen: Screen, text: str, code: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action in (Action.REDACT, Action.BOUNCE)
    assert code not in verdict.text
