"""The contact filter: one text and its context in, one verdict out.

Source: server/docs/screening.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from greenroom_server.screening.context import Context
from greenroom_server.screening.decide import Decision, decide, is_before_gate
from greenroom_server.screening.detect import Detectors
from greenroom_server.screening.learned import Judge, in_pieces, is_settled, judged, shipped_scorer
from greenroom_server.screening.lexicon import load_lexicon
from greenroom_server.screening.masking import mask
from greenroom_server.screening.normalise import ALTERED, View, normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.prefilter import Prefilter, Trigger
from greenroom_server.screening.regions import confirmed
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
from greenroom_server.screening.window import Window

_TURNS = 3
"""Messages back to which a contact may be an answer."""
_ASKED = 0.3
"""What a contact gains by being asked for."""
_ASKING = 0.8
"""Score of the learned scorer from which on a line that was delivered is taken for an ask."""
_ALLOW = Action.ALLOW
_DISGUISED = 3
"""Altered characters from which on a text is looked at by all detectors."""


class Screen:
    """Judges texts; built once from a policy, immutable, safe to share.

    A call is pure: the same text and context give the same verdict. It never raises.
    """

    def __init__(self, policy: ScreeningPolicy, scorer: Judge | Literal["shipped"] | None = "shipped") -> None:
        """Read the word lists and compile the detectors; takes some tens of milliseconds.

        Args:
            scorer: judges intent where rules are not certain; None leaves everything to the rules.
        """
        lexicon = load_lexicon()
        self._policy = policy
        self._scorer = shipped_scorer() if scorer == "shipped" else scorer
        self._is_worth: Callable[[str], bool] = getattr(self._scorer, "is_worth", lambda _: False)
        self._ruleset = lexicon.version
        self._version = policy.version
        self._limit = policy.text_code_points
        self._strict = tuple(policy.surfaces_strict)
        self._prefilter = Prefilter(lexicon)
        self._detectors = Detectors(lexicon, policy)
        self._window = Window(policy, lexicon, self._detectors.digits)

    def is_plainly_clean(self, text: str) -> bool:
        """Say whether a text is such that every verdict on it, in any context, is a plain ``allow``.

        A short cut for the caller that sends most texts: no context and no verdict has to be made for them.
        """
        if not text.isascii() or len(text) > self._limit or self._window.is_fragment(text):
            return False
        lowered = text.lower()
        return not self._prefilter(lowered) and not self._is_worth(lowered)

    def is_fragment(self, text: str) -> bool:
        """Say whether a text could be a piece of a contact, so that `Context.earlier` should be read for it."""
        return self._window.is_fragment(text)

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
            is_split = bool(context.earlier) and self._window.is_fragment(text)
            view = normalise(text)
            triggers = self._prefilter(view.text)
            if is_split and (triggers or self._window.has_mark(text)) and self._was_asked(context):
                context = replace(context, was_asked=True)
            is_open = is_split or triggers or context.surface in self._strict or _is_disguised(view)
            if not is_open and (self._scorer is None or not self._is_worth(view.text)):
                # Most traffic ends here.
                return self._clean(text, context, length)
            steps = Steps(self._policy.steps_base + self._policy.steps_per_code_point * length)
            findings = self._findings(text, view, triggers, context, steps, self._scorer)
            verdict = self._verdict(text, context, findings, steps) if findings else None
            if is_split and (verdict is None or verdict.action not in (Action.BOUNCE, Action.HOLD)):
                verdict = self._completed(text, context, findings, steps) or verdict
            return verdict or self._clean(text, context, steps.spent)
        except Exception as error:  # noqa: BLE001 - the promise of this class; the caller alerts on has_failed
            spent = steps.spent if steps is not None else 0
            return self._failed(context, spent, f"error:{type(error).__name__}", "policy.filter_failed")

    def _findings(
        self, text: str, view: View, triggers: int, context: Context, steps: Steps, scorer: Judge | None
    ) -> Sequence[Finding]:
        steps.spend(len(text))
        if _is_disguised(view):
            triggers |= Trigger.FRAGMENTS
        findings: Sequence[Finding] = self._detectors.find(view, text, triggers, steps) if triggers else ()
        if context.surface in self._strict:
            findings = [*findings, *self._detectors.find_strict(view, steps)]
        if context.regions and findings:
            findings = confirmed(self._policy, text, context.regions, findings)
        is_open = scorer is not None and not is_settled(self._policy, findings, was_asked=context.was_asked)
        if scorer is not None and is_open and (findings or self._is_worth(view.text)):
            steps.spend(4 * len(text))
            findings = judged(self._policy, scorer, view.text, len(text), findings)
        if context.was_asked:
            findings = self._answering(view, findings, steps)
        granted = context.granted_emails if context.state in self._policy.states_access_grant else ()
        return [
            finding
            for finding in findings
            if finding.score >= self._policy.recorded and not (granted and _is_granted(text, finding, granted))
        ]

    def _was_asked(self, context: Context) -> bool:
        """Whether the other side has just asked for a contact, and that was delivered."""
        if not is_before_gate(self._policy, context):
            return False
        steps = Steps(self._policy.steps_base + self._policy.steps_per_code_point * self._limit)
        for line in context.earlier[-_TURNS:]:
            if line.is_own or len(line.text) > self._policy.window_code_points:
                continue
            view = normalise(line.text)
            triggers = self._prefilter(view.text)
            found = self._detectors.find(view, line.text, triggers, steps) if triggers else ()
            if any(each.intent == "ask" and each.score >= self._policy.doubtful for each in found):
                return True
            if self._scorer is not None and self._scorer(view.text, [each.reason for each in found]).value >= _ASKING:
                return True
        return False

    def _answering(self, view: View, findings: Sequence[Finding], steps: Steps) -> Sequence[Finding]:
        """Findings in a short answer to an ask: a bare name is meant as a contact, and what is doubtful is less so."""
        if not any(each.score >= self._policy.doubtful for each in findings):
            findings = [*findings, *self._detectors.find_strict(view, steps)]
        return [
            replace(each, score=round(min(1.0, each.score + _ASKED), 2), evidence=(*each.evidence, "ctx:asked"))
            if each.intent == "share" and each.kind is not Kind.PAYMENT
            else each
            for each in findings
        ]

    def _completed(self, text: str, context: Context, findings: Sequence[Finding], steps: Steps) -> Verdict | None:
        """The verdict on a text that completes a contact begun in earlier messages, if it does."""
        if not is_before_gate(self._policy, context):
            return None
        steps = Steps(self._policy.steps_base + self._policy.steps_per_code_point * self._limit)

        def scan(joined: str) -> Sequence[Finding]:
            view = normalise(joined)
            return self._detectors.find(view, joined, self._prefilter(view.text) | Trigger.FRAGMENTS, steps)

        split = self._window.find(text, context.earlier, scan)
        if split is None:
            return self._continued(text, context, findings, steps)
        if not split.retro and self._is_masked(split.finding, findings):
            return None
        verdict = self._verdict(text, context, [*findings, split.finding], steps)
        return verdict._replace(retro=split.retro)

    def _continued(self, text: str, context: Context, findings: Sequence[Finding], steps: Steps) -> Verdict | None:
        """The verdict on the last piece of an ask or a move that was cut into pieces, if the scorer sees one."""
        if self._scorer is None or any(each.score >= self._policy.doubtful for each in findings):
            return None
        for joined in self._window.joined(text, context.earlier):
            view = normalise(joined)
            steps.spend(5 * len(joined))
            if not self._is_worth(view.text):
                continue
            score = self._scorer(view.text)
            if score.value >= self._policy.learned_doubtful:
                return self._verdict(text, context, [*findings, in_pieces(self._policy, score, len(text))], steps)
        return None

    def _is_masked(self, found: Finding, findings: Sequence[Finding]) -> bool:
        """Whether a place in this text is masked anyway, so that it completes nothing."""
        sure = [each for each in findings if each.score >= self._policy.certain and each.intent == "share"]
        return any(each.start < found.end and found.start < each.end for each in sure)

    def _verdict(self, text: str, context: Context, findings: Sequence[Finding], steps: Steps) -> Verdict:
        decision = decide(self._policy, context, findings)
        delivered = text
        hidden: tuple[Hidden, ...] = ()
        if decision.action is Action.REDACT:
            delivered, hidden = mask(text, decision.masked, self._policy.placeholders)
            again = self._left(delivered, hidden, context, steps)
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

    def _left(self, delivered: str, hidden: Sequence[Hidden], context: Context, steps: Steps) -> Decision:
        """What would be decided about a masked text."""
        bare = delivered
        for each in hidden:
            bare = bare[: each.start] + "\0" * (each.end - each.start) + bare[each.end :]
        if not self._prefilter(normalise(bare).text):
            return Decision(Action.ALLOW)
        view = normalise(delivered)
        left = self._findings(delivered, view, self._prefilter(view.text), context, steps, None)
        return decide(self._policy, context, left)

    def _clean(self, text: str, context: Context, spent: int) -> Verdict:
        ruleset, version = self._ruleset, self._version
        return Verdict(_ALLOW, text, (), None, False, None, None, ruleset, version, context.state, spent)

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


def _is_disguised(view: View) -> bool:
    """Whether so much of a text was altered that all detectors look at it."""
    return view.marks is not None and view.marks.count(ALTERED) >= _DISGUISED


def _is_granted(text: str, finding: Finding, granted: frozenset[str] | tuple[()]) -> bool:
    """Whether a finding is exactly a granted address, plainly written."""
    if finding.kind is not Kind.EMAIL or finding.is_obfuscated or finding.intent != "share":
        return False
    address = normalise(text[finding.start : finding.end]).text.removeprefix("mailto:")
    return any(normalise(each).text.strip() == address for each in granted)
