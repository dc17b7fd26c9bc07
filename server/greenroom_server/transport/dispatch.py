"""From a command to its use case: one row for each verb that is not on the hot path."""

from typing import Final

from greenroom_protocol import commands as c
from greenroom_protocol import limits
from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.personal import ThreadArchive
from greenroom_protocol.replies import (
    InvitationAcceptedReply,
    InvitationDeclinedReply,
    InvitationIgnoredReply,
    InvitationWithdrawnReply,
    Pong,
    PresenceAccepted,
    ReopenedReply,
)
from greenroom_server.domain.ids import is_name, thread_partition
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.screening.context import Surface
from greenroom_server.transport import (
    verbs_access,
    verbs_community,
    verbs_moderation,
    verbs_offers,
    verbs_people,
    verbs_proposals,
    verbs_safety,
    verbs_team,
)
from greenroom_server.transport.caller import Caller, Handlers
from greenroom_server.transport.services import Services
from greenroom_server.usecases.move_thread import Move
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.terms import NOT_ACCEPTED


async def _ping(services: Services, _caller: Caller, command: c.Ping) -> Reply:
    return Pong(id=command.id, now=services.now_ms())


async def _refresh(_services: Services, caller: Caller, command: c.TokenRefresh) -> Reply:
    return await caller.refresh(command)


async def _presence(_services: Services, caller: Caller, command: c.PresenceSet) -> Reply:
    await caller.set_presence(command.state)
    return PresenceAccepted(id=command.id)


async def _watch(services: Services, caller: Caller, command: c.PresenceWatch) -> Reply:
    # Noted before the store is asked: if that fails, or the peer leaves, what was registered is still taken back.
    old, caller.watched = caller.watched, tuple(dict.fromkeys(command.users))
    return await services.live.watch(caller.user, caller, old, command)


async def _invite(services: Services, caller: Caller, command: c.InvitationSend) -> Reply:
    reply = await services.open_thread.invite(caller.user, command)
    services.counters.invitations["sent"] += not (reply.dup or reply.held)
    return reply


async def _accept(services: Services, caller: Caller, command: c.InvitationAccept) -> Reply:
    move = Move(
        action=ThreadAction.ACCEPT, user=caller.user, cid=command.cid, note=command.note,
        surface=Surface.ACCEPT_NOTE, auto=command.auto, charge=await services.connects.acceptance(caller.user),
    )  # fmt: skip
    done = await services.move(command.thread, move)
    services.counters.invitations["accepted"] += not done.dup
    return InvitationAcceptedReply(
        id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy
    )


async def _decline(services: Services, caller: Caller, command: c.InvitationDecline) -> Reply:
    move = Move(
        action=ThreadAction.DECLINE, user=caller.user, cid=command.cid, note=command.note, reason=command.reason,
        surface=Surface.DECLINE_NOTE, auto=command.auto,
    )  # fmt: skip
    done = await services.move(command.thread, move)
    services.counters.invitations["declined"] += not done.dup
    return InvitationDeclinedReply(
        id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy
    )


async def _withdraw(services: Services, caller: Caller, command: c.InvitationWithdraw) -> Reply:
    done = await services.move(command.thread, _plain(ThreadAction.WITHDRAW, caller, command.cid))
    services.counters.invitations["withdrawn"] += not done.dup
    return InvitationWithdrawnReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


async def _reopen(services: Services, caller: Caller, command: c.ThreadReopen) -> Reply:
    done = await services.move(command.thread, _plain(ThreadAction.REOPEN, caller, command.cid))
    return ReopenedReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


async def _ignore(services: Services, caller: Caller, command: c.InvitationIgnore) -> Reply:
    await services.move.check(command.thread, _plain(ThreadAction.IGNORE, caller, command.cid))
    await services.own_settings.archive(caller.user, ThreadArchive(id=command.id, thread=command.thread))
    return InvitationIgnoredReply(id=command.id)


def _plain(action: ThreadAction, caller: Caller, cid: str) -> Move:
    return Move(action=action, user=caller.user, cid=cid)


HANDLERS: Final[Handlers] = {
    c.Ping: _ping,
    c.TokenRefresh: _refresh,
    c.PresenceSet: _presence,
    c.PresenceWatch: _watch,
    c.InboxChanges: lambda s, who, cmd: s.reads.changes(who.user, cmd),
    c.ThreadGet: lambda s, who, cmd: s.reads.get(who.user, cmd),
    c.ThreadList: lambda s, who, cmd: s.reads.page(who.user, cmd),
    c.ThreadHistory: lambda s, who, cmd: s.reads.history(who.user, cmd),
    c.ThreadRead: lambda s, who, cmd: s.live.read(who.user, cmd),
    c.ThreadOpen: lambda s, who, cmd: s.open_thread.open(who.user, cmd),
    c.ThreadReopen: _reopen,
    c.MessageEdit: lambda s, who, cmd: s.amend.edit(who.user, cmd),
    c.MessageErase: lambda s, who, cmd: s.amend.erase(who.user, cmd),
    c.MessageCheck: lambda s, who, cmd: s.send.check(who.user, cmd),
    c.InvitationSend: _invite,
    c.InvitationAccept: _accept,
    c.InvitationDecline: _decline,
    c.InvitationWithdraw: _withdraw,
    c.InvitationIgnore: _ignore,
    **verbs_access.HANDLERS,
    **verbs_offers.HANDLERS,
    **verbs_community.HANDLERS,
    **verbs_proposals.HANDLERS,
    **verbs_safety.HANDLERS,
    **verbs_moderation.HANDLERS,
    **verbs_team.HANDLERS,
    **verbs_people.HANDLERS,
}
"""Every verb but `connect`, `message.send`, `delivered` and `typing.set`, which the connection takes itself."""


async def dispatch(services: Services, caller: Caller, command: Command) -> Reply:
    """Carry a command out.

    Raises:
        RefusedError: the refusal to reply with.
        StoreError: the store failed; see its classes for what that means.
    """
    handler = HANDLERS.get(type(command))
    if handler is None:
        raise RefusedError(NOT_FOUND)
    _check_fields(command)
    if services.terms.refuses(caller.user) and hasattr(command, "cid"):  # what writes has one
        raise RefusedError(NOT_ACCEPTED)
    return await handler(services, caller, command)


def _check_fields(command: Command) -> None:
    """Refuse bodies above the limits that a type cannot say, and ids that nothing can have.

    Behind here ids become parts of keys and fields in the store.
    """
    body = getattr(command, "body", None)
    if body is not None and (len(body.encode()) > limits.BODY_BYTES or body.isspace()):
        raise RefusedError(Refused("bad_request.body"))
    thread = getattr(command, "thread", None)
    if thread is not None and thread_partition(thread) is None:
        raise RefusedError(NOT_FOUND)
    for field in ("client", "freelancer", "job"):
        name = getattr(command, field, None)
        if name is not None and not is_name(name):
            raise RefusedError(Refused("bad_request.field", detail=field))
    if not all(map(is_name, getattr(command, "users", ()))):
        raise RefusedError(Refused("bad_request.field", detail="users"))
