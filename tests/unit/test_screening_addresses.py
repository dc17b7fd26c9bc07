"""Postal addresses: a contact where somebody is to come or to send something, and nothing anywhere else."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.detect_address import AddressDetector
from greenroom_server.screening.lexicon import load_lexicon
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.scan import Steps
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Kind, Verdict

DATA = Path(__file__).parents[1] / "data"
HIDDEN = "[address hidden until a contract starts]"


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default(), scorer=None)


def judge(screen: Screen, text: str, state: str = "candidacy") -> Verdict:
    return screen(text, Context(state))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My address is 221 Baker Street, London NW1 6XE, come round", f"My address is {HIDDEN}, come round"),
        ("ship it to 1420 Maple Ave, Apt 12, Springfield 62704", f"ship it to {HIDDEN}"),
        ("Mi dirección es calle Mayor 15, Madrid", f"Mi dirección es {HIDDEN}, Madrid"),
        ("Meu endereço é Rua Augusta, 1200, São Paulo", f"Meu endereço é {HIDDEN}, São Paulo"),
        ("Passez au bureau, 14 bis avenue de la Gare à Lyon", f"Passez au bureau, {HIDDEN} à Lyon"),
        ("Kommen Sie vorbei: Hauptstraße 27, 91522 Ansbach", f"Kommen Sie vorbei: {HIDDEN} Ansbach"),
        ("Приезжайте в офис, ул. Ленина, д. 12, Казань", f"Приезжайте в офис, {HIDDEN}, Казань"),
        ("Приїжджайте, вул. Шевченка 8, Львів", f"Приїжджайте, {HIDDEN}, Львів"),
        ("Bize gelin, Atatürk Caddesi No: 45, Kadıköy", f"Bize gelin, {HIDDEN}, Kadıköy"),
        ("siamo in via Roma 15 a Torino, venga in negozio", f"siamo {HIDDEN} a Torino, venga in negozio"),
        ("Zapraszam do biura, ul. Żwirki 3, Łódź", f"Zapraszam do biura, {HIDDEN}, Łódź"),
        ("Kom langs in de winkel, Kerkstraat 9, 1017 GC Amsterdam", f"Kom langs in de winkel, {HIDDEN} Amsterdam"),
        ("你可以过来我们公司，地址是南京路123号", f"你可以过来我们公司，地址是{HIDDEN}"),
        ("تفضل زورنا في المكتب، شارع الجامعة عمارة 12، الدور الثاني", f"تفضل زورنا في المكتب، {HIDDEN}، الدور الثاني"),
        ("mera pata hai 14 Gandhi Road, Pune 411001, aa jaiye", f"mera pata hai {HIDDEN}, aa jaiye"),
    ],
)  # fmt: skip
def test_an_address_that_is_offered_is_hidden(screen: Screen, text: str, shown: str) -> None:
    verdict = judge(screen, text)
    assert (verdict.action, verdict.code, verdict.text) == (Action.REDACT, "policy.contact_address", shown)
    assert [(each.kind, each.intent, each.reason) for each in verdict.findings] == [
        (Kind.ADDRESS, "share", "ADDRESS_POSTAL")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The house on 14 Elm Street, Springfield gets a new facade; I need a 3D model",
        "Geocode these: 12 High Street, Leeds; 45 Mill Lane, York",
        "The logo for the cafe in 45 Mill Lane, York needs a bolder line",
        "The flyer should say: visit us at 14 Bridge Street, Kilkenny",
        "Please put the address 221 Baker Street, London NW1 6XE in the footer, then send it to print",
        "Come to the meeting with 14 slides on the road map, ok?",
        "We are at 30 min drive from the beach, in Portugal",
        "ship it to production by 5 on the main road to release",
        "schick mir bitte Version 3, auf dem Weg 2 Bilder",
        "Estamos en la plaza 3 del ranking, venga a celebrar",
        "Der Text handelt von der Hauptstraße 27, Ansbach",
        "Вы написали 5 статей про улицу Ленина 12, пришлите на проверку",
        "come over the 2nd square, then 5th row",
    ],
)
def test_an_address_that_is_the_work_or_none_passes(screen: Screen, text: str) -> None:
    assert judge(screen, text).action is Action.ALLOW


def test_after_the_contract_starts_an_address_passes(screen: Screen) -> None:
    text = "My address is 221 Baker Street, London NW1 6XE"
    verdict = judge(screen, text, "contract")
    assert (verdict.action, verdict.text, verdict.notice) == (Action.ALLOW, text, "notice.offplatform_risk")


def test_a_street_without_a_town_is_only_doubtful(screen: Screen) -> None:
    assert judge(screen, "Come by the office on Thursday, 14 Castle Row").action is Action.NOTICE


def test_addresses_can_be_left_out_of_a_policy() -> None:
    shipped = (resources.files("greenroom_server.screening") / "policy" / "default.toml").read_text("utf-8")
    without = ScreeningPolicy.from_toml(shipped.replace("address = true ", "address = false "))
    text = "My address is 221 Baker Street, London NW1 6XE"
    assert judge(Screen(without, scorer=None), text).action is Action.ALLOW
    with pytest.raises(ValueError, match="true or false"):
        ScreeningPolicy.from_toml(shipped.replace("address = true ", "address = 1 "))


def texts(case: dict[str, Any]) -> Iterator[str]:
    if "text" in case:
        yield case["text"]
    for message in case.get("messages", ()):
        yield message if isinstance(message, str) else message["text"]


def test_no_clean_text_of_the_corpora_holds_an_address() -> None:
    """Whatever the other detectors say about it."""
    detector = AddressDetector(load_lexicon())
    looked, found = 0, []
    for path in (DATA / "contact_dev.jsonl", *sorted((DATA / "contact").glob("*.jsonl"))):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            if case.get("label") != "clean":
                continue
            for text in texts(case):
                looked += 1
                hits = detector.find(normalise(text), Steps(1_000_000))
                found += [text for hit in hits if hit.score >= ScreeningPolicy.default().doubtful]
    assert looked > 5_000
    assert found == []
