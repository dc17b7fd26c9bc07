"""The chat widget in a real browser: a page of another origin that embeds it, and what a person does with it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

from aiohttp import web
from playwright.async_api import Browser, Locator, Page, expect

from testkit.browser import Complaints
from testkit.hub import HubProcess, token
from testkit.valkey import free_port

AXE: Final = Path(__file__).parents[3] / "clients/node_modules/axe-core/axe.min.js"
PATIENCE_MS: Final = 15_000
_PAGE: Final = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Fernlight</title>
    <link rel="stylesheet" href="/page.css">
    <script type="module" src="{hub}/widget/v1/loader.js"></script>
  </head>
  <body>
    <header><h1>Fernlight</h1></header>
    <main><p>Find somebody who has done it before.</p></main>
    {widgets}
  </body>
</html>
"""
_CSS: Final = """
body { margin: 0; min-height: 100vh; font: 17px/1.6 system-ui, sans-serif; background: #f6f4ef; color: #2b2a27; }
h1 { margin: 0; padding: 28px 40px 0; font-size: 22px; }
main { padding: 0 40px; font-size: 34px; max-width: 14em; line-height: 1.2; }
green-room[mode="inbox"], green-room[mode="thread"] { height: 600px; width: 400px; margin: 20px 40px; }
@media (prefers-color-scheme: dark) { body { background: #20211f; color: #e8e6e1; } }
"""


class HostPage:
    """A marketplace's own site: another origin, a strict policy, tokens for whoever asks."""

    def __init__(self) -> None:
        self.port = free_port()
        self.reports: list[Any] = []
        """What browsers reported of the policy."""
        self.hub: HubProcess
        self.is_signed_in = True

    @property
    def origin(self) -> str:
        """As browsers send it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def policy(self) -> str:
        """The page's Content-Security-Policy, with Trusted Types required."""
        hub, sockets = self.hub.url, self.hub.url.replace("http", "ws")
        return (
            f"default-src 'none'; script-src {hub}; style-src 'self'; connect-src 'self' {hub} {sockets}; "
            "require-trusted-types-for 'script'; trusted-types lit-html; report-uri /reports"
        )

    @asynccontextmanager
    async def serving(self, hub: HubProcess) -> AsyncIterator[Self]:
        """Serve for the length of a block."""
        self.hub = hub
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/page.css", self._css)
        app.router.add_post("/token/{user}", self._token)
        app.router.add_post("/reports", self._report)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        widgets = []
        for users in request.query.getall("user"):
            attributes = "".join(
                f' {k}="{v}"' for k, v in request.query.items() if re.fullmatch(r"[a-z-]+", k) and k != "user"
            )
            widgets.append(
                f'<green-room id="{users.partition("_")[0]}" token-endpoint="/token/{users}"{attributes}></green-room>'
            )
        body = _PAGE.format(hub=self.hub.url, widgets="\n    ".join(widgets))
        headers = {"Content-Security-Policy": self.policy}
        return web.Response(text=body, content_type="text/html", headers=headers)

    async def _css(self, _request: web.Request) -> web.Response:
        return web.Response(text=_CSS, content_type="text/css")

    async def _token(self, request: web.Request) -> web.Response:
        if not self.is_signed_in:
            return web.Response(status=401)
        return web.json_response({"token": token(request.match_info["user"])})

    async def _report(self, request: web.Request) -> web.Response:
        self.reports.append(json.loads(await request.read()))
        return web.Response()


class Widget:
    """One `<green-room>` and what is in it."""

    def __init__(self, page: Page, name: str = "") -> None:
        self.page = page
        self.root = page.locator(f"green-room#{name}" if name else "green-room")
        self.launcher = self.root.locator(".launcher")
        self.panel = self.root.locator(".panel")
        self.entries = self.root.locator(".entry")
        self.composer = self.root.locator(".field textarea")
        self.bubbles = self.root.locator(".bubble .body")
        self.rows = self.root.locator(".row")
        self.log = self.root.locator(".log")
        self.cards = self.root.locator("section.card")
        self.feedback = self.root.locator(".feedback")
        self.bar = self.root.locator(".bar")
        self.sheet = self.root.locator(".sheet")
        self.chip = self.root.locator(".head .chip")
        self.policy = self.root.locator(".policy")
        self.complaints: Complaints

    def button(self, name: str) -> Locator:
        """Find a button by its name."""
        return self.root.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        """Press a button."""
        await self.button(name).first.click()

    async def open(self) -> None:
        """Open the panel."""
        await self.launcher.click()
        await expect(self.panel).to_be_visible()

    async def open_first(self) -> None:
        """Open the newest conversation of the list."""
        await self.entries.first.click()
        await expect(self.log).to_be_visible()

    async def write(self, text: str) -> None:
        """Write a message and send it."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def expect_last(self, text: str) -> None:
        """Wait until the newest bubble says this."""
        await expect(self.bubbles.last).to_have_text(text)

    async def axe(self) -> list[str]:
        """Run axe-core; gives each violation with the place it is at."""
        # the page's policy lets no foreign script in: the driver's own world runs it
        await self.page.evaluate(f"() => {{ {AXE.read_text()} }}")
        found = await self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@asynccontextmanager
async def embedded(browser: Browser, host: HostPage, *users: str, **options: Any) -> AsyncIterator[Widget]:
    """Open the page in a window of its own; `at` are attributes of the widget, the rest are the window's."""
    attributes = options.pop("at", {})
    async with await browser.new_context(
        **{"locale": "en-GB", "viewport": {"width": 1100, "height": 760}, **options}
    ) as window:
        window.set_default_timeout(PATIENCE_MS)
        page = await window.new_page()
        complaints = Complaints(page)
        await page.goto(f"{host.origin}/?{urlencode([*(('user', user) for user in users), *attributes.items()])}")
        widget = Widget(page, users[0].partition("_")[0])
        widget.complaints = complaints
        yield widget
