"""The contact filter: one text and its context in, one verdict out.

Source: server/docs/screening.md.
"""

from collections.abc import Sequence

from greenroom_server.screening.context import Context
from greenroom_server.screening.decide import Decision, decide
from greenroom_server.screening.detect import Detectors
from greenroom_server.screening.lexicon import load_lexicon
from greenroom_server.screening.masking import mask
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.prefilter import Prefilter
from greenroom_server.screening.scan import Steps
from greenroom_server.screening.verdict import (
    ACTION_ORDER,
    FILTER_FAILED,
    Action,
    Finding,
    Hidden,
    Kind,
    Verdict,
)


class Screen:
    """Judges texts; built once from a policy, immutable, safe to share.

    A call is pure: the same text and context give the same verdict. It never raises.
    """

    def __init__(self, policy: ScreeningPolicy) -> None:
        """Read the word lists and compile the detectors; takes some tens of milliseconds."""
        lexicon = load_lexicon()
        self._policy = policy
        self._ruleset = lexicon.version
        self._version = policy.version
        self._limit = policy.text_code_points
        self._prefilter = Prefilter(lexicon)
        self._detectors = Detectors(lexicon, policy)

    def is_plainly_clean(self, text: str) -> bool:
        """Say whether a text is such that every verdict on it, in any context, is a plain ``allow``.

        A short cut for the caller that sends most texts: no context and no verdict has to be made for them.
        """
        return text.isascii() and len(text) <= self._limit and not self._prefilter(text.lower())

    def __call__(self, text: str, context: Context) -> Verdict:
        """Judge one text.

        Returns:
            What may be delivered and why. An error inside, or a text that is too long or takes too many
            steps, gives ``hold`` where moderators exist and ``bounce`` otherwise, with the single finding
            ``FILTER_FAILED``: nothing is delivered because something crashed.
        """
        length = len(text)
        steps: Steps | None = None
        try:
            if context.is_external or not text:
                return self._clean(text, context, 0)
            if length > self._limit:
                return self._failed(context, 0, "limit:length", "policy.unscannable")
            if text.isascii() and not self._prefilter(text.lower()):
                # Most traffic ends here; the rest can afford to pass the prefilter twice.
                return self._clean(text, context, length)
            steps = Steps(self._policy.steps_base + self._policy.steps_per_code_point * length)
            findings = self._findings(text, context, steps)
            if not findings:
                return self._clean(text, context, steps.spent)
            return self._verdict(text, context, findings, steps)
        except Exception as error:  # noqa: BLE001 - the promise of this class; the caller alerts on has_failed
            spent = steps.spent if steps is not None else 0
            return self._failed(context, spent, f"error:{type(error).__name__}", "policy.filter_failed")

    def _findings(self, text: str, context: Context, steps: Steps) -> Sequence[Finding]:
        steps.spend(len(text))
        view = normalise(text)
        triggers = self._prefilter(view.text)
        if not triggers:
            return ()
        findings = self._detectors.find(view, len(text), triggers, steps)
        granted = context.granted_emails if context.state in self._policy.states_access_grant else ()
        return [
            finding
            for finding in findings
            if finding.score >= self._policy.recorded and not (granted and _is_granted(text, finding, granted))
        ]

    def _verdict(self, text: str, context: Context, findings: Sequence[Finding], steps: Steps) -> Verdict:
        decision = decide(self._policy, context, findings)
        delivered = text
        hidden: tuple[Hidden, ...] = ()
        if decision.action is Action.REDACT:
            delivered, hidden = mask(text, decision.masked, self._policy.placeholders)
            again = decide(self._policy, context, self._findings(delivered, context, steps))
            if ACTION_ORDER[again.action] >= ACTION_ORDER[Action.REDACT]:
                # What is left would not pass by itself, so masking did not make the text safe.
                decision = Decision(Action.BOUNCE, decision.code, hint=decision.hint)
        if decision.action in (Action.BOUNCE, Action.HOLD):
            delivered, hidden = "", ()
        return Verdict(
            decision.action,
            delivered,
            tuple(findings),
            decision.code,
            decision.final,
            decision.hint,
            decision.notice,
            self._ruleset,
            self._version,
            context.state,
            steps.spent,
            hidden,
        )

    def _clean(self, text: str, context: Context, spent: int) -> Verdict:
        return Verdict(
            Action.ALLOW, text, (), None, False, None, None, self._ruleset, self._version, context.state, spent
        )

    def _failed(self, context: Context, spent: int, evidence: str, code: str) -> Verdict:
        action = Action.HOLD if context.has_moderators else Action.BOUNCE
        finding = Finding(Kind.OFF_PLATFORM_REQUEST, "share", FILTER_FAILED, 0.0, 0, 0, False, (evidence,))
        return Verdict(
            action,
            "",
            (finding,),
            code,
            False,
            None,
            None,
            self._ruleset,
            self._version,
            context.state,
            spent,
        )


def _is_granted(text: str, finding: Finding, granted: frozenset[str] | tuple[()]) -> bool:
    """Whether a finding is exactly a granted address, plainly written."""
    if finding.kind is not Kind.EMAIL or finding.is_obfuscated or finding.intent != "share":
        return False
    address = normalise(text[finding.start : finding.end]).text.removeprefix("mailto:")
    return any(normalise(each).text.strip() == address for each in granted)
