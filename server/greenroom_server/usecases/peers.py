"""Blocking: end all contact with somebody, both ways, in every thread, at once; and whom one has blocked.

What counts is the pair's flags, which every commit compares: once a block is answered, nothing of the other gets in.

Source: protocol/spec/safety.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from greenroom_protocol.safety import (
    BlockView,
    PeerBlock,
    PeerBlocked,
    PeerBlockedPage,
    PeerBlockReply,
    PeerUnblock,
    PeerUnblockReply,
)
from greenroom_server.domain.ids import is_name, user_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import set_blocked
from greenroom_server.domain.thread_state import Role
from greenroom_server.store.audit import Audit
from greenroom_server.store.people import People
from greenroom_server.store.safety import Block, Safety
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

_ATTEMPTS: Final = 5

PairChanged = Callable[[str, str, list[str], bool], object]


class Peers:
    """Blocks and unblocks."""

    def __init__(
        self, people: People, safety: Safety, audit: Audit, policy: MarketplacePolicy, now_ms: Callable[[], int]
    ) -> None:
        self._people = people
        self._safety = safety
        self._audit = audit
        self._policy = policy.safety
        self._now_ms = now_ms
        self.on_pair_changed: PairChanged = lambda _user, _peer, _threads, _is_blocked: None
        """Called with the two, their threads and whether they are blocked, so that typing and presence follow."""

    async def block(self, user: str, command: PeerBlock) -> PeerBlockReply:
        """Block somebody; again changes nothing."""
        await self.block_peer(user, command.user, command.reason)
        return PeerBlockReply(id=command.id)

    async def block_peer(self, user: str, peer: str, reason: str) -> None:
        """Block somebody whom the marketplace knows.

        Raises:
            RefusedError: nobody was blocked.
            StoreError: perhaps not; may be repeated.
        """
        _check_name(peer)
        if await self._people.account(peer) is None:
            raise RefusedError(NOT_FOUND)
        if peer == user:
            raise RefusedError(Refused("peer.self"))
        blocks = await self._safety.blocks(user)
        if peer not in blocks and len(blocks) >= self._policy.blocked_users_max:
            raise RefusedError(Refused("peer.too_many"))
        await self._safety.save_block(user, peer, Block(self._now_ms(), reason))
        await self._set(user, peer, is_blocked=True)

    async def unblock(self, user: str, command: PeerUnblock) -> PeerUnblockReply:
        """Lift one's own block; again changes nothing."""
        _check_name(command.user)
        await self._set(user, command.user, is_blocked=False)
        await self._safety.drop_block(user, command.user)
        return PeerUnblockReply(id=command.id)

    async def blocked(self, user: str, command: PeerBlocked) -> PeerBlockedPage:
        """List whom one has blocked, the newest first."""
        blocks = await self._safety.blocks(user)
        names = sorted(blocks, key=lambda peer: blocks[peer].at, reverse=True)
        accounts = await asyncio.gather(*(self._people.account(peer) for peer in names))
        views = [
            BlockView(
                user=peer, name=account.name if account is not None else "", at=blocks[peer].at,
                reason=blocks[peer].reason,
            )
            for peer, account in zip(names, accounts, strict=True)
        ]  # fmt: skip
        return PeerBlockedPage(id=command.id, users=views)

    async def hidden_from(self, user: str, peers: Sequence[str]) -> frozenset[str]:
        """Say whom of some others a user may not see, because one of the two blocked the other."""
        ways = await asyncio.gather(
            *(self._people.pair(user, peer) for peer in peers), *(self._people.pair(peer, user) for peer in peers)
        )
        return frozenset(peer for peer, pair in zip([*peers, *peers], ways, strict=True) if pair.is_blocked)

    async def tell(self, client: str, freelancer: str) -> None:
        """Tell the nodes of two people how their pair stands, after the marketplace changed it."""
        pair, threads = await asyncio.gather(
            self._people.pair(client, freelancer), self._safety.threads_of_pair(client, freelancer)
        )
        self.on_pair_changed(client, freelancer, threads, pair.is_blocked)

    async def _set(self, user: str, peer: str, *, is_blocked: bool) -> None:
        """Change the flags of the two as a pair, whichever of them is the client."""
        pairs = _ways(*await asyncio.gather(self._people.names_of(user), self._people.names_of(peer)))
        still = await asyncio.gather(*(self._set_one(*pair, user, is_blocked=is_blocked) for pair in pairs))
        threads = await asyncio.gather(*(self._safety.threads_of_pair(*pair[:2]) for pair in pairs))
        self.on_pair_changed(user, peer, [thread for found in threads for thread in found], any(still))

    async def _set_one(self, client: str, freelancer: str, by: Role, user: str, *, is_blocked: bool) -> bool:
        """Change one pair's flags; gives whether it is blocked then, by whomever."""
        for _ in range(_ATTEMPTS):
            old = await self._people.pair(client, freelancer)
            new = set_blocked(old, is_blocked, by)
            if new is old:
                return old.is_blocked
            if await self._people.save_pair(client, freelancer, old.rev, new):
                kind = "peer.blocked" if is_blocked else "peer.unblocked"
                peer = freelancer if by is Role.CLIENT else client
                await self._audit.note(user_partition(freelancer), entry_of(kind, user, peer=peer))
                return new.is_blocked
        raise RefusedError(Refused("conflict"))


def _check_name(user: str) -> None:
    if not is_name(user):
        raise RefusedError(Refused("bad_request.field", detail="user"))


def _ways(names: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, Role]]:
    """Give (client, freelancer, role of the first) for every way in which two people are a pair, by all their names."""
    both = [(name, other) for name in names for other in others]
    return [way for one, two in both for way in ((one, two, Role.CLIENT), (two, one, Role.FREELANCER))]
