"""What the marketplace's backend tells the hub: people, jobs, relationships, contracts.

The same plans and tables as for the socket; the backend only acts in another role.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name
from greenroom_server.domain.offer import Offer
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import (
    Conversion,
    Origin,
    Relationship,
    set_blocked,
    set_conversion,
    set_exempt_plan,
    set_origin,
)
from greenroom_server.domain.thread_actions import Denied, ThreadAction
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.context import Context, Surface
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action
from greenroom_server.store.errors import StoreError
from greenroom_server.store.people import Account, Job, People
from greenroom_server.store.people import Profile as Profile  # what `save_profile` takes, for transport too
from greenroom_server.usecases.commits import Done
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.move_thread import Move, MoveThread
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import policy_view

_ATTEMPTS: Final = 3
_CLOCKS_MS: Final = 60_000
"""How far the backend's clock may be ahead of ours."""

MOVES: Final = {
    "offer": ThreadAction.OFFER,
    "accept_offer": ThreadAction.ACCEPT_OFFER,
    "decline_offer": ThreadAction.DECLINE_OFFER,
    "withdraw_offer": ThreadAction.WITHDRAW_OFFER,
    "start_contract": ThreadAction.START_CONTRACT,
    "pause_contract": ThreadAction.PAUSE_CONTRACT,
    "resume_contract": ThreadAction.RESUME_CONTRACT,
    "end_contract": ThreadAction.END_CONTRACT,
    "close_job": ThreadAction.CLOSE_JOB,
}
"""Moves of a thread that the backend may make."""


class Marketplace:
    """What the backend may read and write."""

    def __init__(
        self, people: People, heads: Heads, move: MoveThread, screen: Screen, policy: MarketplacePolicy,
        now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self._people = people
        self._heads = heads
        self._move = move
        self._screen = screen
        self._policy = policy
        self._now_ms = now_ms
        self._accounts = asyncio.Lock()
        self.on_account: Callable[[Account], object] = lambda _account: None
        """Called when an account changed, so that its sockets close if it must."""
        self.on_suspension: Callable[[str, bool], Awaitable[object]] = _suspend_nobody
        """Called when the backend says whether a user is suspended, so that their threads show it; may be repeated."""
        self.on_profile: Callable[[str], Awaitable[object]] = _nobody
        """Called when a profile was saved, so that it can be found as it is now."""
        self.on_job_closed: Callable[[str], Awaitable[object]] = _nobody
        """Called when a job was saved as closed, so that its threads close."""
        self.on_pair: Callable[[str, str], Awaitable[object]] = _tell_nobody
        """Called with client and freelancer when their flags may have changed; a timer does the same."""

    def revocation_s(self) -> int:
        """Give the `revoked_before` (UTC s) that ends every token issued until now, those of this second included."""
        return self._now_ms() // 1000 + 1

    async def save_user(
        self, user: str, name: str, *, is_suspended: bool | None = None, revoked_before: int | None = None,
        terms_accepted_at: int | None = None, is_verified: bool | None = None, is_synthetic: bool | None = None,
        staff_of: Sequence[str] | None = None,
    ) -> Account:  # fmt: skip
        """Create or change a user.

        Args:
            is_suspended: None leaves it.
            revoked_before: UTC s, never moves back; None leaves it.
            terms_accepted_at: of the terms of service, UTC ms; 0: not (any more); None leaves it.
            staff_of: users who may bring this one into their threads; None leaves them.
        """
        _check_names(user)
        self._check_text(name, Surface.DISPLAY_NAME, "name")
        async with self._accounts:  # a change reads what it keeps; a suspension must not be lost to a new name
            old = await self._people.account(user) or Account(user)
            suspended = old.is_suspended if is_suspended is None else is_suspended
            account = old._replace(
                name=name, is_suspended=suspended, revoked_before=max(old.revoked_before, revoked_before or 0),
                terms_accepted_at=old.terms_accepted_at if terms_accepted_at is None else terms_accepted_at,
                is_verified=old.is_verified if is_verified is None else is_verified,
                is_synthetic=old.is_synthetic if is_synthetic is None else is_synthetic,
                staff_of=old.staff_of if staff_of is None else tuple(dict.fromkeys(staff_of)),
            )  # fmt: skip
            await self._people.save_account(account)
        if is_suspended is not None:
            await self.on_suspension(user, is_suspended)
        self.on_account(account)
        return account

    async def save_profile(self, profile: Profile) -> Profile:
        """Create or replace a freelancer's profile; the user of that id takes its name."""
        _check_names(profile.freelancer)
        self._check_text(profile.name, Surface.DISPLAY_NAME, "name")
        for text in (profile.headline, *profile.skills):
            self._check_text(text, Surface.HEADLINE, "headline, skills")
        await self._people.save_profile(profile)
        await self.on_profile(profile.freelancer)
        async with self._accounts:
            account = await self._people.account(profile.freelancer) or Account(profile.freelancer)
            if account.name != profile.name:
                await self._people.save_account(account._replace(name=profile.name))
        return profile

    async def save_job(self, job: str, client: str, title: str, *, is_open: bool) -> Job:
        """Create or change a job; its owner stays."""
        _check_names(job, client)
        self._check_text(title, Surface.JOB_TITLE, "title")
        old = await self._people.job(job)
        if old is not None and old.client != client:
            raise RefusedError(Refused("job.not_owner"))
        saved = Job(job, client, title, is_open, old.created_at if old is not None else self._now_ms())
        await self._people.save_job(saved)
        if not is_open:
            await self.on_job_closed(job)
        return saved

    async def move_thread(
        self, thread: str, move: str, cid: str, offer: Offer | None = None, starts_at: int = 0
    ) -> Done:
        """Move a thread as the marketplace decides; a start of a contract is remembered for the pair.

        Args:
            move: one of `MOVES`.
            cid: the same one again gives the first answer; empty: a repeat is judged by the state alone.
            offer: terms, for `offer` and `start_contract`.
            starts_at: of a contract that is in force, UTC ms, not in the future; 0: now.

        Returns:
            Always with the state of the thread: after the move, or now for a repeat.
        """
        action = MOVES[move]
        if offer is not None and action not in (ThreadAction.OFFER, ThreadAction.START_CONTRACT):
            raise RefusedError(Refused("bad_request.field", detail="terms go with offer and start_contract"))
        if starts_at and action is not ThreadAction.START_CONTRACT:
            raise RefusedError(Refused("bad_request.field", detail="starts_at goes with start_contract"))
        asked = Move(action=action, role=Role.SERVICE, cid=cid, offer=offer, surface=Surface.OFFER_NOTE)
        if action is ThreadAction.START_CONTRACT:
            asked = contract_move(cid, offer, starts_at, self._now_ms())
        done = await self._move(thread, asked)
        return done if done.state else msgspec.structs.replace(done, state=(await self.thread(thread)).state.value)

    async def thread(self, thread: str) -> Head:
        """Read where a thread stands now."""
        loaded = await self._heads.read(thread)
        if loaded is None:
            raise RefusedError(NOT_FOUND)
        return loaded.head

    async def threads(self, client: str, freelancer: str, job: str) -> list[Head]:
        """Read the thread of a pair for a job (empty: the one without a job); none or one."""
        _check_pair(client, freelancer)
        thread = await self._people.thread_of(client, freelancer, job)
        return [] if thread is None else [await self.thread(thread)]

    async def pair(self, client: str, freelancer: str) -> Relationship:
        """Read the flags of a pair; two who never met have the defaults."""
        _check_pair(client, freelancer)
        return await self._people.pair(client, freelancer)

    async def save_pair(
        self, client: str, freelancer: str, *, origin: str | None, conversion: str | None, is_blocked: bool | None,
        has_exempt_plan: bool | None = None, is_moderator: bool = False,
    ) -> Relationship:  # fmt: skip
        """Change the flags of a pair, None leaves one; every thread of the two follows at once and is told.

        Args:
            is_moderator: may also take an external origin back.
        """
        _check_pair(client, freelancer)

        def change(pair: Relationship) -> Relationship | Denied:
            changed: Relationship | Denied = pair
            if origin is not None:
                changed = set_origin(pair, Origin(origin), Role.SERVICE, is_moderator=is_moderator)
            if conversion is not None and not isinstance(changed, Denied):
                changed = set_conversion(changed, Conversion(conversion), Role.SERVICE)
            if is_blocked is not None and not isinstance(changed, Denied):
                changed = set_blocked(changed, is_blocked)
            if has_exempt_plan is not None and not isinstance(changed, Denied):
                changed = set_exempt_plan(changed, has_exempt_plan, Role.SERVICE, self._policy)
            return changed

        saved = await self._change_pair(client, freelancer, change)
        with contextlib.suppress(RefusedError, StoreError):  # the flags are saved; the timer tells the threads
            await self.on_pair(client, freelancer)
        return saved

    async def _change_pair(
        self, client: str, freelancer: str, change: Callable[[Relationship], Relationship | Denied]
    ) -> Relationship:
        for _ in range(_ATTEMPTS):
            old = await self._people.pair(client, freelancer)
            new = change(old)
            if isinstance(new, Denied):
                raise RefusedError(Refused(new.code))
            if replace(new, rev=old.rev) == old or await self._people.save_pair(client, freelancer, old.rev, new):
                return await self._people.pair(client, freelancer)
            await asyncio.sleep(0)
        raise RefusedError(Refused("conflict"))

    def _check_text(self, text: str, surface: Surface, field: str) -> None:
        """Refuse a public text that shares a contact."""
        verdict = self._screen(text, Context("direct", surface=surface))
        if verdict.action is not Action.ALLOW:
            code = verdict.code or "policy.contact_precontract"
            raise RefusedError(Refused(code, policy=policy_view(verdict), detail=field))


async def _tell_nobody(_client: str, _freelancer: str) -> None:
    """Leave it to the timer."""


def contract_move(cid: str, offer: Offer | None, starts_at: int, now_ms: int) -> Move:
    """Make the move that starts a contract which the marketplace has made.

    Raises:
        RefusedError: its start lies in the future; that is an offer with a start date.
    """
    starts_at = starts_at or (offer.starts_at if offer is not None else 0)
    if starts_at > now_ms + _CLOCKS_MS:
        raise RefusedError(Refused("offer.terms", detail="a start in the future is an offer with starts_at"))
    return Move(
        action=ThreadAction.START_CONTRACT, role=Role.SERVICE, cid=cid, offer=offer, surface=Surface.OFFER_NOTE,
        starts_at=min(starts_at, now_ms),
    )  # fmt: skip


async def _suspend_nobody(_user: str, _is_suspended: bool) -> None:
    """Mark nothing."""


async def _nobody(_job: str) -> None:
    """Nobody follows jobs yet."""


def _check_names(*names: str) -> None:
    if not all(map(is_name, names)):
        raise RefusedError(Refused("bad_request.field", detail="an id is 1 to 64 of A-Z a-z 0-9 _ . -"))


def _check_pair(client: str, freelancer: str) -> None:
    _check_names(client, freelancer)
    if client == freelancer:
        raise RefusedError(Refused("thread.self"))
