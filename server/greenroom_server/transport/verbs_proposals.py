"""Handlers of proposals, candidacies and Connects."""

from typing import Final

from greenroom_protocol import connects as n
from greenroom_protocol import proposals as p
from greenroom_protocol.bases import Reply
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.screening.context import Surface
from greenroom_server.transport.caller import Caller, Handlers
from greenroom_server.transport.services import Services
from greenroom_server.usecases.move_thread import Move


async def _withdraw(services: Services, caller: Caller, command: p.ProposalWithdraw) -> Reply:
    move = Move(action=ThreadAction.WITHDRAW_PROPOSAL, user=caller.user, cid=command.cid)
    done = await services.move(command.thread, move)
    services.counters.proposals["withdrawn"] += not done.dup
    return p.ProposalWithdrawn(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)


async def _decline(services: Services, caller: Caller, command: p.ProposalDecline) -> Reply:
    move = Move(
        action=ThreadAction.DECLINE_PROPOSAL, user=caller.user, cid=command.cid, note=command.note,
        surface=Surface.DECLINE_NOTE, reason=command.reason,
    )  # fmt: skip
    done = await services.move(command.thread, move)
    services.counters.proposals["declined"] += not done.dup
    return p.ProposalDeclined(
        id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy
    )


async def _submit(services: Services, caller: Caller, command: p.ProposalSubmit) -> Reply:
    reply = await services.propose.submit(caller.user, command)
    services.counters.proposals["submitted"] += not (reply.dup or reply.held)
    return reply


HANDLERS: Final[Handlers] = {
    p.JobGet: lambda s, who, cmd: s.propose.job(who.user, cmd),
    p.ProposalSubmit: _submit,
    p.ProposalWithdraw: _withdraw,
    p.ProposalDecline: _decline,
    p.CandidacyList: lambda s, who, cmd: s.candidacies.page(who.user, cmd),
    n.ConnectsGet: lambda s, who, cmd: s.connects.get(who.user, cmd),
}
