"""Access grants: ask, agree, share an address, end it; and the moderators, where they are the ones who agree.

Every step is one commit of the thread, decided from its head, so exactly one of several racing ones wins.

Source: protocol/spec/access-grants.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from greenroom_protocol import access
from greenroom_protocol.bases import Event
from greenroom_server.domain.access_grant import (
    Grant,
    GrantAction,
    GrantState,
    Side,
    act,
    ask,
    bygone,
    decide,
    normalise_address,
    places_free_at,
    side_of,
)
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import may_share_contacts
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Rare
from greenroom_server.store.records import write_grant
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import Author, Bounce, Commits, Done, Draft
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.results import Refused, RefusedError
from greenroom_server.usecases.screening import Screening

_NONE: Final = Refused("access.none")
_OPENING: Final = frozenset({GrantAction.REQUEST, GrantAction.CONFIRM, GrantAction.SHARE})
"""What leads to a shared address, and so needs the right state of the thread and two who can reach each other."""
_PEOPLE: Final = frozenset({Role.CLIENT, Role.FREELANCER})
_EVENTS: Final[dict[GrantAction, Callable[[Grant], Event]]] = {
    GrantAction.CONFIRM: lambda g: access.AccessGranted(request=g.request, expires_at=g.expires_at_ms),
    GrantAction.REFUSE: lambda g: access.AccessRefused(request=g.request),
    GrantAction.REVOKE: lambda g: access.AccessEnded(request=g.request, why="revoked"),
    GrantAction.EXPIRE: lambda g: access.AccessEnded(request=g.request, why="expired"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One step of a grant that was asked for before."""

    action: GrantAction
    request: int
    user: str = ""
    role: Role | None = None
    """Given for the marketplace and for the timer."""
    cid: str = ""
    email: str = ""

    def __repr__(self) -> str:
        """All but the address."""
        return f"_Step({self.action}, request={self.request})"


class AccessGrants:
    """Carries the steps of grants out."""

    def __init__(
        self, commits: Commits, screening: Screening, policy: MarketplacePolicy, now_ms: Callable[[], int]
    ) -> None:
        self._commits = commits
        self._screening = screening
        self._policy = policy.access_grants
        self._now_ms = now_ms

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Let requests and grants expire."""
        deadlines.on("grant", self._expire)

    async def request(self, user: str, command: access.AccessRequest) -> access.AccessRequestReply:
        """Ask to share one's address, or to be given the other side's."""
        if command.system not in self._policy.systems:
            raise RefusedError(Refused("policy.access_system"))
        if command.purpose.isspace():
            raise RefusedError(Refused("bad_request.field", detail="purpose"))
        side = Side.HOLDER if command.holder == "me" else Side.COUNTERPARTY

        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            return self._ask(user, command, side, head, role)

        content = f"{command.holder}\n{command.system}\n{command.purpose}"
        author = Author(
            user, cid=command.cid, body_hash=self._commits.hash("access.request", content), right="grant"
        )  # fmt: skip
        done = await run(self._commits, command.thread, author, plan)
        self._commits.counters.grants["request"] += not done.dup
        return access.AccessRequestReply(
            id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup,
            grant="" if done.dup else "granted" if self._agrees(side) else "requested", policy=done.policy,
        )  # fmt: skip

    async def answer(
        self,
        user: str,
        command: access.AccessConfirm | access.AccessRefuse | access.AccessShare | access.AccessRevoke,
    ) -> Done:
        """Agree, refuse, share or end."""
        action = GrantAction(str(command.__struct_config__.tag).partition(".")[2])
        email = command.email if isinstance(command, access.AccessShare) else ""
        step = _Step(action=action, request=command.request, user=user, cid=command.cid, email=email)
        return await self._run(command.thread, step)

    async def moderate(
        self, thread: str, request: int, decision: Literal["confirm", "refuse", "revoke"], cid: str
    ) -> Done:
        """Decide for the marketplace; agreeing is the moderators' where the policy says so, ending always."""
        step = _Step(action=GrantAction(decision), request=request, role=Role.SERVICE, cid=cid)
        return await self._run(thread, step)

    def _agrees(self, side: Side) -> bool:
        """Say whether asking is the agreement."""
        return decide(None, GrantAction.REQUEST, side, self._policy, 0) is GrantState.GRANTED

    async def _expire(self, _partition: int, member: str) -> None:
        thread, _, request = member.partition(" ")[2].rpartition("#")
        step = _Step(action=GrantAction.EXPIRE, request=int(request), role=Role.SYSTEM)
        try:
            await self._run(thread, step)
        except RefusedError as refused:
            if refused.refused.code != "wrong_state":
                raise
            # An agreement moved the deadline, or this clock is behind the store's: it stays due until it has passed.
            raise RefusedError(Refused("conflict")) from refused

    async def _run(self, thread: str, step: _Step) -> Done:
        def plan(head: Head, role: Role) -> Draft | Bounce | Refused:
            return self._act(step, head, role)

        content = f"{step.request}\n{step.email}"
        body_hash = self._commits.hash(f"access.{step.action}", content)
        author = Author(step.user, role=step.role, cid=step.cid, body_hash=body_hash, right="grant")
        done = await run(self._commits, thread, author, plan)
        self._commits.counters.grants[step.action.value] += not done.dup
        return done

    # --- plans

    def _ask(
        self, user: str, command: access.AccessRequest, side: Side, head: Head, role: Role
    ) -> Draft | Bounce | Refused:
        refused = self._closed(GrantAction.REQUEST, head, role)
        if refused is not None:
            return refused
        now_ms = self._now_ms()
        free_at = places_free_at(head.grants, self._policy, now_ms)
        if free_at:
            return Refused("rate.access_grant", free_at - now_ms)
        grant = ask(side, role, command.system, self._policy, now_ms)
        if isinstance(grant, Denied):
            return Refused(grant.code)
        screened = self._screening(command.purpose, Surface.ACCEPT_NOTE, head, user, now_ms)
        if not screened.passes:
            assert screened.policy is not None
            return Bounce(screened.policy)
        event = access.AccessRequested(
            by=user, cid=command.cid, holder=_user_of(head, grant.holder), system=grant.system, purpose=screened.text,
            hidden=screened.hidden, expires_at=grant.expires_at_ms, agreed=self._agrees(side),
        )  # fmt: skip
        rare = Rare(
            set={"rev": int(head.rev) + 1},
            clear=[f"grant:{request}" for request in bygone(head.grants, self._policy, now_ms)],
            by_seq=("grant:", write_grant(grant), grant.expires_at_ms, f"grant {head.thread}#"),
            audit=entry_of(
                "access.requested", user, head.state.value, screened.policy,
                system=grant.system, holder=grant.holder.value, grant=grant.state.value,
            ),
        )  # fmt: skip
        return Draft(events=[event], state=head.state.value, rare=rare, policy=screened.policy)

    def _act(self, step: _Step, head: Head, role: Role) -> Draft | Refused:
        refused = self._closed(step.action, head, role)
        if refused is not None:
            return refused
        grant = head.grants.get(step.request)
        if grant is None:
            return _NONE
        address = normalise_address(step.email) if step.action is GrantAction.SHARE else None
        hashed = "" if address is None else self._screening.hash_address(address)
        after = act(
            grant, step.action, side_of(role, grant.holder), self._policy, self._now_ms(), address=hashed
        )  # fmt: skip
        if isinstance(after, Denied):
            return Refused(after.code)
        if step.action is GrantAction.SHARE and address is None:
            return Refused("access.bad_address")
        event = self._event(step, after)
        timer = f"grant {head.thread}#{grant.request}"
        is_live = after.state in (GrantState.GRANTED, GrantState.SHARED)
        rare = Rare(
            set={"rev": int(head.rev) + 1, f"grant:{grant.request}": write_grant(after)},
            timers=[(after.expires_at_ms, timer)] if is_live else (),
            drop_timers=() if is_live else (timer,),
            audit=entry_of(
                str(event.__struct_config__.tag), step.user, head.state.value,
                request=grant.request, system=grant.system, grant=after.state.value,
            ),
        )  # fmt: skip
        return Draft(events=[event], state=head.state.value, rare=rare)

    def _event(self, step: _Step, grant: Grant) -> Event:
        if step.action is GrantAction.SHARE:
            event: Event = access.AccessShared(
                request=grant.request,
                system=grant.system,
                email=step.email,
                expires_at=grant.expires_at_ms,
                notice=access.KEEP_HERE,
            )
        else:
            event = _EVENTS[step.action](grant)
        event.by, event.cid = step.user, step.cid
        return event

    def _closed(self, action: GrantAction, head: Head, role: Role) -> Refused | None:
        """Refuse what the thread as a whole does not allow now; ending a grant is always allowed."""
        if action not in _OPENING:
            return None
        if not self._policy.is_enabled:
            return Refused("not_available")
        code = head.peer_code(role) if role in _PEOPLE else ""
        if code:
            return Refused(code)
        if may_share_contacts(head.relationship, head.state):
            return Refused("access.not_needed")
        return None if head.state.value in self._policy.states else Refused("access.not_open")


def grant_views(head: Head) -> list[access.GrantView]:
    """Show the grants of a thread, the oldest first."""
    return [
        access.GrantView(
            request=grant.request, state=grant.state.value, holder=_user_of(head, grant.holder),
            asked_by=_user_of(head, grant.requested_by), system=grant.system, expires_at=grant.expires_at_ms,
        )
        for _, grant in sorted(head.grants.items())
    ]  # fmt: skip


def _user_of(head: Head, role: Role) -> str:
    return head.client if role is Role.CLIENT else head.freelancer
