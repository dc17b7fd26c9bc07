"""From findings to a verdict: the policy applied to what the detectors found."""

from collections.abc import Sequence
from dataclasses import dataclass

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.verdict import ACTION_ORDER, LEARNED_GUESS, Action, Finding, Kind

_SHARE_CODES = {
    Kind.EMAIL: "policy.contact_email",
    Kind.PHONE: "policy.contact_phone",
    Kind.MESSENGER: "policy.contact_handle",
    Kind.SOCIAL: "policy.contact_handle",
    Kind.MEETING_LINK: "policy.external_meeting_link",
    Kind.WEBSITE: "policy.contact_form",
    Kind.PAYMENT: "policy.payment_offplatform",
    Kind.OFF_PLATFORM_REQUEST: "policy.contact_precontract",
    Kind.ADDRESS: "policy.contact_address",
}
_HINTS = {
    "policy.external_meeting_link": "call.request",
    "policy.offplatform_interview": "call.request",
    "policy.payment_offplatform": "conversion_fee",
    "policy.payment_request": "conversion_fee",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a text, before it is masked."""

    action: Action
    code: str | None = None
    final: bool = False
    hint: str | None = None
    notice: str | None = None
    masked: tuple[Finding, ...] = ()
    """Findings to mask, for ``redact``."""


def is_before_gate(policy: ScreeningPolicy, context: Context) -> bool:
    """Whether contact details are still closed; an unknown state counts as closed."""
    always = context.surface in policy.surfaces_before_gate_always
    return always or context.state not in policy.states_after_gate


def decide(policy: ScreeningPolicy, context: Context, findings: Sequence[Finding]) -> Decision:
    """The strongest action any certain finding calls for; doubtful ones count only without certain ones."""
    ruled = [(finding, *_rule(policy, context, finding)) for finding in findings if finding.score >= policy.doubtful]
    enforced = [
        entry
        for entry in ruled
        if entry[0].score >= policy.certain and ACTION_ORDER[entry[1]] > ACTION_ORDER[Action.NOTICE]
    ]
    considered = enforced or ruled
    if not considered:
        return Decision(Action.ALLOW)
    if enforced and len(findings) > policy.candidates_count and is_before_gate(policy, context):
        action = Action.HOLD if context.has_moderators else Action.BOUNCE
        return Decision(action, "policy.contact_precontract")
    finding, action, is_final = max(considered, key=lambda entry: ACTION_ORDER[entry[1]])
    if action in (Action.ALLOW, Action.NOTICE):
        return _delivered(policy, context, [entry[0] for entry in ruled], action)
    code = _code(finding, context)
    hint = _hint(policy, context, code, finding)
    if action is Action.REDACT and context.surface not in policy.surfaces_unmaskable:
        return Decision(action, code, hint=hint, masked=tuple(entry[0] for entry in enforced))
    if action is Action.REDACT:
        action = Action.BOUNCE
    return Decision(action, code, is_final and action is Action.BOUNCE, hint)


def _delivered(policy: ScreeningPolicy, context: Context, findings: Sequence[Finding], action: Action) -> Decision:
    """A text that passes as it is, with the notice that its findings call for."""
    if is_before_gate(policy, context):
        return Decision(action, notice=policy.notice_doubtful if action is Action.NOTICE else None)
    is_contact = any(each.score >= policy.certain and each.kind is not Kind.PAYMENT for each in findings)
    return Decision(action, notice=policy.notice_after_gate if is_contact else None)


def _rule(policy: ScreeningPolicy, context: Context, finding: Finding) -> tuple[Action, bool]:
    """Action for one finding, and whether a bounce is final."""
    is_payment = finding.kind is Kind.PAYMENT
    if is_payment and context.conversion != "none":
        return Action.ALLOW, False
    is_certain = finding.score >= policy.certain
    if not is_certain:
        situation = "guessed" if finding.reason == LEARNED_GUESS else "doubtful"
    else:
        situation = "request" if finding.intent != "share" else "obfuscated" if finding.is_obfuscated else "plain"
        if context.is_repeat and situation != "plain":
            situation += "_again"
    side = "before_gate" if is_before_gate(policy, context) else "after_gate"
    action = policy.actions["payment" if is_payment else "contact", side, situation]
    if action is Action.HOLD and not context.has_moderators:
        return (Action.BOUNCE, True) if is_certain else (Action.NOTICE, False)
    return action, False


def _code(finding: Finding, context: Context) -> str:
    if finding.intent == "share":
        if context.was_asked and finding.kind is not Kind.PAYMENT:
            return "policy.contact_answered"
        return _SHARE_CODES[finding.kind]
    if finding.kind is Kind.PAYMENT:
        return "policy.payment_request"
    return "policy.offplatform_interview" if finding.intent == "move" else "policy.contact_request"


def _hint(policy: ScreeningPolicy, context: Context, code: str, finding: Finding) -> str | None:
    if finding.kind is Kind.EMAIL and finding.intent == "share":
        return "access.request" if context.state in policy.states_access_grant else None
    return _HINTS.get(code)
