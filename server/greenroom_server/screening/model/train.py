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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from greenroom_server.screening.context import Context
from greenroom_server.screening.model.reading import Reader, plain
from greenroom_server.screening.model.scorer import Scorer
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action

STATE: Final = "candidacy"
TIERS: Final = ("plain", "evasive", "easy", "hard")
"""Single messages that can be judged without a context; sequences and grants are for the window and the policy."""
LEAST_WORD: Final = 2
LEAST_FEATURE: Final = 3
STRENGTH: Final = 10.0
"""Inverse of the regularisation."""
LEAST_WEIGHT: Final = 0.02
"""Weights below are left out of the file."""


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
    screen = Screen(ScreeningPolicy.default(), scorer=None)
    context = Context(STATE)
    names: Counter[str] = Counter()
    for each in texts:
        verdict = screen(each.text, context)
        each.found = tuple(dict.fromkeys(finding.reason for finding in verdict.findings))
        each.is_stopped = verdict.action is not Action.ALLOW
        names.update(each.found)
    return sorted(names)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model, before it is written."""

    words: list[str]
    rules: list[str]
    bias: float
    weights: dict[int, float]

    def written(self, version: str) -> str:
        """Give the file that `Scorer.parse` reads."""
        rows = (
            f"{np.base_repr(feature, 36).lower()}\t{weight:.3f}" for feature, weight in sorted(self.weights.items())
        )
        return "\n".join((version, " ".join(self.words), " ".join(self.rules), f"{self.bias:.4f}", *rows)) + "\n"


def fit(texts: Sequence[Text], rules: list[str]) -> Model:
    """Fit a model to some texts."""
    plains = [plain(normalise(each.text).text) for each in texts]
    words = _words(plains)
    reader = Reader(words)
    numbers = {name: number for number, name in enumerate(rules)}
    rows = [reader.features(p, [numbers[name] for name in t.found]) for p, t in zip(plains, texts, strict=True)]
    often = Counter(feature for row in rows for _, features in row for feature in features)
    columns = {feature: i for i, feature in enumerate(f for f, n in often.items() if n >= LEAST_FEATURE)}
    data, indices, ends = [], [], [0]
    for row in rows:
        for _, features in row:
            scale = 1 / math.sqrt(len(features))
            known = [columns[feature] for feature in features if feature in columns]
            indices += known
            data += [scale] * len(known)
        ends.append(len(indices))
    matrix = csr_matrix((data, indices, ends), shape=(len(rows), len(columns)), dtype=np.float64)
    labels = [each.is_violation for each in texts]
    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=400).fit(matrix, labels)
    found = fitted.coef_[0]
    weights = {feature: float(found[i]) for feature, i in columns.items() if abs(found[i]) >= LEAST_WEIGHT}
    return Model(words, rules, float(fitted.intercept_[0]), weights)


def _words(plains: Iterable[str]) -> list[str]:
    reader = Reader(())
    often: Counter[str] = Counter()
    for text in plains:
        often.update(reader.words(text))
    return sorted(word for word, n in often.items() if n >= LEAST_WORD)


def leave_one_out(batches: Sequence[Batch], rules: list[str]) -> None:
    """Score every text by a model that was fitted to the other batches."""
    for left_out in batches:
        others = [text for batch in batches if batch is not left_out for text in batch.texts]
        scorer = Scorer.parse(fit(others, rules).written("fold"))
        for each in left_out.texts:
            each.score = scorer(normalise(each.text).text, each.found).value


def report(batches: Sequence[Batch], threshold: float) -> dict[str, Any]:
    """Count what rules and model stop together, batch by batch, each by a model that has not seen it."""

    def shares(texts: Sequence[Text]) -> dict[str, Any]:
        found = {}
        for tier in TIERS:
            of_tier = [each for each in texts if each.tier == tier]
            if of_tier:
                stopped = sum(each.is_stopped or each.score >= threshold for each in of_tier)
                by_rules = sum(each.is_stopped for each in of_tier)
                found[tier] = {"n": len(of_tier), "stopped": stopped, "by_rules": by_rules}
        return found

    per_batch = {batch.name: shares(batch.texts) for batch in batches}
    mean = {
        tier: round(float(np.mean([b[tier]["stopped"] / b[tier]["n"] for b in per_batch.values() if tier in b])), 4)
        for tier in TIERS
    }
    everybody = [text for batch in batches for text in batch.texts]
    langs = sorted({text.lang for text in everybody})
    violations = {lang: [t for t in everybody if t.lang == lang and t.is_violation] for lang in langs}
    return {
        "threshold": threshold,
        "refused": [name for batch in batches for name in batch.refused],
        "mean_over_batches": mean,
        "batches": per_batch,
        "languages": {
            lang: {"n": len(t), "stopped": sum(e.is_stopped or e.score >= threshold for e in t)}
            for lang, t in violations.items()
            if t
        },
    }


def threshold_for(batches: Sequence[Batch], false_positives: float) -> float:
    """Find the least score that stops at most this share of the hard clean texts, together with the rules."""
    hard = [text for batch in batches for text in batch.texts if text.tier == "hard"]
    room = int(false_positives * len(hard)) - sum(text.is_stopped for text in hard)
    scores = sorted((text.score for text in hard if not text.is_stopped), reverse=True)
    return round(scores[max(0, room)] + 0.001, 3)


def main() -> int:
    """Train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("weights.tsv"))
    parser.add_argument("--report", type=Path)
    parser.add_argument("--version", default="1")
    parser.add_argument("--false-positives", type=float, default=0.02, help="of hard clean texts, 0..1")
    parser.add_argument("--only-report", action="store_true")
    arguments = parser.parse_args()
    batches = read_batches(arguments.folder)
    everybody = [text for batch in batches for text in batch.texts]
    rules = judge_by_rules(everybody)
    leave_one_out(batches, rules)
    found = report(batches, threshold_for(batches, arguments.false_positives))
    print(json.dumps(found, indent=1))  # noqa: T201 - its output is its purpose
    if arguments.report is not None:
        arguments.report.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if not arguments.only_report:
        arguments.out.write_text(fit(everybody, rules).written(arguments.version), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
