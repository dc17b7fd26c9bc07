"""The chat widget when the network, the hub or the token goes away, and with a thread of ten thousand messages."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from testkit.hub import HubProcess, Room
from testkit.interview import interviewed
from testkit.widget import HostPage, embedded
from testkit.wire import Wire, cid

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 10_000
MOST_ROWS = 200
QUEUED = [f"Written offline, number {number}." for number in range(1, 6)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostPage]:
    """A hub, and the page that may connect to it."""
    page = HostPage()
    with HubProcess(tmp_path_factory.mktemp("hub"), env={"GREENROOM_ORIGINS": page.origin}) as hub:
        async with page.serving(hub):
            yield page


@pytest_asyncio.fixture(loop_scope="module")
async def room(host: HostPage) -> Room:
    """A client and a freelancer of the test's own."""
    made = Room(host.hub)
    await made.furnish()
    return made


async def test_what_is_written_offline_arrives_once_and_in_order(host: HostPage, browser: Browser, room: Room) -> None:
    async with (
        Wire(room, "maya") as maya,
        Wire(room, "jonas") as wire,
        embedded(browser, host, room.id("jonas")) as jonas,
    ):
        thread = await interviewed(room, maya, wire)
        await jonas.open()
        await jonas.open_first()
        await jonas.page.context.set_offline(True)
        await expect(jonas.bar).to_contain_text("You are offline. Messages will be sent later.")
        for text in QUEUED:
            await jonas.write(text)
        await expect(jonas.root.locator(".line.queued, .line.sending")).to_have_count(len(QUEUED))
        await maya.say(thread, "Are you there?")
        await jonas.page.context.set_offline(False)
        await expect(jonas.bar).to_have_count(0)
        await expect(jonas.root.locator(".line.sent, .line.delivered, .line.read")).to_have_count(len(QUEUED))
        history = await maya.ask({"type": "thread.history", "thread": thread, "limit": 100})
        mine = [
            event["body"] for event in history["events"] if event["type"] == "message.sent" and event["by"] == wire.user
        ]
        assert mine == QUEUED
        shown = await jonas.bubbles.all_inner_texts()
        assert sorted(text for text in shown if text in QUEUED) == sorted(QUEUED)


async def test_a_killed_hub_is_told_of_and_forgotten(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as wire:
        await interviewed(room, maya, wire)
    async with embedded(browser, host, room.id("jonas")) as jonas:
        await jonas.open()
        await jonas.open_first()
        await jonas.composer.press_sequentially("half a sen")
        host.hub.kill()
        await expect(jonas.bar).to_contain_text("Reconnecting")
        await expect(jonas.button("Try now")).to_be_visible()
        await jonas.composer.press_sequentially("tence")
        await expect(jonas.composer).to_have_value("half a sentence")
        await jonas.composer.press("Enter")
        await expect(jonas.root.locator(".line.queued, .line.sending")).to_have_count(1)
        host.hub.start()
        await jonas.press("Try now")
        await expect(jonas.bar).to_have_count(0)
        await expect(jonas.root.locator(".line.sent, .line.delivered")).to_have_count(1)
        await jonas.expect_last("half a sentence")


async def test_a_person_who_is_signed_out_is_told(host: HostPage, browser: Browser, room: Room) -> None:
    host.is_signed_in = False
    try:
        async with embedded(browser, host, room.id("jonas")) as jonas:
            await jonas.open()
            await expect(jonas.bar).to_contain_text("You are signed out.")
    finally:
        host.is_signed_in = True


async def test_ten_thousand_messages_are_scrolled_with_few_rows(host: HostPage, browser: Browser, room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as wire:
        thread = await interviewed(room, maya, wire)
        waiting = asyncio.Semaphore(50)

        async def say(number: int) -> None:
            async with waiting:
                who = wire if number % 3 else maya
                body = f"Message {number}. " + "It has some length. " * (number % 5)
                reply = await who.ask({"type": "message.send", "thread": thread, "cid": cid(), "body": body})
                assert reply["type"] == "message.send", reply

        for start in range(0, MANY, 500):
            await asyncio.gather(*(say(number) for number in range(start, start + 500)))
    async with embedded(browser, host, room.id("jonas")) as jonas:
        await jonas.page.evaluate(
            "window.longTasks = []; new PerformanceObserver(list => longTasks.push(...list.getEntries()"
            ".map(one => Math.round(one.duration)))).observe({entryTypes: ['longtask']})"
        )
        await jonas.open()
        await jonas.open_first()
        most = 0
        async with asyncio.timeout(90):
            while not await jonas.root.locator("section.card").count():
                await jonas.log.evaluate("log => log.scrollBy(0, -4000)")
                most = max(most, await jonas.rows.count())
        assert most <= MOST_ROWS
        first = jonas.root.locator(".row").first
        await expect(first.locator("section.card")).to_contain_text("Invitation to interview")
        await jonas.root.locator(".jump").click()
        await expect(jonas.rows.last.locator(".bubble")).to_be_in_viewport()
        assert await jonas.rows.count() <= MOST_ROWS
        print(f"rows at most {most}, long tasks in ms {await jonas.page.evaluate('longTasks')}")  # noqa: T201
        assert jonas.complaints.lines == []
