"""Held texts as a node keeps and decides them, without a hub."""

from typing import Final

from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.events import MessageSent
from greenroom_server.store.append import Append, Committed, Rare, Release, Repeat, Unfit
from greenroom_server.store.audit import pack_entry
from greenroom_server.store.held import Held, HeldStore, Told, held_id
from testkit.store import StoreNode, Talk, new_cid

MOST: Final = 3
"""Texts that may wait at once."""
NOTHING: Final = Told("message.changed", b"{}", pack_entry({"kind": "message.changed"}))
STATES: Final = {"reject": "rejected", "withdraw": "withdrawn", "expire": "expired"}
"""What becomes of a text that is not released, by what is done."""


class Queue:
    """The held texts of one freelancer in one thread, in the store."""

    def __init__(self, node: StoreNode, talk: Talk, count: int) -> None:
        self.talk = talk
        self.held = HeldStore(node.committer)
        self.cids = [new_cid() for _ in range(count)]
        self.names = [held_id("message", talk.thread, talk.freelancer, each) for each in self.cids]

    def record(self, number: int) -> Held:
        return Held(
            kind="message", thread=self.talk.thread, by=self.talk.freelancer, cid=self.cids[number],
            cid_ms=cid_time_ms(self.cids[number]) or 0, hash="x", state="held", command="{}",
        )  # fmt: skip

    async def hold(self, number: int) -> str:
        """Give what holding says: held, full, or what the cid was answered."""
        kept = await self.held.hold(
            self.names[number], self.record(number), b"sealed", f"{self.names[number]} {{}}", NOTHING,
            expires_ms=60_000, most=MOST, seal_days=1,
        )  # fmt: skip
        if isinstance(kept, Repeat):
            return {"h": "held", "b": "refused", "s": "sent"}[kept.kind]
        return "full" if kept is None else "held"

    async def end(self, number: int, step: str) -> str:
        """Give how the text stands after something else than a release."""
        by = self.talk.freelancer if step == "withdraw" else ""
        ended = await self.held.unhold(
            self.names[number], self.record(number), STATES[step], NOTHING, by=by, answer="{}"
        )
        return "none" if ended is None else ended[1].state

    async def release(self, number: int) -> str:
        """Give released, or the code that speaks against it."""
        held = Release(self.names[number], self.talk.freelancer, self.cids[number], 5, "x", "", "", "", "", "", 100)
        event = MessageSent(by=self.talk.freelancer, cid=self.cids[number], body="Hello.")
        cid_ms = cid_time_ms(self.cids[number]) or 0
        what = Append(events=[event], actor="", cid_ms=cid_ms, op="f", state="direct", rare=Rare(held=held))
        outcome = await self.talk.append(what)
        if isinstance(outcome, Unfit):
            return outcome.code
        assert isinstance(outcome, Committed), outcome
        return "released"
