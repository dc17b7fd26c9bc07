"""Makes the pictures of the documentation from the running demo page: `python -m testkit.screenshots`.

Every picture shows real frames of a real hub; run it again when the page changes.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, expect

from testkit.browser import chromium
from testkit.demo_page import VIEWPORT, DemoPage
from testkit.hub import HubProcess

FOLDER: Final = Path(__file__).parents[3] / "server/docs/img"
_SHARPNESS: Final = 2
"""Device pixels for each CSS pixel."""
_QUIET_MS: Final = 400
"""Receipts and figures settle within this; a picture has nothing else to wait on."""


async def make(folder: Path) -> list[Path]:
    """Make all pictures in an existing folder; gives their paths."""
    async with chromium() as browser:
        found = await _story(browser, folder, "light", "demo.png", "demo-search.png")
        return found + await _story(browser, folder, "dark", "demo-dark.png", None)


async def _story(
    browser: Browser, folder: Path, scheme: Literal["light", "dark"], name: str, search: str | None
) -> list[Path]:
    """Play the story on a hub of its own and photograph its end, and its beginning if asked."""
    made = []
    with tempfile.TemporaryDirectory() as data, HubProcess(Path(data), dev=True) as hub:
        window = await browser.new_context(
            viewport=VIEWPORT, color_scheme=scheme, locale="en-GB", device_scale_factor=_SHARPNESS
        )
        demo = DemoPage(await window.new_page())

        async def photograph(file: str) -> None:
            await demo.page.wait_for_timeout(_QUIET_MS)
            await demo.page.screenshot(path=folder / file)
            made.append(folder / file)

        await demo.open(f"{hub.url}/")
        await expect(demo.client.root.locator(".card").first).to_be_visible()
        if search is not None:
            await photograph(search)
        await _talk(demo)
        await photograph(name)
        await window.close()
    return made


async def _talk(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await client.invite("accessibility", "Jonas Weber")
    await freelancer.open_first_thread()
    await freelancer.root.get_by_role("button", name="Accept").click()
    await expect(client.state).to_have_text("Accepted")
    await client.write("Welcome! Which part of the booking flow would you build first?")
    await expect(freelancer.state).to_have_text("Interview")
    await freelancer.write(
        "The calendar: pick a week, a slot, confirm, all from the keyboard. Touch is easy after that."
    )
    await client.expect_last(
        "The calendar: pick a week, a slot, confirm, all from the keyboard. Touch is easy after that."
    )
    await client.write("Exactly what we hoped for. Send me your sketches: maya@fernlight.studio")
    await expect(client.root.locator(".why:visible")).to_be_visible()
    await demo.move("Start contract")
    await expect(freelancer.state).to_have_text("Contract")
    await client.write("We have a contract! So here it is again: maya@fernlight.studio")
    await freelancer.expect_last("We have a contract! So here it is again: maya@fernlight.studio")
    await freelancer.write("Thank you, the sketches are on their way.")
    await client.expect_last("Thank you, the sketches are on their way.")
    await freelancer.composer.blur()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in asyncio.run(make(FOLDER)):
        sys.stdout.write(f"{path}\n")
