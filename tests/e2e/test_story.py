"""The first conversation in a real browser, from the search to the contract, and through the death of the hub."""

import pytest
from playwright.async_api import expect

from testkit.demo_page import DemoPage
from testkit.hub import HubProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESS = "maya@fernlight.studio"
MASKED = "email hidden until a contract starts"
REASON = "E-mail addresses can be shared once a contract starts."


async def start_interview(demo: DemoPage, name: str) -> None:
    await demo.play(freelancer=name)
    await demo.client.invite(name, name)
    await demo.freelancer.open_first_thread()
    await demo.freelancer.press("Accept")
    await expect(demo.client.state).to_have_text("Accepted")
    await demo.client.write("Which part would you build first?")
    await expect(demo.freelancer.state).to_have_text("Interview")


async def test_the_whole_story_from_search_to_contract(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await expect(freelancer.speed).to_contain_text("4 of 5 answers so far")

    await client.invite("typescript accessibility", "Jonas Weber")
    await expect(freelancer.root.locator(".tabs .badge")).to_have_text("1")
    await freelancer.open_first_thread()
    await expect(freelancer.composer).to_be_hidden()
    await expect(freelancer.policy).to_contain_text("You can write here once the client has answered you.")

    await freelancer.press("Accept")
    await expect(client.log).to_contain_text("Jonas Weber accepted the invitation")
    await expect(freelancer.speed).to_contain_text("Usually answers within 1 h")
    await expect(freelancer.speed).to_contain_text("5 answers")
    await expect(client.root.locator(".speed-line")).to_contain_text("5 answers")

    await client.write("Which part would you build first?")
    await expect(freelancer.log).to_contain_text("Interview started")
    await freelancer.write("The calendar, with the keyboard path first.")
    await client.expect_last("The calendar, with the keyboard path first.")
    await expect(freelancer.root.locator(".message.mine .status").last).to_contain_text("Read")

    await client.composer.fill(f"Good. Write me at {ADDRESS} please.")
    await expect(client.feedback).to_contain_text(f"Will be hidden: {ADDRESS} {REASON}")
    await expect(freelancer.root.locator(".typing")).to_contain_text("Maya is typing")
    await client.composer.press("Enter")
    await freelancer.expect_last(f"Good. Write me at {MASKED} please.")
    await expect(freelancer.root).not_to_contain_text(ADDRESS)
    await expect(client.root.locator(".why:visible")).to_contain_text(REASON)

    await demo.move("Start contract")
    await expect(freelancer.state).to_have_text("Contract")
    await expect(freelancer.log).to_contain_text("Contact details may be shared from here on")
    await expect(client.policy).to_contain_text("Contact details may be shared here.")
    await client.write(f"Here it is: {ADDRESS}")
    await freelancer.expect_last(f"Here it is: {ADDRESS}")

    card = await client.find("typescript accessibility", "Jonas Weber")
    await expect(card).to_contain_text("Usually answers within 1 h")
    await expect(card).to_contain_text("6 answers")
    assert demo.complaints.lines == []


async def test_a_bounced_text_stays_with_its_reason_and_can_be_reworded(demo: DemoPage) -> None:
    await start_interview(demo, "Lucía Herrera")
    text = "Can we go on over WhatsApp instead?"
    await demo.freelancer.write(text)
    await expect(demo.freelancer.feedback).to_contain_text("Not sent: go on over WhatsApp")
    await expect(demo.freelancer.composer).to_have_value(text)
    await expect(demo.freelancer.bubbles).to_have_count(1)
    await demo.freelancer.write("Then we go on with the plan.")
    await demo.client.expect_last("Then we go on with the plan.")
    await expect(demo.client.root).not_to_contain_text("WhatsApp")
    assert demo.complaints.lines == []


async def test_a_declined_invitation_says_why_and_counts_as_an_answer(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(freelancer="Amara Nwosu")
    await expect(freelancer.speed).to_contain_text("9 answers")
    await client.invite("Amara", "Amara Nwosu")
    await freelancer.open_first_thread()
    await freelancer.press("Decline…")
    await freelancer.answer("Decline", Reason_for_declining="The budget does not fit")
    await expect(client.state).to_have_text("Closed")
    await expect(client.log).to_contain_text("Amara Nwosu declined: The budget does not fit")
    await expect(client.policy).to_contain_text("This conversation is closed.")
    await expect(freelancer.speed).to_contain_text("10 answers")
    assert demo.complaints.lines == []


async def test_both_sides_go_on_after_the_hub_was_killed(demo: DemoPage, dev_hub: HubProcess) -> None:
    client, freelancer = demo.client, demo.freelancer
    await start_interview(demo, "Priya Raman")
    await freelancer.write("The calendar.")
    await client.expect_last("The calendar.")

    await client.write("In flight when the hub dies.")
    dev_hub.kill()
    for pane in (client, freelancer):
        await expect(pane.connection).not_to_have_text("Connected")
    await freelancer.write("Written while nobody listens.")
    await expect(freelancer.root.locator(".message.mine .status").last).to_contain_text("Sending")
    dev_hub.start()
    await demo.until_connected()

    await client.expect_last("Written while nobody listens.")
    await client.write("Still here.")
    await freelancer.expect_last("Still here.")
    for pane in (client, freelancer):
        texts = await pane.bubbles.all_inner_texts()
        assert sorted(texts) == sorted(
            [
                "Which part would you build first?",
                "The calendar.",
                "In flight when the hub dies.",
                "Written while nobody listens.",
                "Still here.",
            ]
        )
        assert texts[:2] == ["Which part would you build first?", "The calendar."]
    assert await client.bubbles.all_inner_texts() == await freelancer.bubbles.all_inner_texts()
    assert [line for line in demo.complaints.lines if "ERR_CONNECTION" not in line] == []
