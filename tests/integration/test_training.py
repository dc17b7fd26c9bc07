"""The scorer can be made anew from its data, by the command that made the shipped one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom_server.screening.model.scorer import Scorer

DATA = Path(__file__).parents[1] / "data" / "contact"


@pytest.mark.slow
def test_a_model_is_trained_on_some_batches_and_judges_a_text_of_another(tmp_path: Path) -> None:
    for name in ("open", "recruiters", "ordinary"):
        shutil.copy(DATA / f"{name}.jsonl", tmp_path)
    weights, report = tmp_path / "weights.tsv", tmp_path / "report.json"
    command = [sys.executable, "-m", "greenroom_server.screening.model.train", tmp_path, "--out", weights]
    subprocess.run([*command, "--report", report, "--version", "of a test"], check=True, capture_output=True)
    found = json.loads(report.read_text("utf-8"))
    assert set(found["batches"]) == {"open", "recruiters", "ordinary"}
    scorer = Scorer.parse(weights.read_text("utf-8"))
    assert scorer.version == "of a test"
    asks, works = scorer("could you give me your phone number please"), scorer("i made the header a little smaller")
    assert asks.value > 0.5 > works.value
