"""Reports and the audit stream: what moderators see, what a report of spam does, and what is nowhere."""

import asyncio
from typing import Any

import pytest

from testkit.grants import interview, report, shared
from testkit.hub import HubProcess, Room, api
from testkit.wire import Frame, Wire, cid

SECRET = "They asked me to pay a fee on Telegram."


async def everything(hub: HubProcess, path: str, **query: object) -> list[dict[str, Any]]:
    """Read all pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        parameters = "&".join(f"{name}={value}" for name, value in {**query, "cursor": cursor}.items() if value != "")
        page: Any = await api(hub, "GET", f"/api/v1/{path}?{parameters}")
        found += page["reports" if path == "reports" else "entries"]
        cursor = page["cursor"]
        if cursor is None:
            return found


async def invited(room: Room, maya: Wire, jonas: Wire) -> str:
    command = {"type": "invitation.send", "job": room.id("logo"), "freelancer": jonas.user, "cid": cid(), "body": "Hi!"}
    return str((await maya.ask(command))["thread"])


async def outcomes(jonas: Wire) -> list[str]:
    return [row["outcome"] for row in (await jonas.ask({"type": "metrics.rows"}))["rows"]]


async def decide(room: Room, reply: Frame, decision: str) -> dict[str, Any]:
    return await api(room.hub, "POST", f"/api/v1/reports/{reply['report']}/decision", {"decision": decision})


async def test_a_report_is_for_the_moderators_alone(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        seq = (await maya.say(thread, "Can you do it?"))["seq"]
        command = report(thread, "scam", note=SECRET, target=seq)
        reply, again = await jonas.ask(command), await jonas.ask(command)
        assert (again["report"], again["at"], again["dup"]) == (reply["report"], reply["at"], True)
        assert (await jonas.ask({**command, "note": "Other words."}))["code"] == "idempotency.conflict"
        found = [each for each in await everything(room.hub, "reports", limit=1) if each["thread"] == thread]
        assert [
            (r["report"], r["by"], r["about"], r["category"], r["note"], r["target"], r["decision"]) for r in found
        ] == [(reply["report"], jonas.user, maya.user, "scam", SECRET, seq, "")]
        assert SECRET not in room.hub.log_path.read_text()
        assert SECRET not in str(await everything(room.hub, "audit"))
        assert SECRET not in str(await maya.ask({"type": "thread.history", "thread": thread}))
        assert (await maya.say(thread, "Still here."))["type"] == "message.send"
        await jonas.event("message.sent", body="Still here.")


async def test_a_report_of_spam_settles_the_open_invitation(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya, jonas)
        assert await outcomes(jonas) == ["open"]
        reply = await jonas.ask(report(thread))
        assert await outcomes(jonas) == ["excluded_reported"]
        upheld = await decide(room, reply, "upheld")
        assert (upheld["decision"], upheld["at"]) == ("upheld", reply["at"])
        assert await outcomes(jonas) == ["excluded_reported"]


async def test_an_overruled_report_counts_as_declined_when_it_was_made(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya, jonas)
        reply = await jonas.ask(report(thread))
        await decide(room, reply, "overruled")
        rows = (await jonas.ask({"type": "metrics.rows"}))["rows"]
        assert [(row["outcome"], row["t1"]) for row in rows] == [("declined", reply["at"])]
        assert (await decide(room, reply, "overruled"))["decision"] == "overruled"
        with pytest.raises(RuntimeError, match=r"report\.decided"):
            await decide(room, reply, "upheld")


async def test_only_a_freelancers_report_of_spam_settles_anything(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya, jonas)
        await maya.ask(report(thread))
        await jonas.ask(report(thread, "harassment"))
        assert await outcomes(jonas) == ["open"]


async def test_after_a_report_of_spam_a_new_message_is_owed_an_answer_again(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        opened = await maya.ask({"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": "Buy now!"})
        await jonas.ask(report(opened["thread"]))
        await maya.say(opened["thread"], "Sorry, what does a logo cost?")
        assert await outcomes(jonas) == ["open", "excluded_reported"]


async def test_a_report_may_block_at_once(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        assert (await jonas.ask(report(thread, "harassment", block=True)))["type"] == "report.create"
        assert (await maya.say(thread, "Hello?"))["code"] == "peer.unavailable"
        assert [user["user"] for user in (await jonas.ask({"type": "peer.blocked"}))["users"]] == [maya.user]


async def test_reports_that_cannot_be(room: Room) -> None:
    await room.client("eve")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "eve") as eve:
        thread = await interview(room, maya, jonas)
        assert (await eve.ask(report(thread)))["code"] == "not_found"
        assert (await maya.ask(report(thread, "bad_taste")))["code"] == "report.category"
        assert (await maya.ask({**report(thread), "cid": cid(age_s=8 * 86_400)}))["code"] == "cid.outside_window"
        for name in ("r5_999999", "r500_1", "x"):
            with pytest.raises(RuntimeError, match="not_found"):
                await api(room.hub, "POST", f"/api/v1/reports/{name}/decision", {"decision": "upheld"})


async def test_the_audit_stream_holds_changes_and_verdicts_and_no_text(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        await jonas.say(thread, "An ordinary line.")
        masked = await jonas.say(thread, "I am jonas@studio-jonas.de, by the way.")
        await maya.say(thread, "What is your WhatsApp number?")
        asked = await shared(jonas, maya, thread, "jonas@studio-jonas.de")
        await jonas.ask(report(thread, "other", note=SECRET))
        await jonas.ask({"type": "peer.block", "user": maya.user})
        entries = await everything(room.hub, "audit", limit=7)
        partition = int(thread.removeprefix("t").partition("_")[0])
        own = [entry for entry in entries if entry["thread"] == thread]
        kinds = [entry["kind"] for entry in own]
        assert kinds == [
            "invitation.sent", "invitation.accepted", "message.sent,interview.started", "message.sent",
            "text.bounced", "access.requested", "access.shared", "report.created",
        ]  # fmt: skip
        redacted, bounced = own[3], own[4]
        assert (redacted["seq"], redacted["user"]) == (masked["seq"], jonas.user)
        assert {name: redacted["facts"][name] for name in ("action", "code", "state")} == {
            "action": "redact", "code": "policy.contact_email", "state": "candidacy",
        }  # fmt: skip
        assert (bounced["user"], bounced["facts"]["action"], bounced["seq"]) == (maya.user, "bounce", 0)
        assert redacted["facts"]["version"] == bounced["facts"]["version"] != ""
        assert own[6]["facts"]["request"] == asked
        assert any(entry["kind"] == "peer.blocked" and entry["user"] == jonas.user for entry in entries)
        assert "studio-jonas" not in str(entries)
        page: Any = await api(room.hub, "GET", f"/api/v1/audit?partition={partition}&limit=1000")
        later: Any = await api(room.hub, "GET", f"/api/v1/audit?partition={partition}&cursor={page['cursor']}")
        assert [entry["id"] for entry in page["entries"]] == [e["id"] for e in entries if e["id"] in _ids(page)]
        assert later == {"entries": [], "cursor": page["cursor"]}


def _ids(page: Any) -> set[str]:
    return {entry["id"] for entry in page["entries"]}


async def test_cursors_are_checked(room: Room) -> None:
    for path in ("audit?cursor=x", "audit?cursor=500.0", "audit?cursor=5.0&partition=6", "reports?cursor=1.x"):
        with pytest.raises(RuntimeError, match=r"bad_request\.field"):
            await api(room.hub, "GET", f"/api/v1/{path}")


async def test_a_text_that_would_have_opened_a_thread_is_noted_when_it_is_given_back(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        body = "What is your WhatsApp number?"
        command = {"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": body}
        assert (await maya.ask(command))["policy"]["action"] == "bounce"
        async with asyncio.timeout(20):
            while not (found := [e for e in await everything(room.hub, "audit") if e["user"] == maya.user]):
                continue
        assert [(entry["kind"], entry["thread"], entry["facts"]["action"]) for entry in found] == [
            ("text.bounced", "", "bounce")
        ]


async def test_an_upheld_appeal_leaves_an_obligation_out_and_an_overruled_one_changes_nothing(room: Room) -> None:
    await room.client("tom", "brochure")
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "tom") as tom:
        for client, job in ((maya, "logo"), (tom, "brochure")):
            await interview(room, client, jonas, job)

        async def rows() -> list[Frame]:
            found: list[Frame] = (await jonas.ask({"type": "metrics.rows"}))["rows"]
            return [row for row in found if row["kind"] == "invitation"]

        second, first = (row["id"] for row in await rows())
        command = {"type": "metrics.appeal", "cid": cid(), "obligation": first, "note": "They asked me to wait."}
        for stranger in (maya, tom):
            assert (await stranger.ask({**command, "cid": cid()}))["code"] == "not_found"
        assert (await jonas.ask({**command, "cid": cid(), "obligation": f"{first}9"}))["code"] == "not_found"
        made = await jonas.ask(command)
        assert (made["type"], made["dup"]) == ("metrics.appeal", False)
        assert await jonas.ask(command) == {**made, "id": made["id"] + 1, "dup": True}
        other = await jonas.ask({**command, "cid": cid(), "obligation": second})
        await api(room.hub, "POST", f"/api/v1/reports/{made['report']}/decision", {"decision": "upheld"})
        await api(room.hub, "POST", f"/api/v1/reports/{other['report']}/decision", {"decision": "overruled"})
        assert [(row["id"], row["outcome"], row["counted"]) for row in await rows()] == [
            (second, "accepted", True),
            (first, "excluded_appeal", False),
        ]
        with pytest.raises(RuntimeError, match=r"409.*report\.decided"):
            await api(room.hub, "POST", f"/api/v1/reports/{made['report']}/decision", {"decision": "overruled"})
        assert "asked me to wait" not in room.hub.log_path.read_text()
        assert (await jonas.ask(report((await rows())[0]["thread"], "appeal")))["code"] == "report.category"
