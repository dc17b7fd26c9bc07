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
        "ضيفني عالديسكورد samir_3d#2210",
        "im Gorm#3310 on disc",
        "dc ekle mert.ciz",
        "QQ号：718204466",
        "加我qq 90417736",
        "我的微信是linqing-77",
        "钉钉id lin_qing8",
        "加好友 wxid_9d3kk2aazq",
        "Threema-ID M4QX7RTA",
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
        "t'as insta ? moi c'est clo_ferr22",
        "fb tomasfennel83",
        "follow us on insta for the new cuts and all that, message me @fern_works",
        "في انستا: fern.by.lamia_ksa",
        "add me steamcommunity.com/id/oakren77 and we talk",
        "twitch.tv/oakren whisper me there",
        "微博@山月画室，发私信",
    ],
)
def test_a_profile_name_is_found(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is not Action.ALLOW
    assert Kind.SOCIAL in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("telegram @fern_lia, oppure instagram lia.fern.disegni", "lia.fern.disegni"),
        ("дс morok#2290 или просто morok_art", "morok_art"),
        ("Mail to tomas@fennel.pt / 21 744 15 90", "21 744 15 90"),
        ("21 744 15 90 / tomas@fennel.pt", "21 744 15 90"),
    ],
)
def test_a_second_way_beside_a_certain_one_is_masked_too(screen: Screen, text: str, second: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action in (Action.REDACT, Action.BOUNCE)
    assert second not in verdict.text


@pytest.mark.parametrize(
    "text",
    [
        "from telegram.ext import Updater, then whatsapp later",
        "ma fina n7ke telegram hala2, ba3d bukra la2",
        "Haz el guion para un chat de Telegram, doce respuestas",
        "小红书是一个平台,要写十篇文案",
        "Telegramda bot yazıyorum, api sürümü v2.1",
        "Our stream is twitch.tv/oakren, the overlay must match it",
        "steamcommunity.com/id/oakren77 has the screenshots of the mod",
        "微信小程序api_v2的接口要改",
        "discord: role-sync.v2.final",
        "Facebook? I'm pixel-perfect.",
        "snap grid_24 to the left",
        "Threema ID field takes 8 characters",
    ],
)
def test_a_service_as_a_topic_is_none(screen: Screen, text: str) -> None:
    assert screen(text, CONTEXT).action is Action.ALLOW
