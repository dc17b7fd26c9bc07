"""Two people write to each other over real sockets: acks, order, repeats, codecs, devices."""

import asyncio

from greenroom_protocol import limits
from testkit.hub import Room
from testkit.wire import Wire, cid


async def a_thread(maya: Wire, *, body: str = "Hello, can we talk about a logo?") -> str:
    """Open a thread with jonas by its first message."""
    freelancer = maya.user.replace("maya", "jonas")
    opened = await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": body})
    assert opened["type"] == "thread.open", opened
    thread: str = opened["thread"]
    return thread


async def test_two_raw_sockets_exchange_one_acked_message(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await a_thread(maya)
        first = await jonas.event("message.sent", body="Hello, can we talk about a logo?")
        assert (first["seq"], first["n"], first["by"]) == (1, 1, room.id("maya"))
        reply = await jonas.say(thread, "Gladly.")
        assert (reply["seq"], reply["n"], reply["state"], reply["dup"]) == (2, 2, "sent", False)
        assert reply["mid"] == f"{thread}.2"
        seen = await maya.event("message.sent", body="Gladly.")
        assert (seen["seq"], seen["at"]) == (2, reply["at"])


async def test_the_authors_own_connection_gets_the_event_with_its_cid(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        name = cid()
        await maya.ask({"type": "message.send", "thread": thread, "cid": name, "body": "One more thing."})
        assert (await maya.event("message.sent", cid=name))["seq"] == 2


async def test_the_same_cid_gets_the_first_answer_and_writes_nothing(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": "Only once."}
        first, second = await maya.ask(command), await maya.ask(command)
        assert second == {**first, "id": second["id"], "dup": True}
        history = await maya.ask({"type": "thread.history", "thread": thread})
        assert [e["body"] for e in history["events"]] == ["Hello, can we talk about a logo?", "Only once."]


async def test_the_same_cid_with_another_body_is_refused(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        command = {"type": "message.send", "thread": thread, "cid": cid(), "body": "Only once."}
        await maya.ask(command)
        refused = await maya.ask({**command, "body": "Something else."})
        assert (refused["code"], refused["retry"]) == ("idempotency.conflict", "never")


async def test_a_cid_outside_its_window_is_refused(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        for age_s in (limits.CID_PAST_S + 60, -limits.CID_FUTURE_S - 60):
            refused = await maya.ask(
                {"type": "message.send", "thread": thread, "cid": cid(age_s=age_s), "body": "When?"}
            )
            assert refused["code"] == "cid.outside_window"


async def test_a_thousand_concurrent_sends_give_every_seq_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await a_thread(maya)
        sends = [(maya if i % 2 else jonas).say(thread, f"Point {i} of the brief.") for i in range(999)]
        replies = await asyncio.gather(*sends)
        assert sorted(reply["seq"] for reply in replies) == list(range(2, 1001))
        assert sorted(reply["n"] for reply in replies) == list(range(2, 1001))
        for device in (maya, jonas):
            await device.until(lambda push: push["type"] == "inbox.changed" and push["seq"] == 1000)
            assert [event["seq"] for event in device.events(thread)] == list(range(1, 1001))


async def test_sends_of_one_connection_keep_their_order(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        replies = await asyncio.gather(*(maya.say(thread, f"Line {i}.") for i in range(200)))
        assert [reply["seq"] for reply in replies] == list(range(2, 202))


async def test_json_and_messagepack_devices_of_one_user_see_the_same_thread(room: Room) -> None:
    phone = Wire(room, "maya", device="phone")
    laptop = Wire(room, "maya", device="laptop", subprotocol=limits.SUBPROTOCOL_MSGPACK)
    async with phone, laptop, Wire(room, "jonas") as jonas:
        thread = await a_thread(phone)
        await jonas.say(thread, "Grüße aus Köln – schön!")
        await laptop.say(thread, "Danke.")
        for device in (phone, laptop):
            await device.event("message.sent", body="Danke.")
        assert phone.events(thread) == laptop.events(thread)
        assert [push["mark"] for push in phone.pushes if push["type"] == "inbox.changed"] == [1, 2, 3]


async def test_a_frame_may_hold_several_commands(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await a_thread(maya)
        batch = [
            {"type": "message.send", "id": 900 + i, "thread": thread, "cid": cid(), "body": f"Part {i}."}
            for i in range(3)
        ]
        await maya.send_raw(maya.encode(batch))
        await maya.event("message.sent", body="Part 2.")
        replies = [push for push in maya.pushes if push.get("type") == "message.send"]
        assert [reply["id"] for reply in replies] == [900, 901, 902]


async def test_an_edit_is_screened_and_history_shows_what_stands_now(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await a_thread(maya)
        sent = await maya.say(thread, "The budget is 500.")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"], "body": "It is 600."}
        assert (await maya.ask(edit))["type"] == "message.edit"
        assert (await jonas.event("message.edited"))["body"] == "It is 600."
        masked = {**edit, "cid": cid(), "body": "It is 700, write to maya@studio-maya.com"}
        assert (await maya.ask(masked))["policy"]["action"] == "redact"
        stolen = await jonas.ask({**edit, "cid": cid(), "body": "It is 9000."})
        assert stolen["code"] == "perm.author_only"
        history = await jonas.ask({"type": "thread.history", "thread": thread})
        shown = next(event for event in history["events"] if event["seq"] == sent["seq"])
        assert "700" in shown["body"]
        assert "maya@" not in str(history)


async def test_an_erased_message_leaves_a_tombstone_and_no_text(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await a_thread(maya)
        sent = await maya.say(thread, "A secret plan.")
        edit = {"type": "message.edit", "thread": thread, "cid": cid(), "target": sent["seq"], "body": "A secret idea."}
        await maya.ask(edit)
        erase = {"type": "message.erase", "thread": thread, "cid": cid(), "target": sent["seq"]}
        first = await maya.ask(erase)
        assert (first["type"], first["dup"]) == ("message.erase", False)
        assert (await maya.ask(erase))["dup"] is True
        await jonas.event("message.erased", target=sent["seq"])
        history = await jonas.ask({"type": "thread.history", "thread": thread})
        assert "secret" not in str(history)
        again = await maya.ask({**edit, "cid": cid()})
        assert again["code"] == "message.erased"


async def test_unread_agrees_on_all_devices_and_reading_moves_the_receipt(room: Room) -> None:
    phone, laptop = Wire(room, "jonas", device="phone"), Wire(room, "jonas", device="laptop")
    async with Wire(room, "maya") as maya, phone, laptop:
        thread = await a_thread(maya)
        await maya.say(thread, "Are you there?")
        await phone.event("message.sent", body="Are you there?")
        assert (await phone.ask({"type": "thread.read", "thread": thread, "n": 2}))["n"] == 2
        row = await laptop.until(lambda push: push.get("read") == 2)
        assert row["n"] - row["read"] == 0
        receipt = await maya.until(lambda push: push["type"] == "receipt.moved" and push.get("read") == 2)
        assert (receipt["user"], receipt["delivered"]) == (room.id("jonas"), 2)
        assert (await phone.ask({"type": "thread.read", "thread": thread, "n": 1}))["n"] == 2


async def test_delivered_moves_the_delivered_mark_of_the_thread(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await a_thread(maya)
        await jonas.event("message.sent")
        await jonas.tell({"type": "delivered", "mark": jonas.mark})
        receipt = await maya.until(lambda push: push["type"] == "receipt.moved")
        assert (receipt["thread"], receipt["delivered"], receipt.get("read", 0)) == (thread, 1, 0)


async def test_typing_reaches_the_other_and_nobody_else(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "eve") as eve:
        thread = await a_thread(maya)
        await eve.tell({"type": "typing.set", "thread": thread})
        await jonas.tell({"type": "typing.set", "thread": thread})
        push = await maya.until(lambda push: push["type"] == "typing.changed")
        assert (push["user"], push["is_typing"]) == (room.id("jonas"), True)
        assert not any(push["type"] == "typing.changed" for push in jonas.pushes)


async def test_presence_is_told_to_those_who_watch(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        jonas_id = room.id("jonas")
        watching = await maya.ask({"type": "presence.watch", "users": [jonas_id, "nobody"]})
        assert watching["users"] == {jonas_id: "offline", "nobody": "offline"}
        async with Wire(room, "jonas") as jonas:
            await maya.until(lambda push: push == {"type": "presence.changed", "user": jonas_id, "state": "active"})
            await jonas.ask({"type": "presence.set", "state": "background"})
            await maya.until(lambda push: push.get("state") == "background")
        await maya.until(lambda push: push.get("state") == "offline")


async def test_a_newer_socket_of_the_same_device_replaces_the_older_one(room: Room) -> None:
    old = Wire(room, "maya", device="phone")
    await old.open()
    async with Wire(room, "maya", device="phone") as new:
        assert await old.closed() == 4505
        assert (await new.ask({"type": "ping"}))["type"] == "ping"
