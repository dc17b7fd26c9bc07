"""Account names after names of services with endings of cases, and in other scripts."""

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
        "Telegramdan @usta_cemal yaz",
        "discordum @yaren_cizer",
        "tele is @femi_cuts",
        "дс morok#2290 добавляй",
        "LINEのIDは haru_note7 です",
        "تلگرامم @sina_tarh پیام بده",
    ],
)
def test_a_messenger_name_is_found(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.MESSENGER in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "instagramım @firca.nehir, oradan konuşalım",
        "微博 @山月画室 来找我",
        "我的小红书是山月画室77",
        "抖音搜 山月木工",
        "snap is lil_fenwick",
        "got ig? mine is wren.knits_",
    ],
)
def test_a_profile_name_is_found(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.SOCIAL in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "from telegram.ext import Updater, then whatsapp later",
        "ma fina n7ke telegram hala2, ba3d bukra la2",
        "Haz el guion para un chat de Telegram, doce respuestas",
        "小红书是一个平台,要写十篇文案",
        "Telegramda bot yazıyorum, api sürümü v2.1",
    ],
)
def test_a_service_as_a_topic_is_none(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW
