"""The chat widget on a page of another origin: the marketplace's story, and what a person must never see."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, WebSocketRoute, expect

from testkit.hub import HubProcess, Room
from testkit.interview import act, interviewed, invitation, view
from testkit.moderation import moderated
from testkit.widget import HostPage, embedded
from testkit.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \u202eevil\u202c &amp; {{x}} ${y}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostPage]:
    """A hub with moderators, and the page that may connect to it."""
    page, folder = HostPage(), tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env={**moderated(folder), "GREENROOM_ORIGINS": page.origin}) as hub:
        async with page.serving(hub):
            yield page


@pytest_asyncio.fixture(loop_scope="module")
async def room(host: HostPage) -> Room:
    """A client and a freelancer of the test's own."""
    made = Room(host.hub)
    await made.furnish()
    return made


async def test_an_invitation_leads_to_the_first_message(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, embedded(browser, host, room.id("jonas")) as jonas:
        thread = (await maya.ask(invitation(room, "Would you like to talk about our logo?")))["thread"]
        await expect(jonas.launcher.locator(".badge")).to_have_text("1")
        await jonas.open()
        await expect(jonas.entries.first.locator(".chip")).to_have_text("Invited")
        await jonas.open_first()
        await expect(jonas.cards.first).to_contain_text("Expires in 6 days 23 h")
        await expect(jonas.composer).to_be_hidden()
        await expect(jonas.policy).to_contain_text("You can write here once the client has answered you.")
        await jonas.press("Accept")
        await expect(jonas.chip).to_have_text("Accepted")
        await maya.say(thread, "Welcome! What would you show us first?")
        await expect(jonas.chip).to_have_text("Interview")
        await jonas.write("Three sketches, each a different direction.")
        await jonas.expect_last("Three sketches, each a different direction.")
        await expect(jonas.root.locator(".status.sent, .status.delivered")).to_be_visible()
        await maya.ask({"type": "thread.read", "thread": thread, "n": (await view(maya, thread))["n"]})
        await expect(jonas.root.locator(".status.read")).to_contain_text("Read")
        await maya.tell({"type": "typing.set", "thread": thread, "is_typing": True})
        await expect(jonas.root.locator(".typing")).to_contain_text("Maya is typing")
        assert jonas.complaints.lines == []
    assert host.reports == []


async def test_declining_says_why(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, embedded(browser, host, room.id("jonas")) as jonas:
        thread = (await maya.ask(invitation(room)))["thread"]
        await jonas.open()
        await jonas.open_first()
        await jonas.press("Decline")
        await jonas.sheet.get_by_label("Reason").select_option("budget")
        await jonas.sheet.get_by_role("button", name="Decline").click()
        await expect(jonas.chip).to_have_text("Closed")
        await expect(jonas.log).to_contain_text("Jonas declined: The budget does not fit")
        assert (await view(maya, thread))["why"] == "declined"
        assert jonas.complaints.lines == []


async def test_a_bounced_text_stays_in_the_field_with_its_marks(host: HostPage, browser: Browser, room: Room) -> None:
    async with (
        Wire(room, "maya") as maya,
        Wire(room, "jonas") as wire,
        embedded(browser, host, room.id("jonas")) as jonas,
    ):
        await interviewed(room, maya, wire)
        await jonas.open()
        await jonas.open_first()
        text = "Can we go on over WhatsApp instead?"
        await jonas.composer.fill(text)
        await expect(jonas.feedback).to_contain_text("Cannot be sent: go on over WhatsApp")
        await expect(jonas.root.locator("mark.refused")).to_have_text("go on over WhatsApp")
        await jonas.composer.press("Enter")
        await expect(jonas.feedback).to_contain_text("Not sent: go on over WhatsApp")
        await expect(jonas.composer).to_have_value(text)
        await expect(jonas.bubbles).to_have_count(1)
        await jonas.press("Details")
        await expect(jonas.sheet).to_contain_text("Please keep the conversation here until a contract starts.")
        assert await jonas.axe() == []
        await jonas.sheet.get_by_role("button", name="Edit").click()
        await expect(jonas.composer).to_be_focused()
        await jonas.write("Then we stay here.")
        await jonas.expect_last("Then we stay here.")
        await expect(jonas.feedback).to_have_count(0)
        assert jonas.complaints.lines == []


async def test_a_held_text_waits_and_can_be_taken_back(host: HostPage, browser: Browser, room: Room) -> None:
    async with (
        Wire(room, "maya") as maya,
        Wire(room, "jonas") as wire,
        embedded(browser, host, room.id("jonas")) as jonas,
    ):
        await interviewed(room, maya, wire)
        await jonas.open()
        await jonas.open_first()
        text = "Check my profile picture carefully, you will see how to reach me."
        await jonas.write(text)
        await expect(jonas.root.locator(".line.held")).to_contain_text("In review")
        await jonas.press("Details")
        await expect(jonas.sheet).to_contain_text("A moderator looks at this first.")
        await jonas.press("Take it back")
        await expect(jonas.root.locator(".line.held")).to_have_count(0)
        await expect(jonas.composer).to_have_value(text)
        assert jonas.complaints.lines == []


async def test_an_address_is_masked_and_then_shared_for_access(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as wire:
        await interviewed(room, maya, wire)
        async with (
            embedded(browser, host, room.id("jonas")) as jonas,
            embedded(browser, host, room.id("maya")) as client,
        ):
            for widget in (jonas, client):
                await widget.open()
                await widget.open_first()
            await jonas.composer.fill("Write to jonas@weber.dev please.")
            await expect(jonas.feedback).to_contain_text("Will be hidden: jonas@weber.dev")
            await jonas.composer.press("Enter")
            await expect(client.root.locator(".mask")).to_have_text("email hidden until a contract starts")
            await expect(client.root).not_to_contain_text("jonas@weber.dev")
            await jonas.press("More")
            await jonas.press("Access by e-mail address")
            await jonas.sheet.get_by_label("What for").fill("Read access to the brand folder")
            await jonas.press("Ask")
            await client.press("Agree")
            await jonas.root.get_by_label("Your e-mail address").fill("jonas@weber.dev")
            await jonas.press("Share")
            await expect(client.root.get_by_role("textbox", name="Shared e-mail address")).to_have_value(
                "jonas@weber.dev"
            )
            await expect(client.log).to_contain_text("This address is for giving access only.")
            assert (jonas.complaints.lines, client.complaints.lines, host.reports) == ([], [], [])


async def test_an_offer_is_accepted_and_opens_the_gate(host: HostPage, browser: Browser, room: Room) -> None:
    async with (
        Wire(room, "maya") as maya,
        Wire(room, "jonas") as wire,
        embedded(browser, host, room.id("jonas")) as jonas,
    ):
        thread = await interviewed(room, maya, wire)
        await maya.ask(act("offer.send", thread, terms={"amount": "900.50", "currency": "EUR", "note": "Two rounds."}))
        await jonas.open()
        await jonas.open_first()
        await expect(jonas.cards.last).to_contain_text("€900.50")
        await jonas.press("Accept and start")
        await expect(jonas.chip).to_have_text("Contract")
        await jonas.press("I understand")
        await expect(jonas.root.locator(".notice")).to_have_count(0)
        await expect(jonas.policy).to_contain_text("Contact details may be shared here.")
        await jonas.press("Back")
        await jonas.press("Active Candidacies")
        await expect(jonas.root.get_by_text("Accepted invitations and proposals appear here.")).to_be_visible()
        assert jonas.complaints.lines == []


async def test_hostile_texts_are_text(host: HostPage, browser: Browser, room: Room) -> None:
    async with (
        Wire(room, "maya") as maya,
        Wire(room, "jonas") as wire,
        embedded(browser, host, room.id("maya")) as client,
    ):
        thread = await interviewed(room, maya, wire)
        await wire.say(thread, HOSTILE)
        await wire.say(thread, "ab" * 4_900)
        await client.open()
        await client.open_first()
        await expect(client.bubbles.nth(1)).to_have_text(HOSTILE.replace("\u202e", "\ufffd"))
        assert await client.root.locator("img, script").count() == 0
        await expect(client.bubbles.last).not_to_contain_text("ab" * 1_000)
        await client.press("Show all")
        await expect(client.bubbles.last).to_have_text("ab" * 4_900)
        assert await client.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (client.complaints.lines, host.reports) == ([], [])


async def test_kinds_and_shapes_of_a_later_server_do_no_harm(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as wire:
        thread = await interviewed(room, maya, wire)
        for text in ("Kind: later", "Shape: later", "As ever"):
            await wire.say(thread, text)
    async with embedded(browser, host, room.id("maya"), at={"autostart": "false"}) as client:
        await client.page.route_web_socket("**/ws", _from_the_future)
        await client.open()
        await client.open_first()
        await client.expect_last("As ever")
        await expect(client.log).to_contain_text("Kind: <b>later</b>")
        await expect(client.log).to_contain_text("[object Object]")
        await client.write("We understand each other.")
        await client.expect_last("We understand each other.")
        assert (client.complaints.lines, host.reports) == ([], [])


def _from_the_future(route: WebSocketRoute) -> None:
    """Let a server speak that knows more than the widget."""
    server = route.connect_to_server()
    server.on_message(lambda frame: route.send(json.dumps(_later(json.loads(frame)))))


def _later(value: Any) -> Any:
    if isinstance(value, list):
        return [_later(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("body") == "Kind: later":
        return {
            "type": "hologram.sent",
            "seq": value["seq"],
            "at": value["at"],
            "body": "Kind: <b>later</b>",
            "n": value["n"],
        }
    if value.get("body") == "Shape: later":
        return {**value, "body": {"rich": True}, "hidden": "none", "reactions": []}
    return {name: _later(one) for name, one in value.items()}


async def test_two_widgets_on_one_page_do_not_disturb_each_other(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as wire, Wire(room, "jonas") as other:
        await interviewed(room, wire, other)
    async with embedded(
        browser, host, room.id("maya"), room.id("jonas"), at={"mode": "inbox"}, viewport={"width": 1100, "height": 1400}
    ) as maya:
        jonas = type(maya)(maya.page, "jonas")
        for widget in (maya, jonas):
            await widget.open_first()
        await jonas.write("From one half of the page")
        await maya.expect_last("From one half of the page")
        await maya.composer.fill("a draft of my own")
        await expect(jonas.composer).to_have_value("")
        await maya.root.evaluate("element => element.logout()")
        await expect(maya.root).to_contain_text("You are signed out.")
        await expect(jonas.bubbles.last).to_have_text("From one half of the page")
        await jonas.write("Still here")
        await jonas.expect_last("Still here")
        kept = await maya.page.evaluate("JSON.stringify(Object.entries(localStorage))")
        assert "a draft of my own" not in kept
        assert (maya.complaints.lines, host.reports) == ([], [])
