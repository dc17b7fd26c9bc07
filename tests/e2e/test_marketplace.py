"""The marketplace in a real browser: from a search to a contract, and every way in which it can end before."""

import asyncio
import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from testkit.demo_page import NARROW, DemoPage

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLINIC = "Design system for a clinic app"
ADDRESS = "elif@kaya.studio"


async def test_from_search_to_contract_by_a_proposal(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(freelancer="Elif Kaya")

    await client.root.get_by_label("Available now").check()
    await expect(client.cards).to_have_count(1)
    await expect(client.card("Amara Nwosu")).to_contain_text("Available now")
    await client.root.get_by_label("Available now").uncheck()
    await client.root.get_by_label("Skill", exact=True).select_option("UX writing")
    card = client.card("Elif Kaya")
    await expect(client.cards).to_have_count(1)
    await expect(card).to_contain_text("Usually answers within 4 h")
    await expect(card).to_contain_text("12 answers")
    await card.get_by_role("button", name="Elif Kaya", exact=True).click()
    await expect(client.root.locator(".facts")).to_contain_text("4 clients")

    await expect(freelancer.connects).to_have_text("60 Connects")
    await freelancer.press(f"Propose for {CLINIC}")
    await freelancer.root.get_by_label("Your proposal").fill("I would begin with the forms that patients see first.")
    await freelancer.press("Send proposal")
    await expect(freelancer.state).to_have_text("Proposal")
    await expect(freelancer.connects).to_have_text("58 Connects")
    await expect(freelancer.policy).to_contain_text("You can write here once the client has answered you.")

    await client.tab("Candidacies")
    row = client.rows.filter(has_text="Elif Kaya")
    await expect(row).to_contain_text(CLINIC)
    await expect(row).to_contain_text("Your turn")
    await row.click()
    await expect(client.asks.first).to_contain_text("I would begin with the forms that patients see first.")
    await client.write("Which form would you take first?")
    await expect(freelancer.state).to_have_text("Interview")
    await freelancer.tab("Candidacies")
    await expect(freelancer.rows.first).to_contain_text("Your turn")
    await freelancer.rows.first.click()
    await freelancer.write("The first visit: it is long, and people are in pain.")
    await client.expect_last("The first visit: it is long, and people are in pain.")

    await client.press("Make an offer…")
    await client.answer("Send offer", Amount="2400", Note="Four weeks, two rounds.")
    await expect(freelancer.asks.last).to_contain_text("€2,400")
    await expect(freelancer.asks.last.locator(".countdown")).to_contain_text(re.compile(r"^(7|6) days"))
    await freelancer.press("Decline…")
    await freelancer.answer("Decline offer", **{"What would have to change?": "Three rounds, please."})
    await expect(client.log).to_contain_text("Elif Kaya declined the offer")
    await expect(client.log).to_contain_text("Three rounds, please.")
    await client.press("Make an offer…")
    await client.answer("Send offer", Amount="2600", Note="Three rounds.")
    await freelancer.press("Accept and start")
    await expect(client.state).to_have_text("Contract")
    await expect(demo.stage.locator("[aria-current=step]")).to_have_text("Contract")

    for pane in (client, freelancer):
        await expect(pane.root.locator(".notice")).to_contain_text("What happens elsewhere is not protected")
        await pane.press("I understand")
        await expect(pane.root.locator(".notice")).to_be_hidden()
    await freelancer.write(f"My address is {ADDRESS}")
    await client.expect_last(f"My address is {ADDRESS}")
    await client.write("Can I pay you directly by PayPal instead?")
    await expect(client.feedback).to_contain_text("Payments stay on the marketplace.")
    await client.press("What it would take…")
    await expect(client.dialog).to_contain_text("now: not paid")
    await client.dialog.get_by_role("button", name="Close").click()
    await demo.move("The conversion fee is paid")
    await expect(client.policy).to_contain_text("payment agreed outside")
    await demo.move("Pause contract")
    await expect(client.state).to_have_text("Paused")
    await demo.move("End contract")
    await expect(client.state).to_have_text("Ended")
    assert demo.complaints.lines == []


async def test_invitations_are_declined_withdrawn_and_put_away(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Oliver Brandt", freelancer="Priya Raman")
    await client.invite("data pipelines", "Priya Raman")
    await expect(client.asks.first.locator(".countdown")).to_have_text(re.compile("^(7|6) days"))
    await freelancer.open_first_thread()
    await freelancer.press("Not now")
    await expect(freelancer.root.locator(".archived summary")).to_have_text("Archived (1)")
    await freelancer.root.locator(".archived summary").click()
    await freelancer.rows.first.click()
    await freelancer.press("Decline…")
    await freelancer.answer(
        "Decline", Reason_for_declining="The budget does not fit", Note="Write to p.raman@gmail.com"
    )
    await expect(client.log).to_contain_text("Priya Raman declined: The budget does not fit")
    await expect(client.log.locator(".note")).to_have_text("Write to email hidden until a contract starts")
    await expect(client.policy).to_contain_text("This conversation is closed.")

    await client.press("Invite to interview…")
    await client.answer("Send invitation", Message="We could move the budget.")
    await expect(client.state).to_have_text("Invited")
    await client.press("Withdraw invitation")
    await expect(freelancer.log).to_contain_text("Oliver Brandt withdrew the invitation")
    await expect(freelancer.state).to_have_text("Closed")
    assert demo.complaints.lines == []


async def test_an_address_is_shared_for_access_and_a_block_ends_all_contact(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Oliver Brandt", freelancer="Noor Haddad")
    card = await client.find("mobile", "Noor Haddad")
    await expect(card).to_contain_text("2 of 5 answers so far")
    await client.invite("mobile", "Noor Haddad")
    await freelancer.open_first_thread()
    await freelancer.press("Accept")
    await expect(client.state).to_have_text("Accepted")
    await client.write("Could you look at our repository?")
    await expect(freelancer.state).to_have_text("Interview")

    await client.write("My mail is oliver@radweg.io")
    await freelancer.expect_last("My mail is email hidden until a contract starts")
    await freelancer.press("Share access…")
    await freelancer.answer("Ask", Whose_address="I share mine", Access_to="Code repository", What_for="Read access")
    await client.press("Agree")
    await freelancer.root.get_by_label("Your e-mail address").fill("noor@haddad.dev")
    await freelancer.press("Share")
    await expect(client.root.get_by_label("Shared e-mail address")).to_have_value("noor@haddad.dev")
    await expect(client.asks.last).to_contain_text("The conversation stays here.")

    await freelancer.choose("Report…")
    await freelancer.answer("Report", What_is_wrong="Something else", What_happened="Only a test.")
    await expect(freelancer.root.locator(".below")).to_contain_text("the moderators look at it")
    await freelancer.choose("Block Oliver…")
    await freelancer.answer("Block")
    await expect(freelancer.policy).to_contain_text("Messages between you two are blocked.")
    await client.write("Are you there?")
    await expect(client.feedback).to_contain_text("This person cannot be contacted at the moment.")
    await freelancer.press("Unblock")
    await expect(freelancer.composer).to_be_visible()
    await freelancer.write("Yes.")
    await client.expect_last("Yes.")
    assert demo.complaints.lines == []


async def test_short_connects_are_refused_with_what_to_do(demo: DemoPage) -> None:
    freelancer = demo.freelancer
    await demo.play(freelancer="Tomasz Zieliński")
    await expect(freelancer.connects).to_have_text("1 Connects")
    await freelancer.press(f"Propose for {CLINIC}")
    await freelancer.root.get_by_label("Your proposal").fill("I test what others forget.")
    await freelancer.press("Send proposal")
    problem = freelancer.root.get_by_role("alert")
    await expect(problem).to_contain_text("You do not have enough Connects for this. It takes 2, you have 1.")
    await problem.get_by_role("button", name="My Connects").click()
    await expect(freelancer.root.locator(".balance")).to_have_text("1")
    await demo.move("Sell Tomasz 20 Connects")
    await expect(freelancer.root.locator(".balance")).to_have_text("21")
    await expect(freelancer.root.get_by_role("row").nth(1)).to_contain_text("Bought")
    await expect(freelancer.connects).to_have_text("21 Connects")

    await freelancer.tab("Jobs")
    await freelancer.press("Propose for Booking flow for a ceramics studio")
    await freelancer.root.get_by_label("Your proposal").fill("I test what others forget.")
    await freelancer.press("Send proposal")
    await expect(freelancer.connects).to_have_text("19 Connects")
    await demo.move("Close the job")
    await expect(freelancer.log).to_contain_text("The job was closed")
    await expect(freelancer.connects).to_have_text("21 Connects")
    await demo.move("Open the job again")
    assert demo.complaints.lines == []


async def test_the_badge_needs_to_be_paid_for_and_being_away_does_not(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(freelancer="Lucía Herrera")
    await freelancer.tab("Profile")
    badge = freelancer.root.get_by_role("switch", name="Availability badge")
    away = freelancer.root.get_by_role("switch", name="Away")
    await badge.click()
    await expect(freelancer.root.get_by_role("alert")).to_contain_text("The availability badge is not paid for")
    await demo.move("Sell Lucía the availability badge")
    await badge.click()
    await expect(badge).to_be_checked()
    await away.click()
    await expect(away).to_be_checked()
    card = await client.find("lucia", "Lucía Herrera")
    await expect(card).to_contain_text("Available now")
    await expect(card).to_contain_text("Away until")
    assert demo.complaints.lines == []


async def test_a_message_opens_a_conversation_that_can_be_quoted_muted_and_archived(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Oliver Brandt", freelancer="Kenji Mori")
    card = await client.find("kenji", "Kenji Mori")
    await expect(card).to_contain_text("Away until")
    await card.get_by_role("button", name="Message Kenji Mori").click()
    await client.root.get_by_label("Message").fill("Do you also draw maps?")
    await client.press("Send message")
    await freelancer.open_first_thread()
    await expect(freelancer.state).to_have_text("Message")
    await freelancer.bubbles.first.hover()
    await freelancer.press("React with 🎉")
    await expect(client.root.locator(".reaction")).to_have_text("🎉 1")
    await freelancer.press("Answer to this message")
    await freelancer.write("Only maps.")
    await expect(client.bubbles.last.locator(".quoted")).to_contain_text("Do you also draw maps?")
    await client.choose("Mute for a day")
    await expect(client.root.locator(".thread-head")).to_contain_text("muted")
    await client.choose("Archive")
    await expect(client.root.locator(".archived summary")).to_have_text("Archived (1)")
    assert demo.complaints.lines == []


async def test_a_question_is_answered_and_the_answer_accepted(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(freelancer="Noor Haddad")
    await client.tab("Community")
    await expect(client.root.locator(".announcement")).to_contain_text("Response speed is now on every profile")
    await freelancer.tab("Community")
    for pane in (client, freelancer):
        await pane.rows.filter(has_text="How much of a sketch").click()
        await expect(pane.root.locator(".post")).to_have_count(2)
    await client.root.get_by_label("Your answer").fill("As a client: one page is what I read.")
    await client.press("Post")
    await expect(freelancer.root.locator(".post")).to_have_count(3)
    await freelancer.root.locator(".post").nth(1).get_by_role("button", name="Accept this answer").click()
    for pane in (client, freelancer):
        await expect(pane.root.locator(".post.accepted")).to_contain_text("Accepted answer")
    assert demo.complaints.lines == []


async def test_the_menu_is_used_from_the_keyboard(demo: DemoPage) -> None:
    client = demo.client
    await demo.play(freelancer="Amara Nwosu")
    await client.invite("Amara", "Amara Nwosu", CLINIC)
    opener = client.button("More about this conversation")
    await opener.focus()
    await demo.page.keyboard.press("Enter")
    entries = client.root.get_by_role("menuitem")
    await expect(entries.first).to_be_focused()
    await demo.page.keyboard.press("ArrowUp")
    await expect(entries.last).to_be_focused()
    await expect(entries.last).to_have_text("Block Amara…")
    await demo.page.keyboard.press("Enter")
    await expect(client.dialog).to_be_visible()
    await demo.page.keyboard.press("Escape")
    await expect(client.dialog).to_have_count(0)
    await expect(opener).to_be_focused()
    await demo.page.keyboard.press("Enter")
    await demo.page.keyboard.press("Escape")
    await expect(entries).to_have_count(0)
    await expect(opener).to_be_focused()
    assert demo.complaints.lines == []


async def test_one_side_at_a_time_fits_a_phone(demo: DemoPage) -> None:
    await demo.page.set_viewport_size(NARROW)
    await expect(demo.freelancer.root).to_be_hidden()
    for tab in ("Candidacies", "Inbox", "Community", "Freelancers"):
        await demo.client.tab(tab)
        assert await demo.overflow_px() <= 0
    await demo.page.get_by_role("group", name="Whose side").get_by_role("button", name="Freelancer").click()
    await expect(demo.client.root).to_be_hidden()
    for tab in ("Jobs", "Candidacies", "Inbox", "Profile", "Community"):
        await demo.freelancer.tab(tab)
        assert await demo.overflow_px() <= 0
    assert demo.complaints.lines == []


async def test_an_answer_that_came_too_late_is_told(demo: DemoPage) -> None:
    client, freelancer = demo.client, demo.freelancer
    await demo.play(client="Oliver Brandt")
    deaf = asyncio.Event()

    def join(socket: WebSocketRoute) -> None:
        """Let the page hear replies only, once it is deaf to pushes."""
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if deaf.is_set() and b'"id":' not in _bytes(frame) else socket.send(frame))

    await demo.page.route_web_socket(re.compile("/ws$"), join)
    await demo.play(freelancer="Lucía Herrera")
    await client.invite("lucia", "Lucía Herrera")
    await freelancer.open_first_thread()
    await expect(freelancer.button("Accept")).to_be_visible()
    deaf.set()
    await client.press("Withdraw invitation")
    await expect(client.state).to_have_text("Closed")
    await freelancer.press("Accept")
    await expect(freelancer.root.get_by_role("alert")).to_contain_text("The client withdrew this invitation.")
    await expect(freelancer.state).to_have_text("Closed")
    assert demo.complaints.lines == []


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame
