"""A real browser for end-to-end tests: Chromium, without a window, driven through Playwright's asyncio interface."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from testkit import packages

_OTHER_NAMES: Final = ("chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class NoBrowserError(RuntimeError):
    """There is no Chromium, and it cannot be installed from here."""


def find_chromium() -> Path:
    """Find Chromium; install it when root.

    Raises:
        NoBrowserError: says the one command to type.
    """
    for name in _OTHER_NAMES:
        if (path := shutil.which(name)) is not None:
            return Path(path)
    found = packages.find("chromium")
    if found is None:
        raise NoBrowserError(f"end-to-end tests need Chromium: sudo sh -c '{packages.command_for('chromium')}'")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run Chromium for the length of a block."""
    executable = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


class Complaints:
    """What a page's console said that it should not: errors, warnings, exceptions, violations of its CSP."""

    def __init__(self, page: Page) -> None:
        self.lines: list[str] = []
        """In order, each with its kind."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.lines.append(f"exception: {error}"))

    def _said(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.lines.append(f"{said.type}: {said.text}")
