"""The demo page as the two people on it use it: what they press, and what they must see."""

from typing import Final, Literal

from playwright.async_api import Locator, Page, ViewportSize, expect

from testkit.browser import Complaints

Side = Literal["client", "freelancer"]
VIEWPORT: Final = ViewportSize(width=1280, height=800)


class DemoPage:
    """One open demo page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints = Complaints(page)
        self.client = DemoPane(page, "client")
        self.freelancer = DemoPane(page, "freelancer")

    async def open(self, url: str) -> None:
        """Open the page and wait until both people are connected."""
        await self.page.goto(url)
        await self.until_connected()

    async def until_connected(self) -> None:
        """Wait until both connections are live."""
        for pane in (self.client, self.freelancer):
            await expect(pane.connection).to_have_text("Connected")

    async def move(self, label: str) -> None:
        """Press one of the marketplace's buttons."""
        await self.page.locator(".stage").get_by_role("button", name=label).click()


class DemoPane:
    """One side of the page."""

    def __init__(self, page: Page, side: Side) -> None:
        self.root: Final[Locator] = page.locator(f".pane.{side}")
        self.connection: Final = self.root.locator(".connection")
        self.log: Final = self.root.get_by_role("log")
        self.bubbles: Final = self.root.locator(".message .bubble")
        self.state: Final = self.root.locator(".thread-head .chip")
        self.composer: Final = self.root.get_by_role("textbox", name="Message")
        self.feedback: Final = self.root.locator(".compose .feedback")
        self.policy: Final = self.root.locator(".policy-line")

    async def play(self, name: str) -> None:
        """Be another person on this side."""
        await self.root.locator(".person").select_option(label=name)

    async def invite(self, words: str, name: str, text: str | None = None) -> None:
        """Find a freelancer by words and invite them to the first job."""
        await self.root.get_by_role("searchbox").fill(words)
        await expect(self.root.locator(".card")).to_have_count(1)
        await self.root.get_by_role("button", name=f"Invite {name} to interview").click()
        if text is not None:
            await self.root.get_by_label("Message").fill(text)
        await self.root.get_by_role("button", name="Send invitation").click()
        await expect(self.state).to_have_text("Invited")

    async def open_first_thread(self) -> None:
        """Open the conversation on top of the inbox."""
        await self.root.locator(".row-button").first.click()
        await expect(self.log).to_be_visible()

    async def write(self, text: str) -> None:
        """Type a text and press Enter."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def expect_last(self, text: str) -> None:
        """Wait until the last message reads like this."""
        await expect(self.bubbles.last).to_have_text(text)
