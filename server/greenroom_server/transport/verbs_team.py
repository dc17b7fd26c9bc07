"""Commands about team members, reactions and one's own settings."""

from typing import Final

from greenroom_protocol import personal as p
from greenroom_protocol import team as t
from greenroom_protocol.bases import Reply
from greenroom_protocol.reactions import MessageReact
from greenroom_server.transport.caller import Caller, Handlers
from greenroom_server.transport.services import Services


async def _add(services: Services, caller: Caller, command: t.MemberAdd) -> Reply:
    done = await services.team.add(caller.user, command)
    return t.MemberAddedReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


async def _remove(services: Services, caller: Caller, command: t.MemberRemove) -> Reply:
    done = await services.team.remove(caller.user, command)
    return t.MemberRemovedReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


async def _leave(services: Services, caller: Caller, command: t.MemberLeave) -> Reply:
    done = await services.team.leave(caller.user, command)
    return t.MemberLeftReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


HANDLERS: Final[Handlers] = {
    t.MemberAdd: _add,
    t.MemberRemove: _remove,
    t.MemberLeave: _leave,
    MessageReact: lambda s, who, cmd: s.react(who.user, cmd),
    p.ThreadMute: lambda s, who, cmd: s.own_settings.mute(who.user, cmd),
    p.ThreadArchive: lambda s, who, cmd: s.own_settings.archive(who.user, cmd),
    p.SettingsSet: lambda s, who, cmd: s.own_settings.save(who.user, cmd),
    p.SettingsGet: lambda s, who, cmd: s.own_settings.get(who.user, cmd),
}
