"""Trains the learned scorer, and says how it does on batches that it has not seen.

`make train` runs it, with the dependency group `train`. A batch is a file of labelled messages by one hand; its first
line names its brief, its date and its size. A text whose normalised form occurs in an earlier batch is refused, so that
what is left out is unseen. The report leaves out one batch after the other.

Source: server/docs/filter.md, The learned scorer.
"""

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from greenroom_server.screening.context import Context
from greenroom_server.screening.learned import is_firm, is_settled
from greenroom_server.screening.model.clusters import Clusters
from greenroom_server.screening.model.reading import NEXT, Reader, encoded, plain
from greenroom_server.screening.model.scorer import Scorer
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action

STATE: Final = "candidacy"
TIERS: Final = ("plain", "evasive", "easy", "hard")
"""Single messages that can be judged without a context; sequences and grants are for the window and the policy."""
LEAST_WORD: Final = 2
LEAST_FEATURE: Final = 2
STRENGTH: Final = 1.0
"""Inverse of the regularisation."""
SMOOTHING: Final = 0.1
LEAST_RATIO: Final = 0.1
"""A feature counts by how unevenly the two classes have it (Wang and Manning, 2012); none by less than this."""
WORTH: Final = {"hard": 1.5, "easy": 2.0}
"""How much a text of a tier counts; look-alikes are what a filter must not stop."""
SCALE: Final = {NEXT: 1.5}
"""How much a block of features counts against the others; folded into the weights."""
REFUTE: Final = ScreeningPolicy.default().learned_refute
LEAST_WEIGHT: Final = 0.03
"""Weights below are left out of the file."""
NEARLY_ALL: Final = 0.9
"""Share of what only the model stops that a glance must not miss."""
WORKERS: Final = 2
"""Processes that judge what was left out."""
CLUSTERS: Final = Clusters.shipped()


class TrainingError(Exception):
    """The batches cannot be used."""


@dataclass(slots=True)
class Text:
    """One labelled message, and what the rules alone make of it."""

    batch: str
    text: str
    is_violation: bool
    tier: str
    lang: str
    found: tuple[str, ...] = ()
    is_stopped: bool = False
    """By a rule."""
    is_settled: bool = False
    """A rule is certain of an address, so the model is not asked."""
    is_firm: bool = False
    """A rule is certain of an identifier; a very low score takes it back."""
    glance: float = 0.0
    score: float = 0.0
    """By a model that has not seen its batch."""


@dataclass(slots=True)
class Batch:
    """One file."""

    name: str
    brief: str
    texts: list[Text] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Ids of texts that occur in an earlier batch, too."""


def read_batches(folder: Path) -> list[Batch]:
    """Read all batches.

    Raises:
        TrainingError: a header does not fit.
    """
    batches: list[Batch] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl")):
        header, *rows = map(json.loads, path.read_text("utf-8").splitlines())
        if not {"batch", "brief", "date", "n"} <= set(header) or header["n"] != len(rows):
            raise TrainingError(f"{path.name}: the first line must name batch, brief, date and n = {len(rows)}")
        batch = Batch(header["batch"], header["brief"])
        for row in rows:
            if "text" not in row or row["tier"] not in TIERS:
                continue
            key = plain(normalise(row["text"]).text)
            if seen.setdefault(key, batch.name) != batch.name:
                batch.refused.append(row["id"])
                continue
            batch.texts.append(
                Text(batch.name, row["text"], row["label"] == "violation", row["tier"], row.get("lang", "?"))
            )
        batches.append(batch)
    return batches


def judge_by_rules(texts: Iterable[Text]) -> list[str]:
    """Run the rules alone; gives the names of all that found something."""
    policy = ScreeningPolicy.default()
    screen = Screen(policy, scorer=None)
    context = Context(STATE)
    names: Counter[str] = Counter()
    for each in texts:
        verdict = screen(each.text, context)
        each.found = tuple(dict.fromkeys(finding.reason for finding in verdict.findings))
        each.is_stopped = verdict.action is not Action.ALLOW
        each.is_settled = is_settled(policy, verdict.findings)
        each.is_firm = any(is_firm(policy, finding) for finding in verdict.findings)
        names.update(each.found)
    return sorted(names)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model, before it is written."""

    words: list[str]
    rules: list[str]
    bias: float
    weights: dict[int, float]
    worth: float = 0.0

    def written(self, version: str) -> str:
        """Give the file that `Scorer.parse` reads."""
        rows = (
            f"{np.base_repr(feature, 36).lower()}\t{weight:.3f}" for feature, weight in sorted(self.weights.items())
        )
        return (
            "\n".join(
                (version, " ".join(self.words), " ".join(self.rules), f"{self.bias:.4f}", f"{self.worth:.3f}", *rows)
            )
            + "\n"
        )


def fit(texts: Sequence[Text], rules: list[str]) -> Model:
    """Fit a model to some texts."""
    plains = [plain(normalise(each.text).text) for each in texts]
    words = _words(plains)
    reader = Reader(words, CLUSTERS)
    numbers = {name: number for number, name in enumerate(rules)}
    rows = [reader.features(p, [numbers[name] for name in t.found]) for p, t in zip(plains, texts, strict=True)]
    often = Counter(each for row in rows for block, features in row for each in {(block, f) for f in features})
    columns = {each: i for i, each in enumerate(each for each, n in often.items() if n >= LEAST_FEATURE)}
    data, indices, ends = [], [], [0]
    for row in rows:
        for block, features in row:
            scale = SCALE.get(block, 1.0) / math.sqrt(len(features))
            known = [columns[block, feature] for feature in features if (block, feature) in columns]
            indices += known
            data += [scale] * len(known)
        ends.append(len(indices))
    matrix = csr_matrix((data, indices, ends), shape=(len(rows), len(columns)), dtype=np.float64)
    matrix.sum_duplicates()
    labels = np.array([each.is_violation for each in texts])
    worth = np.array([WORTH.get(each.tier, 1.0) for each in texts])
    ratio = _ratio(matrix, labels, worth)
    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=400).fit(
        (matrix @ diags(ratio)).tocsr(), labels, sample_weight=worth
    )
    coefficients = fitted.coef_[0] * ratio
    found = {
        encoded(block, feature): float(coefficients[i]) * SCALE.get(block, 1.0)
        for (block, feature), i in columns.items()
    }
    weights = {feature: weight for feature, weight in found.items() if abs(weight) >= LEAST_WEIGHT}
    return Model(words, rules, float(fitted.intercept_[0]), weights)


def _ratio(matrix: Any, labels: Any, worth: Any) -> Any:
    """Give how unevenly each feature is spread: the magnitude of the logarithm of its shares in the two classes."""
    bad = np.asarray(matrix[labels].multiply(worth[labels, None]).sum(0)).ravel() + SMOOTHING
    good = np.asarray(matrix[~labels].multiply(worth[~labels, None]).sum(0)).ravel() + SMOOTHING
    return np.abs(np.log((bad / bad.sum()) / (good / good.sum()))) + LEAST_RATIO


def _words(plains: Iterable[str]) -> list[str]:
    often: Counter[str] = Counter()
    for text in plains:
        often.update(Reader.words(text))
    return sorted(word for word, n in often.items() if n >= LEAST_WORD)


def leave_one_out(batches: Sequence[Batch], rules: list[str]) -> None:
    """Score every text by a model that was fitted to the other batches."""
    judged = Parallel(n_jobs=WORKERS)(delayed(_judge_left_out)(batches, i, rules) for i in range(len(batches)))
    for left_out, scores in zip(batches, judged, strict=True):
        for each, (score, glance) in zip(left_out.texts, scores, strict=True):
            each.score, each.glance = score, glance


def _judge_left_out(batches: Sequence[Batch], left_out: int, rules: list[str]) -> list[tuple[float, float]]:
    others = [text for i, batch in enumerate(batches) if i != left_out for text in batch.texts]
    scorer = Scorer.parse(fit(others, rules).written("fold"))
    scores: list[tuple[float, float]] = []
    for each in batches[left_out].texts:
        read = normalise(each.text).text
        scores.append((scorer(read, each.found).value, scorer.glance(read)))
    return scores


def is_stopped(text: Text, bounce: float, veto: float) -> bool:
    """Say what rules and model together do, as `learned.py` does."""
    if text.is_settled:
        return text.is_stopped
    return text.score >= bounce or (text.is_stopped and text.score >= (REFUTE if text.is_firm else veto))


def report(batches: Sequence[Batch], bounce: float, veto: float) -> dict[str, Any]:
    """Count what is stopped at these thresholds, batch by batch, each by a model that has not seen it."""

    def shares(texts: Sequence[Text]) -> dict[str, Any]:
        found = {}
        for tier in TIERS:
            of_tier = [each for each in texts if each.tier == tier]
            if of_tier:
                stopped = sum(is_stopped(each, bounce, veto) for each in of_tier)
                by_rules = sum(each.is_stopped for each in of_tier)
                found[tier] = {"n": len(of_tier), "stopped": stopped, "by_rules": by_rules}
        return found

    per_batch = {batch.name: shares(batch.texts) for batch in batches}
    everybody = [text for batch in batches for text in batch.texts]
    of_lang: dict[str, list[Text]] = {}
    for text in everybody:
        if text.is_violation:
            of_lang.setdefault(text.lang, []).append(text)
    return {
        "bounce": bounce,
        "veto": veto,
        "refused": [name for batch in batches for name in batch.refused],
        "mean_over_batches": {tier: round(_mean(per_batch, tier), 4) for tier in TIERS},
        "batches": per_batch,
        "languages": {
            lang: {"n": len(texts), "stopped": sum(is_stopped(each, bounce, veto) for each in texts)}
            for lang, texts in sorted(of_lang.items())
        },
    }


def _mean(per_batch: dict[str, dict[str, Any]], tier: str) -> float:
    return float(np.mean([found[tier]["stopped"] / found[tier]["n"] for found in per_batch.values() if tier in found]))


def thresholds_for(batches: Sequence[Batch], most_hard: float, most_easy: float) -> tuple[float, float]:
    """Find the thresholds that stop most violations, and at most these shares of the clean texts."""
    everybody = [text for batch in batches for text in batch.texts]
    hard = [text for text in everybody if text.tier == "hard"]
    easy = [text for text in everybody if text.tier == "easy"]
    violations = [text for text in everybody if text.is_violation]
    best = (0, 1.0, 0.0)
    for veto in np.arange(REFUTE, 0.65, 0.05):
        for bounce in np.arange(0.6, 1.0, 0.01):
            stopped_hard = sum(is_stopped(text, bounce, veto) for text in hard)
            stopped_easy = sum(is_stopped(text, bounce, veto) for text in easy)
            if stopped_hard <= most_hard * len(hard) and stopped_easy <= most_easy * len(easy):
                stopped = sum(is_stopped(text, bounce, veto) for text in violations)
                best = max(best, (stopped, float(bounce), float(veto)), key=lambda found: found[0])
                break
    return round(best[1], 2), round(best[2], 2)


def worth_for(batches: Sequence[Batch], bounce: float) -> float:
    """Find the glance that nearly all of what only the model stops has; 0 if it stops nothing by itself."""
    found = sorted(
        text.glance
        for batch in batches
        for text in batch.texts
        if text.is_violation and not text.found and text.score >= bounce
    )
    return found[int((1 - NEARLY_ALL) * len(found))] if found else 0.0


def main() -> int:
    """Train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("weights.tsv"))
    parser.add_argument("--report", type=Path)
    parser.add_argument("--version", default="1")
    parser.add_argument("--most-hard", type=float, default=0.02, help="stopped share of the hard clean texts, 0..1")
    parser.add_argument("--most-easy", type=float, default=0.002, help="stopped share of the ordinary texts, 0..1")
    parser.add_argument("--only-report", action="store_true")
    arguments = parser.parse_args()
    batches = read_batches(arguments.folder)
    everybody = [text for batch in batches for text in batch.texts]
    rules = judge_by_rules(everybody)
    leave_one_out(batches, rules)
    policy = ScreeningPolicy.default()
    found = report(batches, policy.learned_doubtful, policy.learned_veto)
    found["suggested"] = thresholds_for(batches, arguments.most_hard, arguments.most_easy)
    print(json.dumps(found, indent=1))  # noqa: T201 - its output is its purpose
    if arguments.report is not None:
        arguments.report.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if not arguments.only_report:
        model = replace(fit(everybody, rules), worth=worth_for(batches, policy.learned_doubtful))
        arguments.out.write_text(model.written(arguments.version), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
