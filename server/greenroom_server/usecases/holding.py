"""Held texts, as their senders know them: kept for the moderators, listed, taken back, given back when nobody decides.

A held text is in no thread. Its cid is answered `held`, its sender's devices are told in their own log, and nobody else
hears of it. What becomes of it is one change in the store; usecases/judge_held.py has the moderators' side.

Source: server/docs/moderation.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from greenroom_protocol.bases import PolicyView, Span
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.codes import ERRORS
from greenroom_protocol.commands import InvitationSend, MessageSend, ThreadOpen
from greenroom_protocol.moderation import (
    AppealDecided,
    HeldList,
    HeldPage,
    HeldView,
    HeldWithdraw,
    HeldWithdrawn,
    MessageHeld,
    MessageRejected,
)
from greenroom_protocol.proposals import ProposalSubmit
from greenroom_server.domain.moderation_policy import ModerationPolicy
from greenroom_server.screening.masking import mask
from greenroom_server.screening.verdict import FILTER_FAILED, Finding, Kind, Retro
from greenroom_server.store.append import CidRefused, Repeat
from greenroom_server.store.errors import StoreError
from greenroom_server.store.held import Found, Held, HeldStore, Told, held_id, held_partition
from greenroom_server.store.seals import Seals
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import Answer, Author, Bounce, Commits, Done, pack_policy, result_of
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.follow_changes import FollowChanges, Note
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError, refusal_of

log = structlog.get_logger()

_HIDDEN: Final = dict.fromkeys(Kind, "[hidden]")
_encode = msgspec.json.Encoder().encode
Holdable = MessageSend | ThreadOpen | InvitationSend | ProposalSubmit
"""What can be held."""
read_command: Final = msgspec.json.Decoder(Holdable).decode


@dataclass(frozen=True, slots=True)
class HeldParts:
    """What everything about held texts is made of."""

    store: HeldStore
    seals: Seals
    policy: ModerationPolicy
    counters: Counters
    now_ms: Callable[[], int]
    on_note: Callable[[int, str], object]
    """Called with partition and kind when a change was written, so that followers here look at once."""

    def told(self, kind: str, what: Held, name: str, by: str, **facts: str) -> Told:
        """Make what others hear of a change: ids and codes."""
        fields = {"held": name, "user": what.by, "cid": what.cid, **facts}
        return Told(kind, _encode(fields), entry_of(kind, by, "", None, held=name, **facts))

    def note(self, what: Held, kind: str) -> None:
        """Let followers look at once."""
        partition = held_partition(held_id(what.kind, what.thread, what.by, what.cid))
        assert partition is not None
        self.on_note(partition, kind)

    async def original(self, what: Held) -> Holdable | None:
        """Open the sealed original of a text; None when there is none, or its time is over."""
        about = held_id("message", what.thread, what.by, what.cid)
        sealed = await self.store.original(what.thread, about, what.cid_ms)
        opened = None if sealed is None else await self.seals.open(sealed, about, self.now_ms())
        return None if opened is None else read_command(opened)

    async def text_of(self, what: Held) -> tuple[str, bool]:
        """Give the text of what is held as far as it is kept, and whether it is the original."""
        command = await self.original(what)
        if command is not None:
            return command.body, True
        return (read_command(what.command).body if what.command else ""), False


class Holding:
    """Keeps texts for the moderators; what their senders do with them."""

    def __init__(self, parts: HeldParts, commits: Commits, amend: AmendMessage, notices: Notices, tasks: Tasks) -> None:
        self._parts = parts
        self._commits = commits
        self._amend = amend
        self._notices = notices
        self._tasks = tasks
        commits.on_refused = self._refused
        commits.on_masked = self._masked
        if parts.policy.has_moderators:
            commits.on_held = self._start

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Give back what nobody has decided in time."""
        deadlines.on("held", self.expire)

    def follow(self, changes: FollowChanges) -> None:
        """Tell the senders what becomes of their texts, however often a node dies."""
        changes.on_notes(("message.held", "message.rejected", "appeal.decided"), self._tell)

    # --- keeping

    def _start(self, thread: str, author: Author, bounce: Bounce, done: Answer, give_back: Callable[[], None]) -> None:
        async def hold() -> None:
            try:
                result = await self._hold(thread, author, bounce)
            except StoreError as error:
                done(refusal_of(error))
                return
            if result is None:
                bounce.policy.action = "bounce"
                give_back()
            else:
                done(result)

        self._tasks.spawn(hold(), "hold")

    async def _hold(self, thread: str, author: Author, bounce: Bounce) -> Done | Refused | None:
        """Keep a text; None when too much of this sender waits already, or nothing can be kept of it."""
        parts, command, screened = self._parts, bounce.command, bounce.screened
        if command is None or screened is None:
            return None
        name = held_id("message", thread, author.user, author.cid)
        what = _record(thread, author, command, bounce, masked=masked(command.body, screened.findings))
        sealed = b""
        if parts.policy.originals != "never":
            sealed, what.is_sealed = await parts.seals.seal(_encode(command), name, parts.now_ms()), True
        told = parts.told("message.held", what, name, author.user, code=bounce.policy.code, action="hold")
        kept = await parts.store.hold(
            name, what, sealed, f"{name} {pack_policy(bounce.policy)}", told,
            expires_ms=parts.policy.hold_expiry_s * 1000, most=parts.policy.held_max, seal_days=parts.policy.seal_days,
        )  # fmt: skip
        if isinstance(kept, Repeat | CidRefused):
            return result_of(kept)
        if isinstance(kept, int):
            parts.counters.held["held"] += 1
            parts.note(what, "message.held")
            if screened.retro:
                self._mask(thread, screened.retro)
            return Done(0, 0, kept, "", False, bounce.policy, name)
        return None if kept is None else Done(0, 0, kept.at, "", True, bounce.policy, name)

    def _refused(self, thread: str, author: Author, bounce: Bounce) -> None:
        if bounce.screened is not None and bounce.screened.retro:
            self._mask(thread, bounce.screened.retro)
        if isinstance(bounce.command, MessageSend):
            self._masked(thread, author.user, bounce.command)

    def _masked(self, thread: str, user: str, command: MessageSend) -> None:
        """Keep the original of a message that bounced or was masked, where somebody may look at it and wants to."""
        if self._parts.policy.has_moderators and self._parts.policy.originals == "all":
            self._tasks.spawn(self._keep(thread, user, command), "keep original")

    async def _keep(self, thread: str, user: str, command: MessageSend) -> None:
        parts, name = self._parts, held_id("message", thread, user, command.cid)
        cid_ms = cid_time_ms(command.cid) or 0
        try:
            sealed = await parts.seals.seal(_encode(command), name, parts.now_ms())
            await parts.store.keep_original(thread, name, cid_ms, sealed, parts.policy.seal_days)
        except StoreError:
            log.warning("original_not_kept")  # an appeal will be decided without it

    def _mask(self, thread: str, retro: tuple[Retro, ...]) -> None:
        async def mask_all() -> None:
            try:
                await self._amend.mask(thread, retro)
            except (StoreError, RefusedError):
                log.warning("fragments_not_masked", count=len(retro))  # what would complete them was not delivered

        self._tasks.spawn(mask_all(), "mask fragments")

    # --- what the sender does

    async def listing(self, user: str, command: HeldList) -> HeldPage:
        """List what of somebody waits in a thread."""
        loaded = await self._commits.heads.get(command.thread)
        if loaded is not None and user not in loaded.head.participants:
            raise RefusedError(NOT_FOUND)
        found = []
        for name, what in await self._parts.store.of(command.thread, user):
            body, _ = await self._parts.text_of(what)
            found.append(
                HeldView(
                    held=name, cid=what.cid, body=body, at=what.at, expires_at=what.expires_at, code=what.code
                )
            )  # fmt: skip
        if loaded is None and not found:  # what waits may be what would open the thread
            raise RefusedError(NOT_FOUND)
        return HeldPage(id=command.id, held=found)

    async def withdraw(self, user: str, command: HeldWithdraw) -> HeldWithdrawn:
        """Take a text back.

        Raises:
            RefusedError: it is none of theirs, or it was decided before.
        """
        ended = await self.end(command.held, "withdrawn", by=user)
        if ended is None:
            raise RefusedError(NOT_FOUND)
        if ended.state != "withdrawn":
            raise RefusedError(Refused("held.decided"))
        return HeldWithdrawn(id=command.id, held=command.held)

    async def expire(self, _partition: int, member: str) -> None:
        """Give a text back that nobody has decided about.

        Raises:
            RefusedError: there is no such text.
        """
        if await self.end(member.partition(" ")[2], "expired") is None:
            raise RefusedError(NOT_FOUND)

    async def end(self, name: str, state: str, *, by: str = "", note: str = "") -> Held | None:
        """End the wait of a text without delivering it; gives how it stands, None when there is none of theirs.

        Args:
            name: of the text.
            state: rejected, expired or withdrawn.
            by: its sender, if they do it.
            note: the moderator's.
        """
        parts = self._parts
        what = await parts.store.find(name)
        if what is None or what.kind != "message":
            return None
        code = f"held.{state}"
        answer = PolicyView(action="bounce", code=code, message=ERRORS[code].message, version=what.version)
        told = parts.told("message.rejected", what, name, by, code=code, reason=what.code)
        ended = await parts.store.unhold(name, what, state, told, by=by, answer=pack_policy(answer), note=note)
        if ended is None:
            return None
        is_new, what = ended
        if is_new:
            parts.counters.held[state] += 1
            parts.note(what, "message.rejected")
        return what

    async def _tell(self, note: Note) -> None:
        fields: dict[str, Any] = note.fields
        thread, name, cid = note.subject, fields["held"], fields["cid"]
        event: MessageHeld | MessageRejected | AppealDecided
        if note.kind == "message.held":
            event = MessageHeld(thread=thread, held=name, cid=cid, code=fields["code"])
        elif note.kind == "message.rejected":
            code, reason = fields["code"], fields["reason"]
            event = MessageRejected(thread=thread, held=name, cid=cid, code=code, reason=reason)
        else:
            may_resend = fields["resend"] == "yes"
            event = AppealDecided(
                thread=thread, appeal=name, cid=cid, decision=fields["decision"], may_resend=may_resend
            )
        await self._notices.tell(fields["user"], event)


def masked(text: str, findings: tuple[Finding, ...]) -> tuple[str, list[Span]] | None:
    """Give a text with everything masked that was found; None when what is wrong with it has no place."""
    if not findings or any(each.reason == FILTER_FAILED or each.start >= each.end for each in findings):
        return None
    shown, hidden = mask(text, findings, _HIDDEN)
    return shown, [Span(each.start, each.end, each.kind.value, each.reason) for each in hidden]


def _record(
    thread: str, author: Author, command: Holdable, bounce: Bounce, masked: tuple[str, list[Span]] | None
) -> Held:
    policy, screened = bounce.policy, bounce.screened
    assert screened is not None
    shown = b"" if masked is None else _encode(msgspec.structs.replace(command, body=masked[0]))
    return Held(
        kind="message", thread=thread, by=author.user, cid=command.cid,
        cid_ms=cid_time_ms(command.cid) or 0, hash=author.body_hash, state="held",
        command=shown.decode(), hidden=[] if masked is None else masked[1],
        findings=[Found(f.kind.value, f.intent, f.reason, f.score, f.start, f.end) for f in screened.findings],
        action=policy.action, code=policy.code, version=policy.version, policy_state=screened.state,
    )  # fmt: skip
