"""Appeals, sealed originals, and what a hub does that keeps fewer or more of them."""

from collections.abc import Iterator

import pytest

from testkit.grants import interview
from testkit.hub import HubProcess, Room, api
from testkit.moderation import ASK, bodies, decide, held_one, moderated, queue
from testkit.wire import Frame, Wire, cid

EMAIL = "You can write to jonas@studio-jonas.de about the files."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hold_only")
    with HubProcess(folder, env=moderated(folder)) as process:
        yield process


@pytest.fixture(scope="module")
def keeps_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("all")
    with HubProcess(folder, env=moderated(folder, {"originals": '"all"'})) as process:
        yield process


@pytest.fixture(scope="module")
def keeps_none(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("never")
    with HubProcess(folder, env=moderated(folder, {"originals": '"never"'})) as process:
        yield process


def appeal(thread: str, verdict: str, note: str = "That is our own chat.") -> Frame:
    return {"type": "verdict.appeal", "thread": thread, "cid": verdict, "note": note}


def message(thread: str, body: str = ASK) -> Frame:
    return {"type": "message.send", "thread": thread, "cid": cid(), "body": body}


async def test_an_appeal_that_is_overturned_lets_the_same_text_pass_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        first = message(thread)
        refused = await jonas.ask(first)
        filed, again = await jonas.ask(appeal(thread, first["cid"])), await jonas.ask(appeal(thread, first["cid"]))
        assert (again["appeal"], again["at"], again["dup"]) == (filed["appeal"], filed["at"], True)
        [item] = await queue(room, thread, kind="appeal")
        assert (item["kind"], item["state"], item["words"], item["text"], item["code"]) == (
            "appeal", "open", "That is our own chat.", "", refused["code"],
        )  # fmt: skip
        assert [found["kind"] for found in item["findings"]] == [span["kind"] for span in refused["policy"]["spans"]]
        with pytest.raises(RuntimeError, match=r"bad_request\.field"):
            await decide(room, filed["appeal"], "release")
        assert (await decide(room, filed["appeal"], "overturn", "our_chat"))["state"] == "overturned"
        told = await jonas.event("appeal.decided", appeal=filed["appeal"])
        assert (told["decision"], told["may_resend"], told["thread"]) == ("overturned", True, thread)
        assert (await jonas.ask(first))["type"] == "error"
        assert (await maya.say(thread, ASK))["policy"]["action"] == "bounce"
        passed = await jonas.say(thread, ASK)
        assert (passed["state"], passed.get("policy")) == ("sent", None)
        assert (await jonas.say(thread, ASK))["state"] == "held"
        assert (await bodies(maya, thread))[1:] == [ASK]


async def test_an_appeal_that_is_upheld_changes_nothing(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        masked = message(thread, EMAIL)
        sent = await jonas.ask(masked)
        filed = await jonas.ask(appeal(thread, masked["cid"], "My address is public."))
        [item] = await queue(room, thread)
        assert (item["action"], item["seq"]) == ("redact", sent["seq"])
        await decide(room, filed["appeal"], "uphold")
        assert (await decide(room, filed["appeal"], "uphold"))["state"] == "upheld"
        assert (await jonas.event("appeal.decided"))["decision"] == "upheld"
        with pytest.raises(RuntimeError, match=r"held\.decided"):
            await decide(room, filed["appeal"], "overturn")
        assert "studio" not in str(await bodies(maya, thread))


async def test_only_a_verdict_of_ones_own_can_be_appealed(room: Room) -> None:
    await room.client("eve")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "eve") as eve:
        thread = await interview(room, maya, jonas)
        refused, fine = message(thread), message(thread, "Which colours do you like?")
        await jonas.ask(refused)
        await jonas.ask(fine)
        assert (await maya.ask(appeal(thread, refused["cid"])))["code"] == "verdict.none"
        assert (await eve.ask(appeal(thread, refused["cid"])))["code"] == "not_found"
        assert (await jonas.ask(appeal(thread, fine["cid"])))["code"] == "verdict.none"
        assert (await jonas.ask(appeal(thread, cid())))["code"] == "verdict.none"
        rejected = message(thread, f"{ASK} Please.")
        reply = await jonas.ask(rejected)
        await decide(room, reply["mid"], "reject")
        assert (await jonas.ask(appeal(thread, rejected["cid"])))["code"] == "verdict.none"


async def test_a_kept_original_is_delivered_when_its_bounce_is_overturned(keeps_all: HubProcess) -> None:
    room = Room(keeps_all)
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        first = message(thread)
        await jonas.ask(first)
        filed = await jonas.ask(appeal(thread, first["cid"]))
        [item] = await queue(room, thread)
        assert (item["text"], item["is_original"]) == (ASK, True)
        assert (await decide(room, filed["appeal"], "overturn"))["state"] == "overturned"
        sent = await maya.event("message.sent", body=ASK)
        assert (sent["by"], sent["cid"], sent["submitted_at"]) == (jonas.user, first["cid"], filed["at"])
        assert (await jonas.event("appeal.decided")).get("may_resend", False) is False
        again = await jonas.ask(first)
        assert (again["state"], again["seq"], again["dup"]) == ("sent", sent["seq"], True)


async def test_where_no_originals_are_kept_a_moderator_sees_and_releases_the_masked_text(
    keeps_none: HubProcess,
) -> None:
    room = Room(keeps_none)
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        text = "My skype is jonas (dot) design and please do keep the blue logo."
        reply = await held_one(jonas, thread, text)
        [item] = await queue(room, thread)
        assert (item["is_original"], item["text"].count("[hidden]") > 0, "jonas (dot)" in item["text"]) == (
            False, True, False,
        )  # fmt: skip
        await decide(room, reply["mid"], "release")
        told = await jonas.event("message.held", held=reply["mid"])
        sent = await maya.event("message.sent", cid=told["cid"])
        assert sent["body"] == item["text"]
        hidden = sent["hidden"][0]
        assert sent["body"][hidden["start"] : hidden["end"]] == "[hidden]"


async def test_nothing_that_was_kept_from_the_thread_is_in_the_audit_stream_or_the_log(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        reply = await held_one(jonas, thread, f"Tell me your WhatsApp number, {room.id('secret')}.")
        await decide(room, reply["mid"], "reject", "contact")
        entries = []
        for partition in (int(thread[1:].partition("_")[0]),):
            page = await api(room.hub, "GET", f"/api/v1/audit?partition={partition}&limit=1000")
            entries += page["entries"]  # type: ignore[operator]
        mine = [entry for entry in entries if entry["thread"] == thread]
        assert [entry["kind"] for entry in mine][-2:] == ["message.held", "message.rejected"]
        assert mine[-1]["facts"]["held"] == reply["mid"]
        assert room.id("secret") not in str(entries) + room.hub.log_path.read_text()
