"""Fixtures of the end-to-end tier: a hub in development mode and its demo page in a real browser."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from testkit.browser import chromium
from testkit.demo_page import VIEWPORT, DemoPage
from testkit.hub import HubProcess

PATIENCE_MS = 10_000


@pytest.fixture(scope="session")
def dev_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub as `make run` starts it; each test talks to a freelancer of its own."""
    with HubProcess(tmp_path_factory.mktemp("hub"), dev=True) as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the tests of a module, which must run in the module's loop."""
    expect.set_options(timeout=PATIENCE_MS)
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def demo(dev_hub: HubProcess, browser: Browser) -> AsyncIterator[DemoPage]:
    """The demo page with both people connected, in a window of its own."""
    async with await browser.new_context(viewport=VIEWPORT, locale="en-GB") as window:
        window.set_default_timeout(PATIENCE_MS)
        opened = DemoPage(await window.new_page())
        await opened.open(f"{dev_hub.url}/")
        yield opened
