"""Handlers of `peer.*` and `report.*`."""

from typing import Final

from greenroom_protocol import safety
from greenroom_server.transport.caller import Handlers

HANDLERS: Final[Handlers] = {
    safety.PeerBlock: lambda s, who, cmd: s.peers.block(who.user, cmd),
    safety.PeerUnblock: lambda s, who, cmd: s.peers.unblock(who.user, cmd),
    safety.PeerBlocked: lambda s, who, cmd: s.peers.blocked(who.user, cmd),
    safety.MetricsAppeal: lambda s, who, cmd: s.reports.appeal(who.user, cmd),
    safety.ReportCreate: lambda s, who, cmd: s.reports.create(who.user, cmd),
}
