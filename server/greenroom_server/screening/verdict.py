"""What screening answers: actions, kinds, findings and the verdict.

Source: server/docs/screening.md; protocol/spec (verdicts).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

Intent = Literal["share", "ask", "move"]

LEARNED_GUESS = "LEARNED_GUESS"
"""Reason of a finding that rests on nothing but the learned scorer's word, and not its surest."""
FILTER_FAILED = "FILTER_FAILED"
"""Reason of the one finding in a verdict that was made because screening itself failed."""


class Action(StrEnum):
    """What happens to the text; ``ACTION_ORDER`` ranks them from mild to strong."""

    ALLOW = "allow"
    NOTICE = "notice"
    REDACT = "redact"
    BOUNCE = "bounce"
    HOLD = "hold"


ACTION_ORDER = {action: rank for rank, action in enumerate(Action)}


class Kind(StrEnum):
    """Which means of direct contact a finding is about."""

    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"
    MEETING_LINK = "meeting_link"
    SOCIAL = "social"
    WEBSITE = "website"
    PAYMENT = "payment"
    OFF_PLATFORM_REQUEST = "off_platform_request"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the text shares or asks for a contact, or proposes to move elsewhere."""

    kind: Kind
    intent: Intent
    reason: str
    """Code of the rule, such as ``EMAIL_PLAIN``; a closed list in server/docs/screening.md."""
    score: float
    """How sure the rule is, 0 to 1."""
    start: int
    """First code point in the original text."""
    end: int
    """Code point after the last one in the original text; at least ``start``."""
    is_obfuscated: bool
    """Whether the identifier was written so that a plain reading would miss it."""
    evidence: tuple[str, ...] = ()
    """Short tokens such as ``ctx:call``; never a part of the text."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A placeholder in a masked text."""

    start: int
    """First code point in the *delivered* text."""
    end: int
    kind: Kind
    reason: str


class Retro(NamedTuple):
    """An earlier message that turned out to be a part of a contact, with that part masked."""

    seq: int
    text: str
    hidden: tuple[Hidden, ...]

    def __repr__(self) -> str:
        """All but the text."""
        return f"Retro(seq={self.seq}, hidden={len(self.hidden)})"


class Verdict(NamedTuple):
    """What may be delivered of one text, and why.

    A named tuple, not a dataclass: one is made for every text, and a frozen dataclass of this size costs
    more to make (1.7 us) than the whole look at a clean text.
    """

    action: Action
    text: str
    """What may be delivered: masked for ``redact``, the original for ``allow`` and ``notice``, else empty."""
    findings: tuple[Finding, ...]
    """Every finding above the record threshold, in order of appearance."""
    code: str | None
    """Wire code for the sender, such as ``policy.contact_email``; ``None`` when nothing was decided against."""
    final: bool
    """Whether sending the same again cannot help (``bounce`` only)."""
    hint: str | None
    """What the sender can do instead: a command such as ``access.request`` or ``call.request``."""
    notice: str | None
    """Notice to show beside a delivered text, such as ``notice.offplatform_risk``."""
    ruleset: str
    policy_version: str
    policy_state: str
    """State of the thread that the verdict was made under."""
    steps: int
    """Units of work spent; the caller stamps the latency."""
    hidden: tuple[Hidden, ...] = ()
    """Placeholders in ``text``, left to right; for ``redact`` only."""
    retro: tuple[Retro, ...] = ()
    """Earlier messages of the sender to mask, since this one completes a contact begun in them; oldest first."""

    def __repr__(self) -> str:
        """All but the text and where in it something was found."""
        reasons = ",".join(finding.reason for finding in self.findings)
        return f"Verdict({self.action}, reasons={reasons or None}, code={self.code}, state={self.policy_state})"

    @property
    def has_failed(self) -> bool:
        """Whether screening failed and this verdict only keeps the text from being delivered."""
        return any(finding.reason == FILTER_FAILED for finding in self.findings)
