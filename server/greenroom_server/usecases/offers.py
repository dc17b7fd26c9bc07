"""`offer.send`, `offer.accept`, `offer.decline`, `offer.withdraw`: an offer between the two, without the backend."""

from greenroom_protocol.offers import (
    OfferAccept,
    OfferAcceptedReply,
    OfferDecline,
    OfferDeclinedReply,
    OfferSend,
    OfferSent,
    OfferWithdraw,
    OfferWithdrawnReply,
)
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.screening.context import Surface
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.commits import Done
from greenroom_server.usecases.move import Move
from greenroom_server.usecases.move_thread import MoveThread
from greenroom_server.usecases.results import Refused, RefusedError


class Offers:
    """Makes, answers and withdraws offers for the people of a thread."""

    def __init__(self, move: MoveThread, policy: MarketplacePolicy, counters: Counters) -> None:
        self._move = move
        self._policy = policy
        self._counters = counters

    async def send(self, user: str, command: OfferSend) -> OfferSent:
        """Offer a contract."""
        self._check_client_may()
        terms = command.terms
        offer = Offer(
            note=terms.note, amount=terms.amount, currency=terms.currency, starts_at=terms.starts_at,
            expires_at=terms.expires_at,
        )  # fmt: skip
        move = Move(action=ThreadAction.OFFER, user=user, cid=command.cid, offer=offer, surface=Surface.OFFER_NOTE)
        done = self._counted("sent", await self._move(command.thread, move))
        return OfferSent(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy)

    async def accept(self, user: str, command: OfferAccept) -> OfferAcceptedReply:
        """Accept the open offer: the contract starts."""
        move = Move(action=ThreadAction.ACCEPT_OFFER, user=user, cid=command.cid)
        done = self._counted("accepted", await self._move(command.thread, move))
        return OfferAcceptedReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)

    async def decline(self, user: str, command: OfferDecline) -> OfferDeclinedReply:
        """Decline the open offer; the interview goes on."""
        move = Move(
            action=ThreadAction.DECLINE_OFFER, user=user, cid=command.cid, note=command.note,
            surface=Surface.OFFER_NOTE,
        )  # fmt: skip
        done = self._counted("declined", await self._move(command.thread, move))
        return OfferDeclinedReply(
            id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy
        )

    async def withdraw(self, user: str, command: OfferWithdraw) -> OfferWithdrawnReply:
        """Take the open offer back; the interview goes on."""
        self._check_client_may()
        move = Move(action=ThreadAction.WITHDRAW_OFFER, user=user, cid=command.cid)
        done = self._counted("withdrawn", await self._move(command.thread, move))
        return OfferWithdrawnReply(id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup)

    def _check_client_may(self) -> None:
        if not self._policy.offers.may_client_send:
            raise RefusedError(Refused("offer.by_marketplace"))

    def _counted(self, outcome: str, done: Done) -> Done:
        self._counters.offers[outcome] += not done.dup
        return done
