"""A real browser for end-to-end tests: Chromium, without a window, driven through Playwright's asyncio interface."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_INSTALL: Final = "apt-get update && apt-get install -y --no-install-recommends chromium fonts-inter fonts-dejavu-core"
_INSTALL_S: Final = 600
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
    found = _installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["/bin/sh", "-c", _INSTALL], check=True, timeout=_INSTALL_S, env=quiet, capture_output=True)
        found = _installed()
    if found is None:
        raise NoBrowserError(f"end-to-end tests need Chromium: sudo sh -c '{_INSTALL}'")
    return found


def _installed() -> Path | None:
    return next((Path(path) for name in _NAMES if (path := shutil.which(name)) is not None), None)


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
