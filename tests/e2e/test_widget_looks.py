"""The chat widget as it looks and is reached: by keyboard, by assistive technology, in other languages and schemes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize, expect

from testkit.hub import HubProcess, Room
from testkit.interview import act, interviewed, invitation
from testkit.widget import HostPage, Widget, embedded
from testkit.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHONE = ViewportSize(width=390, height=780)
ZOOMED = ViewportSize(width=320, height=560)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostPage]:
    """A hub, and the page that may connect to it."""
    page = HostPage()
    with HubProcess(tmp_path_factory.mktemp("hub"), env={"GREENROOM_ORIGINS": page.origin}) as hub:
        async with page.serving(hub):
            yield page


@pytest_asyncio.fixture(loop_scope="module")
async def room(host: HostPage) -> AsyncIterator[Room]:
    """An interview of the test's own, with an offer that waits."""
    made = Room(host.hub)
    await made.furnish()
    async with Wire(made, "maya") as maya, Wire(made, "jonas") as jonas:
        thread = await interviewed(made, maya, jonas)
        await jonas.say(thread, "Three directions first, then one round of refinement.")
        await jonas.say(thread, "My address is jonas@weber.dev, by the way.")
        await maya.ask(act("offer.send", thread, terms={"amount": "900", "currency": "EUR", "note": "Two rounds."}))
    yield made


async def fits(widget: Widget) -> bool:
    """Whether nothing is wider than its window, the panel's own parts included."""
    parts = ".panel, .head, .log, .foot, .card, .row"
    wide = (
        f"root => [...root.shadowRoot.querySelectorAll('{parts}')]"
        ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
    )
    assert await widget.root.evaluate(wide) == []
    return bool(await widget.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize(
    ("locale", "said", "direction"),
    [("ar", "عرض عقد", "rtl"), ("de", "Vertragsangebot", "ltr"), ("ru", "Предложение контракта", "ltr")],
)
async def test_other_languages_fit(
    host: HostPage, browser: Browser, room: Room, tmp_path: Path, locale: str, said: str, direction: str
) -> None:
    async with embedded(browser, host, room.id("jonas"), at={"locale": locale}, viewport=PHONE) as jonas:
        await jonas.open()
        await jonas.open_first()
        await expect(jonas.cards.last).to_contain_text(said)
        assert await jonas.root.locator(".frame").get_attribute("dir") == direction
        assert await fits(jonas)
        await jonas.page.screenshot(path=tmp_path / f"widget-{locale}.png")
        assert await jonas.axe() == []
        await jonas.page.set_viewport_size(ZOOMED)
        assert await fits(jonas)
        assert jonas.complaints.lines == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_is_accessible(host: HostPage, browser: Browser, room: Room, scheme: str) -> None:
    async with embedded(browser, host, room.id("maya"), color_scheme=scheme, reduced_motion="reduce") as maya:
        await expect(maya.launcher).to_be_visible()
        assert await maya.axe() == [], "closed"
        await maya.open()
        await expect(maya.entries).to_have_count(1)
        assert await maya.axe() == [], "inbox"
        await maya.press("Active Candidacies")
        await expect(maya.entries).to_have_count(1)
        assert await maya.axe() == [], "candidacies"
        await maya.open_first()
        await expect(maya.cards.last).to_be_visible()
        await maya.composer.fill("Mail me at maya@fernlight.studio")
        await expect(maya.feedback).to_be_visible()
        assert await maya.axe() == [], "check"
        for name in ("Report", "Block"):
            await maya.press("More")
            await maya.sheet.get_by_role("button", name=name, exact=True).click()
            await expect(maya.sheet.get_by_role("heading")).to_have_text(name)
            assert await maya.axe() == [], name
            await maya.page.keyboard.press("Escape")
            await expect(maya.sheet).to_have_count(0)
        assert maya.complaints.lines == []


async def test_forced_colors_keep_every_edge(host: HostPage, browser: Browser, room: Room) -> None:
    async with embedded(browser, host, room.id("jonas"), forced_colors="active") as jonas:
        await jonas.open()
        await jonas.open_first()
        for part in (".bubble", ".panel", "section.card", ".launcher"):
            assert (
                await jonas.root.locator(part).first.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
            )


async def test_everything_is_reached_by_keyboard(host: HostPage, browser: Browser) -> None:
    room = Room(host.hub)
    await room.furnish()
    async with Wire(room, "maya") as maya, embedded(browser, host, room.id("jonas")) as jonas:
        thread = (await maya.ask(invitation(room)))["thread"]
        keys = jonas.page.keyboard
        await expect(jonas.launcher.locator(".badge")).to_have_text("1")
        await keys.press("Tab")
        await expect(jonas.launcher).to_be_focused()
        await expect(jonas.launcher).to_have_accessible_name("Messages, 1 unread")
        await keys.press("Enter")
        await expect(jonas.entries.first).to_be_focused()
        await keys.press("Enter")
        await expect(jonas.cards.first).to_be_visible()
        await expect(jonas.log).to_be_focused()
        await keys.press("Tab")
        await expect(jonas.button("Accept")).to_be_focused()
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(jonas.sheet.get_by_label("Reason")).to_be_focused()
        for _ in range(8):
            await keys.press("Tab")
            assert await jonas.sheet.evaluate("sheet => sheet.contains(sheet.getRootNode().activeElement)")
        await keys.press("Escape")
        await expect(jonas.button("Decline")).to_be_focused()
        await keys.press("Shift+Tab")
        await keys.press("Enter")
        await maya.say(thread, "Welcome!")
        await expect(jonas.composer).to_be_visible()
        await jonas.log.focus()
        await keys.press("End")
        await keys.press("ArrowUp")
        await expect(jonas.rows.filter(has_text="Welcome!")).to_be_focused()
        await keys.press("Enter")
        await keys.press("Enter")
        await jonas.sheet.get_by_role("button", name="Reply").focus()
        await keys.press("Enter")
        await expect(jonas.composer).to_be_focused()
        await keys.type("Thank you!")
        await keys.press("Enter")
        await jonas.expect_last("Thank you!")
        await expect(jonas.root.locator(".quote")).to_contain_text("Welcome!")
        await keys.press("Escape")
        await keys.press("Escape")
        await expect(jonas.launcher).to_be_focused()
        await expect(jonas.panel).to_have_count(0)
