"""Screening a text for a thread: the context from the head, the verdict as the wire shows it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import structlog

from greenroom_protocol.bases import PolicyView, Span
from greenroom_protocol.codes import ERRORS
from greenroom_server.domain.access_grant import addresses_in
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Conversion, Origin, Relationship, may_pay_outside
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Context, Surface
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Finding, Retro, Verdict
from greenroom_server.store.records import write_grant
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.payment import payment_view
from greenroom_server.usecases.window import CHARS, Window

log = structlog.get_logger()

_ABOUT_PAYMENT = ("policy.payment_offplatform", "policy.payment_request")
_UNVERIFIED = "policy.origin_unverified"
_GRANTED_SURFACES = (Surface.MESSAGE, Surface.EDIT)
STRANGERS = Relationship()
HELD_SURFACES = frozenset({Surface.MESSAGE, Surface.INVITATION, Surface.PROPOSAL})
"""Where a text can wait for a moderator; elsewhere it bounces."""
_PASSES = (Action.ALLOW, Action.NOTICE, Action.REDACT)


class Screened(NamedTuple):
    """What may be delivered, and what to tell the sender."""

    passes: bool
    text: str
    hidden: list[Span]
    policy: PolicyView | None
    """None for an ordinary text."""
    grants: tuple[int, ...] = ()
    """Access grants whose address stands in the text; who delivers it marks them `spent`."""
    findings: tuple[Finding, ...] = ()
    retro: tuple[Retro, ...] = ()
    """Earlier messages of the sender to mask: this text completes a contact begun in them."""
    state: str = ""
    """Of the thread, as the verdict rests on it."""


class Screening:
    """Screens texts that are written into threads."""

    def __init__(self, screen: Screen, policy: MarketplacePolicy, counters: Counters) -> None:
        self._screen = screen
        self._policy = policy
        self._counters = counters
        self._has_moderators = policy.moderation.has_moderators
        self.hash_address: Callable[[str], str] = lambda _address: ""
        """Hashes a normalised address as the heads keep it; with the store's key."""

    def wants_window(self, text: str, head: Head) -> bool:
        """Say whether a text could be the end of a contact that is split over several messages."""
        if len(text) > CHARS or head.state.is_gate_open or not self._screen.is_fragment(text):
            return False
        return not (_is_external(head.relationship) or head.relationship.has_exempt_plan)

    def __call__(
        self, text: str, surface: Surface, head: Head, sender: str, now_ms: int, window: Window | None = None
    ) -> Screened:
        """Screen one text as of this head, and of what the sender wrote before where that was looked at."""
        if self._screen.is_plainly_clean(text):
            self._counters.verdicts["allow", ""] += 1
            return Screened(True, text, [], None)
        context = self._context(surface, head, sender, now_ms)
        granted = self._granted(text, surface, head, now_ms) if head.grants else {}
        if granted:
            context = replace(context, granted_emails=frozenset(granted))
        if window is not None and window.is_known and not granted and self._is_worth_joining(text, window):
            context = replace(context, earlier=window.earlier())
        screened = self._screened(text, self._screen(text, context), surface)
        if granted:
            screened = screened._replace(grants=tuple(sorted(set(granted.values()))))
        if screened.policy is not None and head.role_of(sender) is Role.FREELANCER:
            _hint_for_freelancer(screened.policy)
        if screened.policy is not None and screened.policy.code in _ABOUT_PAYMENT:
            screened.policy.payment = payment_view(head, self._policy, now_ms)
            if sender in head.declared and not screened.passes:  # their claim is still being looked at
                screened.policy.code, screened.policy.message = _UNVERIFIED, ERRORS[_UNVERIFIED].message
        return screened

    def _is_worth_joining(self, text: str, window: Window) -> bool:
        """Say whether short texts could be a contact together, or answer an ask; most are plain talk."""
        looked = (text, *window.joined(text), *window.said())
        return not all(self._screen.is_plainly_clean(each.ljust(CHARS + 1)) for each in looked)

    def before_thread(self, text: str, surface: Surface, pair: Relationship = STRANGERS) -> Screened:
        """Screen a text that would open a thread, or that is about no pair."""
        state = _standing(ThreadState.DIRECT, pair)
        has_moderators = self._has_moderators and surface is not Surface.COMMUNITY_POST
        context = _context(state, _is_external(pair), pair.conversion, surface, False, has_moderators)
        screened = self._screened(text, self._screen(text, context), surface)
        if screened.policy is not None and surface is Surface.PROPOSAL:
            _hint_for_freelancer(screened.policy)
        return screened

    def _granted(self, text: str, surface: Surface, head: Head, now_ms: int) -> dict[str, int]:
        """Give the addresses of a message that a grant covers now, and by which request."""
        policy = self._policy.access_grants
        if surface not in _GRANTED_SURFACES or not policy.is_enabled or head.state.value not in policy.states:
            return {}
        covering = {grant.address: grant.request for grant in head.grants.values() if grant.covers(policy, now_ms)}
        if not covering:
            return {}
        hashed = {address: self.hash_address(address) for address in addresses_in(text)}
        return {address: covering[key] for address, key in hashed.items() if key in covering}

    def _context(self, surface: Surface, head: Head, sender: str, now_ms: int) -> Context:
        pair = head.relationship
        conversion = pair.conversion
        if (
            conversion is Conversion.NONE
            and pair.first_contract_at_ms is not None
            and may_pay_outside(pair, self._policy, now_ms)
        ):
            conversion = Conversion.EXEMPT
        is_repeat = sender in head.bounces
        state = _standing(head.state, pair)
        return _context(state, _is_external(pair), conversion, surface, is_repeat, self._has_moderators)

    def _screened(self, text: str, verdict: Verdict, surface: Surface) -> Screened:
        if verdict.action is Action.HOLD and surface not in HELD_SURFACES:
            verdict = verdict._replace(action=Action.BOUNCE)
        action = verdict.action
        if action is Action.ALLOW and verdict.notice is None:
            self._counters.verdicts["allow", ""] += 1
            return Screened(True, text, [], None)
        self._counters.verdicts[action.value, verdict.code or ""] += 1
        if verdict.has_failed:
            self._counters.filter_failures += 1
            log.error("screening_failed", code=verdict.code)
        hidden = [Span(h.start, h.end, h.kind.value, h.reason) for h in verdict.hidden]
        return Screened(
            action in _PASSES, verdict.text, hidden, policy_view(verdict), findings=verdict.findings,
            retro=verdict.retro, state=verdict.policy_state,
        )  # fmt: skip


def _standing(state: ThreadState, pair: Relationship) -> ThreadState:
    """Give the state that the filter judges by: an exempt plan opens the gate, and only that."""
    return ThreadState.CONTRACT if pair.has_exempt_plan and not state.is_gate_open else state


def _hint_for_freelancer(policy: PolicyView) -> None:
    """Before a contract the client alone asks for calls; a freelancer can say that they would like one."""
    if policy.hint == "call.request":
        policy.hint = "call.hint"


def _is_external(pair: Relationship) -> bool:
    return pair.origin is Origin.EXTERNAL


@cache
def _context(
    state: ThreadState, is_external: bool, conversion: Conversion, surface: Surface, is_repeat: bool,
    has_moderators: bool,
) -> Context:  # fmt: skip
    """Make each of the few contexts once; they are made for every message."""
    return Context(state.value, is_external, conversion.value, surface, has_moderators, is_repeat)


def spent(head: Head, requests: Sequence[int]) -> dict[str, str | int]:
    """Give the fields of a head in which each of some grants was used once more; none changes nothing."""
    if not requests:
        return {}
    grants = [replace(grant, uses=grant.uses + 1) for request in requests if (grant := head.grants.get(request))]
    fields: dict[str, str | int] = {f"grant:{grant.request}": write_grant(grant) for grant in grants}
    return fields | {"rev": int(head.rev) + 1} if fields else fields


def policy_view(verdict: Verdict) -> PolicyView:
    """Show a verdict as the wire does."""
    code = verdict.code or ""
    return PolicyView(
        action=verdict.action.value,
        spans=[Span(f.start, f.end, f.kind.value, f.reason) for f in verdict.findings],
        code=code,
        message=ERRORS[code].message if code in ERRORS else "",
        hint=verdict.hint or "",
        notice=verdict.notice or "",
        final=verdict.final,
        version=verdict.policy_version,
    )
