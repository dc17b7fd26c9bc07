"""Fixtures of the end-to-end tier: a hub in development mode and its demo page in a real browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from testkit.browser import chromium
from testkit.demo_page import VIEWPORT, DemoPage
from testkit.hub import HubProcess

PATIENCE_MS = 10_000


@pytest.fixture
def dev_hub(tmp_path: Path) -> Iterator[HubProcess]:
    """A hub as `make run` starts it, with data of the test's own."""
    with HubProcess(tmp_path / "hub", dev=True) as process:
        yield process


@pytest.fixture
async def demo(dev_hub: HubProcess) -> AsyncIterator[DemoPage]:
    """The demo page with both people connected."""
    expect.set_options(timeout=PATIENCE_MS)
    async with chromium() as browser:
        page = await browser.new_page(viewport=VIEWPORT, locale="en-GB")
        page.set_default_timeout(PATIENCE_MS)
        opened = DemoPage(page)
        await opened.open(f"{dev_hub.url}/")
        yield opened
