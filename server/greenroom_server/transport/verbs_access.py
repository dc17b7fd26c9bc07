"""Handlers of `access.*`."""

from typing import Any, Final

from greenroom_protocol import access
from greenroom_protocol.bases import Reply, Written
from greenroom_server.transport.caller import Caller, Handler, Handlers
from greenroom_server.transport.services import Services


async def _request(services: Services, caller: Caller, command: access.AccessRequest) -> Reply:
    return await services.access.request(caller.user, command)


async def _share(services: Services, caller: Caller, command: access.AccessShare) -> Reply:
    done = await services.access.answer(caller.user, command)
    return access.AccessShareReply(
        id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, notice=access.KEEP_HERE
    )


def _step(reply: type[Written]) -> Handler:
    async def handle(services: Services, caller: Caller, command: Any) -> Reply:
        done = await services.access.answer(caller.user, command)
        return reply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)

    return handle


HANDLERS: Final[Handlers] = {
    access.AccessRequest: _request,
    access.AccessConfirm: _step(access.AccessConfirmReply),
    access.AccessRefuse: _step(access.AccessRefuseReply),
    access.AccessShare: _share,
    access.AccessRevoke: _step(access.AccessRevokeReply),
}
