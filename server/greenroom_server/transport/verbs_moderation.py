"""Handlers of `held.*` and `verdict.*`."""

from typing import Final

from greenroom_protocol import moderation
from greenroom_server.transport.caller import Handlers

HANDLERS: Final[Handlers] = {
    moderation.HeldList: lambda s, who, cmd: s.holding.listing(who.user, cmd),
    moderation.HeldWithdraw: lambda s, who, cmd: s.holding.withdraw(who.user, cmd),
    moderation.VerdictAppeal: lambda s, who, cmd: s.appeals.create(who.user, cmd),
}
