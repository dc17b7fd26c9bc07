"""Handlers of offers, of acknowledged notices and of claims about a relationship."""

from typing import Final

from greenroom_protocol import offers, policies
from greenroom_server.transport.caller import Handlers

HANDLERS: Final[Handlers] = {
    offers.OfferSend: lambda s, who, cmd: s.offers.send(who.user, cmd),
    offers.OfferAccept: lambda s, who, cmd: s.offers.accept(who.user, cmd),
    offers.OfferDecline: lambda s, who, cmd: s.offers.decline(who.user, cmd),
    offers.OfferWithdraw: lambda s, who, cmd: s.offers.withdraw(who.user, cmd),
    policies.NoticeAck: lambda s, who, cmd: s.relationships.acknowledge(who.user, cmd),
    policies.RelationshipDeclare: lambda s, who, cmd: s.relationships.declare(who.user, cmd),
}
