"""The demo page as the two people on it use it: what they press, and what they must see."""

from typing import Final, Literal

from playwright.async_api import Locator, Page, ViewportSize, expect

from testkit.browser import Complaints

Side = Literal["client", "freelancer"]
VIEWPORT: Final = ViewportSize(width=1280, height=800)
NARROW: Final = ViewportSize(width=390, height=844)


class DemoPage:
    """One open demo page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints = Complaints(page)
        self.client = DemoPane(page, "client")
        self.freelancer = DemoPane(page, "freelancer")
        self.stage: Final = page.locator(".stage")
        self.examples: Final = page.get_by_role("region", name="Try the filter")
        self.moderation: Final = page.get_by_role("region", name="Moderation")

    async def open(self, url: str) -> None:
        """Open the page and wait until both people are connected."""
        await self.page.goto(url)
        await self.until_connected()

    async def until_connected(self) -> None:
        """Wait until both connections are live."""
        for pane in (self.client, self.freelancer):
            await expect(pane.connection).to_have_text("Connected")

    async def play(self, *, client: str = "", freelancer: str = "") -> None:
        """Be other people, and wait until they are connected."""
        for pane, name in ((self.client, client), (self.freelancer, freelancer)):
            if name:
                await pane.root.locator(".person").select_option(label=name)
        await self.until_connected()

    async def move(self, label: str) -> None:
        """Press one of the marketplace's buttons, or choose one of its other moves."""
        button = self.stage.get_by_role("button", name=label, exact=True)
        if await button.count() == 0:
            await self.stage.get_by_role("button", name="More moves").click()
            button = self.stage.get_by_role("menuitem", name=label)
        await button.click()

    async def open_tray(self, name: str) -> None:
        """Open what lies above the two sides: "Try the filter" or "Moderation"."""
        region = self.page.get_by_role("region", name=name)
        if not await region.is_visible():
            await self.page.locator(".tray-buttons").get_by_role("button", name=name).click()
        await expect(region).to_be_visible()

    async def close_tray(self, name: str) -> None:
        """Close it again."""
        await self.page.locator(".tray-buttons").get_by_role("button", name=name).click()
        await expect(self.page.get_by_role("region", name=name)).to_have_count(0)

    async def try_example(self, title: str) -> None:
        """Press one of the examples, and wait until it is prepared."""
        await self.open_tray("Try the filter")
        card = self.examples.get_by_role("button", name=title)
        await card.click()
        await expect(card).to_be_enabled()

    async def decide(self, decision: str, words: str) -> None:
        """Decide as a moderator about what has these words."""
        await self.open_tray("Moderation")
        item = self.moderation.locator(".held-item").filter(has_text=words)
        await item.get_by_role("button", name=decision).click()
        await expect(item).to_have_count(0)

    async def overflow_px(self) -> int:
        """Give by how much the page is wider than the window, with whatever it shows now."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


class DemoPane:
    """One side of the page."""

    def __init__(self, page: Page, side: Side) -> None:
        self.root: Final[Locator] = page.locator(f".pane.{side}")
        self.connection: Final = self.root.locator(".connection")
        self.cards: Final = self.root.get_by_role("article")
        self.rows: Final = self.root.locator(".row-button")
        self.log: Final = self.root.get_by_role("log")
        self.bubbles: Final = self.root.locator(".message .bubble")
        self.asks: Final = self.root.locator(".item.ask")
        self.state: Final = self.root.locator(".thread-head .chip")
        self.composer: Final = self.root.get_by_role("textbox", name="Message", exact=True)
        self.feedback: Final = self.root.locator(".compose .feedback")
        self.marks: Final = self.root.locator(".compose mark")
        """Words that are marked in the composer."""
        self.said: Final = self.root.locator(".below .feedback[data-kind=done]")
        self.policy: Final = self.root.locator(".policy-line")
        self.dialog: Final = self.root.get_by_role("dialog")
        self.speed: Final = self.root.locator(".own-speed")
        self.connects: Final = self.root.locator("button.connects")

    def card(self, name: str) -> Locator:
        """Give the card of a freelancer or a job."""
        return self.root.get_by_role("article", name=name)

    def button(self, name: str) -> Locator:
        """Give a button of this side by its whole name."""
        return self.root.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        """Press a button by its whole name."""
        await self.button(name).click()

    async def tab(self, name: str) -> None:
        """Go to a tab."""
        await self.root.locator(".tabs").get_by_role("button", name=name).click()

    async def choose(self, label: str) -> None:
        """Choose an entry of the open conversation's menu."""
        await self.press("More about this conversation")
        await self.root.get_by_role("menuitem", name=label).click()

    async def answer(self, submit: str, /, **fields: str) -> None:
        """Fill the open dialog by the labels of its fields (`_` for a blank) and submit it."""
        for label, value in fields.items():
            field = self.dialog.get_by_label(label.replace("_", " "))
            if await field.evaluate("each => each.tagName") == "SELECT":
                await field.select_option(label=value)
            else:
                await field.fill(value)
        await self.dialog.get_by_role("button", name=submit, exact=True).click()
        await expect(self.dialog).to_have_count(0)

    async def find(self, words: str, name: str) -> Locator:
        """Search, and wait until this freelancer is all that was found."""
        await self.tab("Freelancers")
        await self.root.get_by_role("searchbox").fill(words)
        await expect(self.cards).to_have_count(1)
        return self.card(name)

    async def invite(self, words: str, name: str, job: str = "") -> None:
        """Find a freelancer by words and invite them to a job, to the first one unless it is named."""
        card = await self.find(words, name)
        await card.get_by_role("button", name=f"Invite {name} to interview").click()
        if job:
            await self.root.get_by_label("Job").select_option(label=job)
        await self.press("Send invitation")
        await expect(self.state).to_have_text("Invited")

    async def open_first_thread(self) -> None:
        """Open the conversation on top of the inbox."""
        await self.tab("Inbox")
        await self.rows.first.click()
        await expect(self.log).to_be_visible()

    async def write(self, text: str) -> None:
        """Type a text and press Enter."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def expect_last(self, text: str) -> None:
        """Wait until the last message reads like this."""
        await expect(self.bubbles.last).to_have_text(text)
