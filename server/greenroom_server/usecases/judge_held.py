"""Held texts and appeals, as the moderators see and decide them.

A text that is released is judged by the table of the thread as it is then, not by the filter: the moderator has. It
gets a new seq, and counts as an answer from when it was submitted.

Source: server/docs/moderation.md.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, NamedTuple

from greenroom_protocol.bases import Span
from greenroom_protocol.commands import MessageSend
from greenroom_server.domain.ids import PARTITION_COUNT
from greenroom_server.store.append import Release
from greenroom_server.store.errors import StoreError
from greenroom_server.store.held import DECIDED_MOST, Held, Waiting
from greenroom_server.store.safety import Safety
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.holding import HeldParts, Holdable, Holding, read_command
from greenroom_server.usecases.released import Released
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.send_message import SendMessage

Verdict = Literal["release", "reject", "uphold", "overturn"]
_STATES: Final[dict[str, str]] = {
    "release": "released", "reject": "rejected", "uphold": "upheld", "overturn": "overturned",
}  # fmt: skip
_OF_KIND: Final = {"message": ("release", "reject"), "appeal": ("uphold", "overturn")}
_CURSOR: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,9})").fullmatch
_COUNT_EVERY_S: Final = 15.0


class Item(NamedTuple):
    """One text or appeal, with what is kept of the text."""

    name: str
    what: Held
    text: str
    is_original: bool


class ItemsPage(NamedTuple):
    """Some of them, and where to go on."""

    items: list[Item]
    cursor: str | None


class JudgeHeld:
    """Lists and decides what is held."""

    def __init__(self, parts: HeldParts, commits: Commits, send: SendMessage, holding: Holding, safety: Safety) -> None:
        self._parts = parts
        self._commits = commits
        self._releases: dict[type[Holdable], Callable[[str, Any, Released], Awaitable[None]]] = {
            MessageSend: send.release
        }
        self._holding = holding
        self._safety = safety

    def on(self, command: type[Holdable], release: Callable[[str, Any, Released], Awaitable[None]]) -> None:
        """Let somebody deliver what was held of a kind of command: called with its author, it, and its release."""
        self._releases[command] = release

    async def run(self) -> None:
        """Count what waits, again and again; one task that the owner runs."""
        while self._parts.policy.has_moderators:
            with contextlib.suppress(StoreError):  # the next count says more
                await self.count_once()
            await asyncio.sleep(_COUNT_EVERY_S)

    @property
    def age_s(self) -> float:
        """Age of the oldest that waits, as of the last count."""
        oldest_at = self._parts.counters.held_oldest_at
        return max(0, self._parts.now_ms() - oldest_at) / 1000 if oldest_at else 0.0

    async def count_once(self) -> Waiting:
        """Count what waits, and since when the oldest does."""
        found = await asyncio.gather(*(self._parts.store.waiting(p) for p in range(PARTITION_COUNT)))
        oldest_at = min((each.oldest_at for each in found if each.total), default=0)
        counters = self._parts.counters
        counters.held_count, counters.held_oldest_at = sum(each.total for each in found), oldest_at
        return Waiting(counters.held_count, oldest_at)

    async def page(self, cursor: str | None, limit: int, *, is_open: bool, kind: str = "") -> ItemsPage:
        """Read what is held, partition after partition, within one in the order of time.

        Args:
            cursor: from the page before.
            limit: items at most.
            is_open: what waits; else what was decided.
            kind: message or appeal; empty: both.
        """
        queue = "open" if is_open else "decided"
        at, after = _read_cursor(cursor)
        found: list[Item] = []
        while at < PARTITION_COUNT:
            items = await self._parts.store.page(at, queue, after, limit)
            for name, what in items:
                after += 1
                if kind in ("", what.kind):
                    found.append(await self._item(name, what))
                if len(found) >= limit:
                    return ItemsPage(found, f"{at}.{after}")
            if len(items) < limit:
                at, after = at + 1, 0
        return ItemsPage(found, None)

    async def decide(self, name: str, verdict: Verdict, note: str) -> Item:
        """Decide about a text or an appeal; the same again changes nothing.

        Args:
            name: of what.
            verdict: release or reject a text, uphold or overturn what an appeal is about.
            note: code for the records.

        Raises:
            RefusedError: there is none, it was decided otherwise, or the thread takes no such message now.
        """
        what = await self._parts.store.find(name)
        if what is None:
            raise RefusedError(NOT_FOUND)
        if verdict not in _OF_KIND[what.kind]:
            raise RefusedError(Refused("bad_request.field", detail="decision"))
        if what.is_open:
            await self._carry_out(name, what, verdict, note)
            what = await self._parts.store.find(name) or what
        if what.state != _STATES[verdict]:
            raise RefusedError(Refused("held.decided"))
        return await self._item(name, what)

    async def _carry_out(self, name: str, what: Held, verdict: Verdict, note: str) -> None:
        if verdict == "reject":
            await self._holding.end(name, "rejected", note=note)
        elif verdict == "release":
            original = await self._parts.original(what)
            if original is None and (what.is_sealed or not what.command):
                raise RefusedError(Refused("held.unreadable"))
            await self._release(name, what, original or read_command(what.command), note, hides=original is None)
        elif verdict == "uphold":
            await self._end_appeal(name, what, "upheld", note)
        else:
            await self._overturn(name, what, note)

    async def _overturn(self, name: str, what: Held, note: str) -> None:
        """Deliver what bounced, if its original was kept; else let the same text pass once."""
        original = await self._parts.original(what) if what.action == "bounce" else None
        if original is not None:
            await self._release(name, what, original, note)
        else:
            await self._safety.let_pass(what.thread, what.hash, what.by)
            self._commits.heads.drop(what.thread)
            await self._end_appeal(name, what, "overturned", note)

    async def _end_appeal(self, name: str, what: Held, state: str, note: str) -> None:
        parts = self._parts
        resend = "yes" if state == "overturned" else "no"
        told = parts.told("appeal.decided", what, name, "", decision=state, resend=resend)
        ended = await parts.store.unhold(name, what, state, told, note=note)
        if ended is not None and ended[0]:
            parts.counters.held[state] += 1
            parts.note(what, "appeal.decided")

    async def _release(self, name: str, what: Held, command: Holdable, note: str, *, hides: bool = False) -> None:
        """Deliver a text in the commit that ends its wait."""
        parts, is_appeal = self._parts, what.kind == "appeal"
        kind = "appeal.decided" if is_appeal else "message.released"
        facts = {"decision": "overturned", "resend": "no"} if is_appeal else {"code": what.code}
        told = parts.told(kind, what, name, "", **facts)
        hidden: list[Span] = what.hidden if hides else []
        release = Release(
            id=name, user=what.by, cid=what.cid, submitted_at=what.at, body_hash=what.hash, extra="",
            change=told.change, subject=what.thread, fields=told.fields.decode(), note=note, most_decided=DECIDED_MOST,
        )  # fmt: skip
        released = Released(release, told.audit, what.cid_ms, hidden)

        try:
            await self._releases[type(command)](what.by, command, released)
        except RefusedError as refused:
            if refused.refused.code != "held.decided":
                raise
            return  # somebody else was first; the record says with what
        parts.counters.held["overturned" if is_appeal else "released"] += 1
        parts.note(what, kind)

    async def _item(self, name: str, what: Held) -> Item:
        text, is_original = await self._parts.text_of(what)
        return Item(name, what, text, is_original)


def _read_cursor(cursor: str | None) -> tuple[int, int]:
    """Read (partition, place); places shift when something is decided, so start anew to see all that waits."""
    if not cursor:
        return 0, 0
    match = _CURSOR(cursor)
    if match is None or int(match[1]) >= PARTITION_COUNT:
        raise RefusedError(Refused("bad_request.field", detail="cursor"))
    return int(match[1]), int(match[2])
