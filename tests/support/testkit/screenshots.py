"""Makes the pictures of the documentation from the running demo page: `python -m testkit.screenshots`.

Every picture shows real frames of a real hub; run it again when the page changes.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, ViewportSize, expect

from testkit.browser import chromium
from testkit.demo_page import NARROW, VIEWPORT, DemoPage
from testkit.hub import HubProcess

FOLDER: Final = Path(__file__).parents[3] / "server/docs/img"
_SHARPNESS: Final = 2
"""Device pixels for each CSS pixel."""
_TALL: Final = ViewportSize(width=1280, height=960)
"""So that the address stands there twice: hidden before the contract, and open after it."""
_QUIET_MS: Final = 400
"""Receipts and figures settle within this; a picture has nothing else to wait on."""


class Album:
    """The demo page on a hub of its own, and where its pictures go."""

    def __init__(self, demo: DemoPage, folder: Path) -> None:
        self.demo = demo
        self.folder = folder

    async def photograph(self, name: str) -> None:
        """Make one picture of what the window shows."""
        await self.demo.page.wait_for_timeout(_QUIET_MS)
        await self.demo.page.screenshot(path=self.folder / name)
        if self.demo.complaints.lines or await self.demo.overflow_px() > 0:
            raise RuntimeError(f"{name}: {self.demo.complaints.lines or 'wider than its window'}")


async def make(folder: Path) -> None:
    """Make all pictures in an existing folder."""
    async with chromium() as browser:
        async with _album(browser, folder) as album:
            await _search(album)
            await _candidacies(album)
        async with _album(browser, folder, viewport=_TALL) as album:
            await _talk(album, "demo.png")
        async with _album(browser, folder, scheme="dark", viewport=_TALL) as album:
            await _talk(album, "demo-dark.png")
        async with _album(browser, folder, viewport=NARROW) as album:
            await _phone(album)
        async with _album(browser, folder, viewport=_TALL) as album:
            await _filter(album)


@asynccontextmanager
async def _album(
    browser: Browser, folder: Path, *, scheme: Literal["light", "dark"] = "light", viewport: ViewportSize = VIEWPORT
) -> AsyncIterator[Album]:
    """Open the page on a hub of its own."""
    with tempfile.TemporaryDirectory() as data, HubProcess(Path(data), dev=True) as hub:
        window = await browser.new_context(
            viewport=viewport, color_scheme=scheme, locale="en-GB", device_scale_factor=_SHARPNESS
        )
        album = Album(DemoPage(await window.new_page()), folder)
        await album.demo.open(f"{hub.url}/")
        yield album
        await window.close()


async def _search(album: Album) -> None:
    """A client looks for somebody, a freelancer for a job."""
    client, freelancer = album.demo.client, album.demo.freelancer
    await expect(client.cards).to_have_count(8)
    await freelancer.press("Propose for Booking flow for a ceramics studio")
    await freelancer.root.get_by_label("Your proposal").fill(
        "A booking is a promise about time. I would build the week view first, from the keyboard up, and show you a "
        "click-through after four days."
    )
    await freelancer.root.get_by_label("Your proposal").blur()
    await album.photograph("demo-search.png")
    await freelancer.press("Cancel")


async def _talk(album: Album, name: str) -> None:
    """From an invitation to a contract; an address is hidden before it and passes after it."""
    demo = album.demo
    client, freelancer = demo.client, demo.freelancer
    await client.invite("accessibility typescript", "Jonas Weber")
    await freelancer.open_first_thread()
    await freelancer.press("Accept")
    await expect(client.state).to_have_text("Accepted")
    await client.write("Welcome! Which part of the booking flow would you build first?")
    await expect(freelancer.state).to_have_text("Interview")
    calendar = "The calendar: pick a week, a slot, confirm, all from the keyboard. Touch is easy after that."
    await freelancer.write(calendar)
    await client.expect_last(calendar)
    await client.write("Exactly what we hoped for. Send me your sketches: maya@fernlight.studio")
    await expect(client.root.locator(".why:visible")).to_be_visible()
    await demo.move("Start contract")
    await expect(freelancer.state).to_have_text("Contract")
    for pane in (client, freelancer):
        await pane.press("I understand")
    await client.write("We have a contract! So here it is again: maya@fernlight.studio")
    await freelancer.expect_last("We have a contract! So here it is again: maya@fernlight.studio")
    await freelancer.write("Thank you, the sketches are on their way.")
    await client.expect_last("Thank you, the sketches are on their way.")
    await freelancer.composer.blur()
    await album.photograph(name)


async def _candidacies(album: Album) -> None:
    """Several candidacies of one job, an access grant, and an offer that waits."""
    demo = album.demo
    client, freelancer = demo.client, demo.freelancer
    await demo.play(freelancer="Elif Kaya")
    await _propose(album, "Booking flow for a ceramics studio", "I would start with the three errors a guest can make.")
    await demo.play(freelancer="Tomasz Zieliński")
    await demo.move("Sell Tomasz 20 Connects")
    await expect(freelancer.connects).to_have_text("21 Connects")
    await _propose(
        album, "Booking flow for a ceramics studio", "Double bookings are my favourite bug. I would test for them."
    )
    await demo.play(freelancer="Amara Nwosu")
    await client.invite("Amara", "Amara Nwosu")
    await freelancer.open_first_thread()
    await freelancer.press("Accept")
    await client.write("Your case study on the clinic app convinced us. Could you look at our tokens?")
    await expect(freelancer.state).to_have_text("Interview")
    await freelancer.press("Share access…")
    await freelancer.answer(
        "Ask", Whose_address="I share mine", Access_to="Code repository", What_for="Read access to the tokens"
    )
    await client.press("Agree")
    await freelancer.root.get_by_label("Your e-mail address").fill("amara@nwosu.design")
    await freelancer.press("Share")
    await expect(client.root.get_by_label("Shared e-mail address")).to_be_visible()
    await client.press("Make an offer…")
    await client.answer("Send offer", Amount="4800", Note="Six weeks: tokens, twelve components, a guide.")
    await expect(freelancer.asks.last).to_contain_text("4,800")
    await client.tab("Candidacies")
    await expect(client.rows).to_have_count(3)
    await album.photograph("demo-offer.png")


async def _propose(album: Album, job: str, text: str) -> None:
    freelancer = album.demo.freelancer
    await freelancer.press(f"Propose for {job}")
    await freelancer.root.get_by_label("Your proposal").fill(text)
    await freelancer.press("Send proposal")
    await expect(freelancer.state).to_have_text("Proposal")


async def _phone(album: Album) -> None:
    """One side at a time on a narrow screen: an invitation that waits."""
    demo = album.demo
    await demo.client.invite("accessibility typescript", "Jonas Weber")
    await demo.page.get_by_role("group", name="Whose side").get_by_role("button", name="Freelancer").click()
    await demo.freelancer.open_first_thread()
    await album.photograph("demo-phone.png")


async def _filter(album: Album) -> None:
    """What the contact filter does, from the page's own examples: masked, bounced, held, granted, and open."""
    demo = album.demo
    client, freelancer = demo.client, demo.freelancer
    await demo.try_example("An e-mail address")
    await client.composer.press("Enter")
    await expect(client.root.locator(".why:visible")).to_be_visible()
    await demo.try_example("A move elsewhere")
    await freelancer.composer.press("Enter")
    await expect(freelancer.button("Ask a moderator…")).to_be_visible()
    await album.photograph("demo-filter.png")
    await freelancer.press("Ask a moderator…")
    await freelancer.answer("Ask", **{"Why it should pass": "WhatsApp is the client whose app we talk about."})
    await freelancer.composer.fill("")

    await demo.try_example("A hint, perhaps harmless")
    await freelancer.composer.press("Enter")
    await expect(freelancer.root.locator(".message.waits")).to_contain_text("In review")
    await demo.open_tray("Moderation")
    await expect(demo.moderation.locator(".held-item")).to_have_count(2)
    await album.photograph("demo-moderation.png")
    await demo.decide("Release", "profile picture")
    await client.expect_last("Check my profile picture carefully, you will see how to reach me.")

    await demo.try_example("An address for access")
    await client.press("Agree")
    await freelancer.root.get_by_label("Your e-mail address").fill("jonas@weber.dev")
    await freelancer.press("Share")
    await expect(client.root.get_by_label("Shared e-mail address")).to_be_visible()
    await demo.try_example("An address for access")
    await freelancer.composer.press("Enter")
    await client.expect_last("Please give jonas@weber.dev read access.")
    await demo.try_example("The same, under contract")
    for pane in (client, freelancer):
        await pane.press("I understand")
    await client.composer.press("Enter")
    await expect(freelancer.bubbles.last).to_contain_text("maya@fernlight.studio")
    await demo.close_tray("Try the filter")
    await album.photograph("demo-access.png")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(make(FOLDER))
    for path in sorted(FOLDER.glob("demo*.png")):
        sys.stdout.write(f"{path}\n")
