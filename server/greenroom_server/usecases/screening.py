"""Screening a text for a thread: the context from the head, the verdict as the wire shows it."""

from functools import cache
from typing import NamedTuple

import structlog

from greenroom_protocol.bases import PolicyView, Span
from greenroom_protocol.codes import ERRORS
from greenroom_server.domain.head import Head
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Conversion, Origin, may_pay_outside
from greenroom_server.domain.thread_state import ThreadState
from greenroom_server.screening.context import Context, Surface
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Verdict
from greenroom_server.telemetry.counters import Counters

log = structlog.get_logger()

_PASSES = (Action.ALLOW, Action.NOTICE, Action.REDACT)


class Screened(NamedTuple):
    """What may be delivered, and what to tell the sender."""

    passes: bool
    text: str
    hidden: list[Span]
    policy: PolicyView | None
    """None for an ordinary text."""


class Screening:
    """Screens texts that are written into threads."""

    def __init__(self, screen: Screen, policy: MarketplacePolicy, counters: Counters) -> None:
        self._screen = screen
        self._policy = policy
        self._counters = counters

    def __call__(self, text: str, surface: Surface, head: Head, sender: str, now_ms: int) -> Screened:
        """Screen one text as of this head."""
        if self._screen.is_plainly_clean(text):
            self._counters.verdicts["allow", ""] += 1
            return Screened(True, text, [], None)
        verdict = self._screen(text, self._context(surface, head, sender, now_ms))
        return self._screened(text, verdict)

    def before_thread(self, text: str, surface: Surface, pair_is_external: bool) -> Screened:
        """Screen a text that would open a thread."""
        return self._screened(
            text, self._screen(text, Context("direct", is_external=pair_is_external, surface=surface))
        )

    def _context(self, surface: Surface, head: Head, sender: str, now_ms: int) -> Context:
        pair = head.relationship
        conversion = pair.conversion
        if (
            conversion is Conversion.NONE
            and pair.first_contract_at_ms is not None
            and may_pay_outside(pair, self._policy, now_ms)
        ):
            conversion = Conversion.EXEMPT
        return _context(head.state, pair.origin is Origin.EXTERNAL, conversion, surface, sender in head.bounces)

    def _screened(self, text: str, verdict: Verdict) -> Screened:
        action = verdict.action
        if action is Action.ALLOW and verdict.notice is None:
            self._counters.verdicts["allow", ""] += 1
            return Screened(True, text, [], None)
        self._counters.verdicts[action.value, verdict.code or ""] += 1
        if verdict.has_failed:
            log.error("screening_failed", code=verdict.code)
        hidden = [Span(h.start, h.end, h.kind.value, h.reason) for h in verdict.hidden]
        return Screened(action in _PASSES, verdict.text, hidden, policy_view(verdict))


@cache
def _context(
    state: ThreadState, is_external: bool, conversion: Conversion, surface: Surface, is_repeat: bool
) -> Context:
    """Make each of the few contexts once; they are made for every message."""
    return Context(state.value, is_external, conversion.value, surface, is_repeat=is_repeat)


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
