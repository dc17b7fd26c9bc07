"""The place of the learned scorer among the rules: when it is asked, and what its answer changes.

It is not asked where a rule is certain of an address or an account. A high score is a finding of its own; a low one
takes back what rules found in words alone, and a very low one figures that only look like a number to call or to pay.

Source: server/docs/filter.md, The learned scorer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final, Protocol

from greenroom_server.screening.model.scorer import Score, Scorer
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.verdict import LEARNED_GUESS, Finding, Kind

LEARNED_INTENT: Final = "LEARNED_INTENT"
REFUTABLE: Final = frozenset({Kind.PHONE, Kind.PAYMENT, Kind.WEBSITE})
"""Kinds whose shape honest talk has, too: part numbers, ids, sites; the words around them tell."""


class Judge(Protocol):
    """What the filter needs of a scorer."""

    def __call__(self, text: str, found: Iterable[str] = ()) -> Score:
        """Judge a normalised text, given the reasons of what rules found."""
        ...


@cache
def shipped_scorer() -> Scorer | None:
    """Give the scorer that ships with the package; None while it has no weights."""
    weights = files("greenroom_server.screening.model") / "weights.tsv"
    return Scorer.load() if weights.is_file() else None


def is_settled(policy: ScreeningPolicy, findings: Sequence[Finding], *, was_asked: bool = False) -> bool:
    """Whether a rule is so certain of an identifier that nothing is left to judge.

    Args:
        was_asked: the other side asked for a contact just before; figures are then what they look like.
    """
    return any(was_asked or finding.kind not in REFUTABLE for finding in findings if is_firm(policy, finding))


def is_firm(policy: ScreeningPolicy, finding: Finding) -> bool:
    """Whether a rule is certain of an identifier; only a very low score takes one of the `REFUTABLE` kinds back."""
    return finding.score >= policy.certain and finding.intent == "share"


def judged(
    policy: ScreeningPolicy, scorer: Judge, text: str, length: int, findings: Sequence[Finding]
) -> list[Finding]:
    """Give the findings after the scorer was asked.

    Args:
        text: as the normaliser reads it.
        length: code points of the original.
        findings: of the rules, not settled.
    """
    score = scorer(text, [finding.reason for finding in findings])
    if score.value >= policy.learned_doubtful:
        if any(each.score >= policy.certain for each in findings):
            return list(findings)  # rules say the same, and they know the place
        value = max(score.value, policy.certain) if score.value >= policy.learned_bounce else policy.doubtful
        # Talk of payment alone stays in its class, which outlives the gate and ends with the fee.
        is_payment = bool(findings) and all(each.kind is Kind.PAYMENT for each in findings)
        kind = Kind.PAYMENT if is_payment else Kind.OFF_PLATFORM_REQUEST
        reason = LEARNED_INTENT if score.value >= policy.learned_hold else LEARNED_GUESS
        return [*findings, Finding(kind, "move", reason, round(value, 3), 0, length, False, score.top)]
    if score.value < policy.learned_veto:
        weak = policy.recorded
        return [
            replace(each, score=weak, evidence=(*each.evidence, "learned:veto"))
            if each.score > weak and (score.value < policy.learned_refute or not is_firm(policy, each))
            else each
            for each in findings
        ]
    return list(findings)


def in_pieces(policy: ScreeningPolicy, score: Score, length: int) -> Finding:
    """Give the finding that a text ends an ask or a move begun in earlier messages; a guess, however sure."""
    evidence = (*score.top, "split")
    return Finding(Kind.OFF_PLATFORM_REQUEST, "move", LEARNED_GUESS, policy.doubtful, 0, length, False, evidence)
