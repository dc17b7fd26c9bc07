"""Floors on the development corpus; server/docs/screening.md reports the figures themselves."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Verdict

CORPUS = Path(__file__).parents[1] / "data" / "contact_dev.jsonl"
STOPPED = (Action.REDACT, Action.BOUNCE, Action.HOLD)

Judged = list[tuple[dict[str, Any], Verdict]]


def context_of(case: dict[str, Any]) -> Context:
    granted: frozenset[str] = frozenset()
    if case.get("context", {}).get("access_grant"):
        granted = frozenset(case["text"][start:end] for start, end in case.get("allowed_spans", ()))
    return Context("candidacy", granted_emails=granted)


@pytest.fixture(scope="module")
def judged() -> Judged:
    screen = Screen(ScreeningPolicy.default())
    cases = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    return [(case, screen(case["text"], context_of(case))) for case in cases if "text" in case]


def stopped(judged: Judged, **wanted: object) -> tuple[int, int]:
    verdicts = [verdict for case, verdict in judged if all(case.get(key) == value for key, value in wanted.items())]
    return sum(verdict.action in STOPPED for verdict in verdicts), len(verdicts)


def test_nothing_in_the_corpus_makes_screening_fail(judged: Judged) -> None:
    assert len(judged) > 700
    assert not [case["id"] for case, verdict in judged if verdict.has_failed]


def test_plain_violations_are_stopped(judged: Judged) -> None:
    caught, total = stopped(judged, label="violation", evasion="none")
    assert caught >= 0.97 * total
    assert not [
        case["id"]
        for case, verdict in judged
        if case["evasion"] == "none" and "email" in case["kinds"] and verdict.action not in STOPPED
    ]


def test_most_evasive_violations_are_stopped(judged: Judged) -> None:
    tiers = Counter(
        verdict.action in STOPPED
        for case, verdict in judged
        if case["label"] == "violation" and case["evasion"] not in ("none", "indirect")
    )
    assert tiers[True] >= 0.7 * tiers.total()


def test_clean_messages_pass(judged: Judged) -> None:
    wrong = [case["id"] for case, verdict in judged if case["label"] == "clean" and verdict.action in STOPPED]
    assert len(wrong) <= 2
    assert not [each for each in wrong if each.startswith("c")]


def test_masked_text_leaks_almost_nothing_of_plain_identifiers(judged: Judged) -> None:
    leaked = total = 0
    for case, verdict in judged:
        if case["evasion"] != "none" or verdict.action is not Action.REDACT:
            continue
        covered = {index for found in verdict.findings for index in range(found.start, found.end)}
        secret = {index for start, end in case["spans"] for index in range(start, end)}
        leaked += len(secret - covered)
        total += len(secret)
    assert total > 1_000
    assert leaked <= 0.01 * total


def test_what_is_plainly_clean_is_allowed_in_every_context() -> None:
    screen = Screen(ScreeningPolicy.default())
    cases = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    texts = [case["text"] for case in cases if "text" in case]
    plainly = [text for text in texts if screen.is_plainly_clean(text)]
    assert 50 < len(plainly) < len(texts)
    for text in plainly:
        for state in ("direct", "candidacy", "contract"):
            verdict = screen(text, Context(state))
            assert (verdict.action, verdict.text, verdict.findings, verdict.notice) == (Action.ALLOW, text, (), None)
