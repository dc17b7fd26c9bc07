"""The contact filter in a real browser: what a visitor tries with one press, and what everybody sees of it."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from testkit.demo_page import NARROW, DemoPage
from testkit.hub import HubProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESS = "maya@fernlight.studio"
MASKED = "Write me at email hidden until a contract starts and I will send you the sketches."
REASON = "E-mail addresses can be shared once a contract starts."
MOVE = "Let’s move to WhatsApp, it is quicker for both of us."
KEEP_HERE = "Please keep the conversation here until a contract starts."
HINT = "Check my profile picture carefully, you will see how to reach me."


@pytest.fixture(scope="module")
def dev_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub of this module's own: the examples introduce whom they need."""
    with HubProcess(tmp_path_factory.mktemp("filter"), dev=True) as process:
        yield process


async def test_a_visitor_tries_every_answer_of_the_filter(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer

    await demo.try_example("An e-mail address")
    await expect(freelancer.state).to_have_text("Interview")
    await expect(client.feedback).to_contain_text(f"Will be hidden: {ADDRESS} {REASON}")
    await expect(client.marks).to_have_text(ADDRESS)
    await expect(client.feedback.get_by_role("button")).to_have_text("Share it for access to a system…")
    await client.composer.press("Enter")
    await freelancer.expect_last(MASKED)
    await client.expect_last(MASKED)
    await expect(client.root.locator(".why:visible")).to_contain_text(f"1 part hidden (e-mail address). {REASON}")
    await expect(freelancer.root.locator(".why:visible")).to_have_count(0)
    await expect(client.marks).to_have_count(0)

    await demo.try_example("A move elsewhere")
    await expect(freelancer.feedback).to_contain_text("Will not be sent: move to WhatsApp")
    await freelancer.composer.press("Enter")
    await expect(freelancer.feedback).to_contain_text(f"Not sent: move to WhatsApp {KEEP_HERE}")
    await expect(freelancer.feedback).to_contain_text("You can tell the client that you would welcome a call.")
    await expect(freelancer.composer).to_have_value(MOVE)
    await expect(freelancer.composer).to_have_attribute("aria-invalid", "true")
    await expect(freelancer.marks).to_have_text("move to WhatsApp")
    await freelancer.write("Let us go on here.")
    await client.expect_last("Let us go on here.")
    await expect(client.root).not_to_contain_text("WhatsApp")

    await demo.try_example("A hint, perhaps harmless")
    await expect(freelancer.feedback).to_contain_text("Will be reviewed first: how to reach me")
    await freelancer.composer.press("Enter")
    await freelancer.expect_last(HINT)
    waiting = freelancer.root.locator(".message.waits")
    await expect(waiting.locator(".status")).to_contain_text("In review")
    await expect(waiting.locator(".why")).to_contain_text("Waits for a moderator; Maya sees nothing of it.")
    await freelancer.write("And my rates are on my profile.")
    await client.expect_last("And my rates are on my profile.")
    await expect(client.root).not_to_contain_text("profile picture")
    await demo.open_tray("Moderation")
    item = demo.moderation.locator(".held-item")
    await expect(item).to_contain_text("Message by Jonas Weber")
    await expect(item.locator("mark")).to_have_text("how to reach me")
    await demo.decide("Release", HINT)
    await client.expect_last(HINT)
    await expect(waiting).to_have_count(0)
    await freelancer.expect_last(HINT)
    await expect(freelancer.root.locator(".message.mine .status").last).to_contain_text("Read")
    await expect(demo.moderation).to_contain_text("Nothing waits for a moderator.")

    await demo.try_example("An address for access")
    await client.press("Agree")
    await freelancer.root.get_by_label("Your e-mail address").fill("jonas@weber.dev")
    await freelancer.press("Share")
    await expect(client.root.get_by_label("Shared e-mail address")).to_have_value("jonas@weber.dev")
    await demo.try_example("An address for access")
    await freelancer.composer.press("Enter")
    await client.expect_last("Please give jonas@weber.dev read access.")

    await demo.try_example("The same, under contract")
    await expect(client.state).to_have_text("Contract")
    await client.composer.press("Enter")
    await freelancer.expect_last(f"Write me at {ADDRESS} and I will send you the sketches.")
    await expect(freelancer.bubbles.filter(has_text=MASKED)).to_have_count(1)
    assert demo.complaints.lines == []


async def test_after_a_contract_the_examples_introduce_somebody_else(demo: DemoPage) -> None:
    await demo.play(client="Oliver Brandt", freelancer="Kenji Mori")
    await demo.try_example("The same, under contract")
    await demo.client.composer.press("Enter")
    await demo.freelancer.expect_last(f"Write me at {ADDRESS} and I will send you the sketches.")
    await demo.try_example("An e-mail address")
    await expect(demo.freelancer.root.locator(".person")).not_to_have_value("kenji")
    await demo.client.composer.press("Enter")
    await demo.freelancer.expect_last(MASKED)
    assert demo.complaints.lines == []


async def test_what_waits_is_taken_back_or_rejected_and_can_be_edited(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Maya Lindqvist", freelancer="Elif Kaya")
    waiting = freelancer.root.locator(".message.waits")
    await demo.try_example("A hint, perhaps harmless")
    await freelancer.composer.press("Enter")
    await expect(waiting.locator(".status")).to_contain_text("In review")
    await freelancer.tab("Inbox")
    await freelancer.rows.first.click()
    await expect(waiting).to_contain_text(HINT)
    await freelancer.press("Take it back")
    await expect(waiting).to_have_count(0)
    await expect(freelancer.composer).to_have_value(HINT)

    await freelancer.composer.press("Enter")
    await demo.decide("Reject", HINT)
    await expect(waiting.locator(".status")).to_contain_text("Not delivered")
    await expect(waiting.locator(".why")).to_contain_text("The moderators did not let this message through.")
    await freelancer.press("Edit it")
    await expect(waiting).to_have_count(0)
    await expect(freelancer.composer).to_have_value(HINT)
    await freelancer.write("My sketches are in the portfolio here.")
    await client.expect_last("My sketches are in the portfolio here.")
    await expect(client.root).not_to_contain_text("profile picture")
    assert demo.complaints.lines == []


async def test_a_moderator_who_is_asked_lets_a_bounced_text_pass(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Maya Lindqvist", freelancer="Noor Haddad")
    await demo.try_example("A move elsewhere")
    await freelancer.composer.press("Enter")
    await freelancer.press("Ask a moderator…")
    await freelancer.answer("Ask", **{"Why it should pass": "She asked what the app would be called."})
    await expect(freelancer.said).to_have_text("The moderators have it.")
    await demo.open_tray("Moderation")
    item = demo.moderation.locator(".held-item").filter(has_text="Noor Haddad")
    await expect(item).to_contain_text("Appeal by Noor Haddad: a message was not sent")
    await expect(item).to_contain_text(KEEP_HERE)
    await demo.decide("Let it pass", "She asked what the app would be called.")
    await expect(freelancer.said).to_contain_text("sent again, the same text passes, once")
    await expect(freelancer.composer).to_have_value(MOVE)
    await freelancer.composer.press("Enter")
    await client.expect_last(MOVE)
    assert demo.complaints.lines == []


async def test_the_trays_are_used_from_the_keyboard_and_fit_a_phone(demo: DemoPage) -> None:
    await demo.play(client="Maya Lindqvist", freelancer="Priya Raman")
    opener = demo.page.get_by_role("button", name="Try the filter")
    await opener.focus()
    await demo.page.keyboard.press("Enter")
    await expect(opener).to_have_attribute("aria-expanded", "true")
    card = demo.examples.get_by_role("button").first
    await card.focus()
    await demo.page.keyboard.press("Enter")
    await expect(demo.client.composer).to_be_focused()
    await demo.page.keyboard.press("Enter")
    await demo.freelancer.expect_last(MASKED)
    await card.focus()
    await demo.page.keyboard.press("Escape")
    await expect(demo.examples).to_be_hidden()
    await expect(opener).to_be_focused()

    await demo.page.set_viewport_size(NARROW)
    for tray in ("Try the filter", "Moderation"):
        await demo.open_tray(tray)
        assert await demo.overflow_px() <= 0
    await demo.try_example("A move elsewhere")
    await expect(demo.freelancer.root).to_be_visible()
    await expect(demo.client.root).to_be_hidden()
    await expect(demo.freelancer.composer).to_have_value(MOVE)
    assert demo.complaints.lines == []
