"""What the detectors find, and the look-alikes they must leave alone."""

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action

CONTEXT = Context("candidacy")
INTENTS: list[dict[str, Any]] = tomllib.loads(
    files("greenroom_server.screening").joinpath("words", "intents.toml").read_text("utf-8")
)["intent"]


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default())


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mail jane.doe+work@mail.acme.co.uk.", "jane.doe+work@mail.acme.co.uk"),
        ("mailto:jane@acme.io", "mailto:jane@acme.io"),
        ("Contact: jane@acme.com.Thanks", "jane@acme.com"),
        (f"write {'x' * 80}@gmail.com", f"{'x' * 80}@gmail.com"),
        ("Desk: +1 (617) 555-0102 ext. 44", "+1 (617) 555-0102 ext. 44"),
        ("(212) 555-0187 after lunch", "(212) 555-0187"),
        ("call 07700 900461", "07700 900461"),
        ("tel:+442079460958", "tel:+442079460958"),
        ("see t.me/jane_draws.", "t.me/jane_draws"),
        ("https://calendly.com/jane/intro", "https://calendly.com/jane/intro"),
        ("Discord is rustyfox#4821, ok", "rustyfox#4821"),
        ("I'm @petra_codes on Instagram", "@petra_codes"),
        ("Zoom meeting ID 845 1234 5678 passcode 991123", "845 1234 5678 passcode 991123"),
        ("https://acme.studio/contact", "https://acme.studio/contact"),
    ],
)
def test_the_whole_identifier_is_masked(screen: Screen, text: str, secret: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is Action.REDACT
    covered = {text[found.start : found.end] for found in verdict.findings}
    assert covered == {secret}
    assert secret not in verdict.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00 please", "PAY_IBAN"),
        ("send btc to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "PAY_WALLET"),
        ("upi jane.arts@okhdfcbank", "PAY_HANDLE"),
        ("my cashapp is $janeFrames", "PAY_HANDLE"),
        ("paypal: jane@acme.com", "PAY_HANDLE"),
        ("Zelle me at 305-555-0177", "PAY_HANDLE"),
    ],
)
def test_payment_identifiers_bounce(screen: Screen, text: str, reason: str) -> None:
    verdict = screen(text, CONTEXT)
    assert verdict.action is Action.BOUNCE
    assert reason in {found.reason for found in verdict.findings}


@pytest.mark.parametrize("entry", INTENTS, ids=lambda entry: entry["example"])
def test_every_pattern_finds_its_example(screen: Screen, entry: dict[str, Any]) -> None:
    found = {(each.kind, each.intent, each.reason) for each in screen(entry["example"], CONTEXT).findings}
    assert (entry["kind"], entry["intent"], entry["reason"]) in found


@pytest.mark.parametrize(
    "text",
    [
        "The budget is $1,500.00, or 2.500,00 € in two parts of 1 250 000 rows",
        "Deadline 2026-11-22 or 24.12.2025 at 09:00-17:30",
        "Version 10.4.2.1 on 192.168.14.20:8443 and 2001:db8:85a3::8a2e:370:7334",
        "Order #415555013288, invoice INV-2024-0038-1175, id=4155501320",
        "ISBN 978-3-16-148410-0 and card 4242 4242 4242 4242",
        "DATABASE_URL=postgres://app:secret@db.internal.com:5432/app",
        "git clone git@github.com:orbitlab/landing.git",
        "use user@example.com and name@company.com as samples, mails come from no-reply@acme.com",
        "@dataclass and @types/node, @angular/core@17.0.3",
        "Samples: https://github.com/pallets/flask https://www.behance.net/gallery/1/x https://vimeo.com/7",
        "the draft.It took main.py, logo.ai and brand.zip, see Node.js and socket.io",
        "https://developers.zoom.us/docs and https://developer.calendly.com/api-docs",
        "Telegram bot development and a WhatsApp Business API integration",
        "Do you have WhatsApp API experience?",
        "I can't share my WhatsApp before a contract, let's stay here",
        "Is it allowed to share an email address before the contract?",
        "10 9 8 7 6 5 4 3 2 1 countdown",
        "One or two rounds of revisions, three concepts, delivery in five to six days",
        "let's talk outside the box about the design",
    ],
)
def test_ordinary_work_talk_is_clean(screen: Screen, text: str) -> None:
    verdict = screen(text, CONTEXT)
    assert (verdict.action, verdict.text) == (Action.ALLOW, text)


def test_why_dont_we_is_no_refusal(screen: Screen) -> None:
    assert screen("why don't we talk on whatsapp", CONTEXT).action is Action.BOUNCE
    assert screen("we don't talk on whatsapp", CONTEXT).action is Action.ALLOW


def test_a_refusal_does_not_hide_an_identifier(screen: Screen) -> None:
    text = "I can't give my WhatsApp, my number is 415-555-0132"
    assert screen(text, CONTEXT).action is Action.REDACT
