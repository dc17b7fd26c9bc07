"""The runner of all levels: it counts what ran, and lets nothing pass that did not run."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("runner", ROOT / "tests" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_folder_with_tests_is_a_level(runner: ModuleType) -> None:
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/test_*.py")}
    assert {level.name for level in runner.LEVELS} == folders


def test_outcomes_are_counted(runner: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = ("", "", "<failure/>", "<error/>", '<skipped type="pytest.skip"/>')
    report.write_text(
        f"<testsuites><testsuite>{''.join(f'<testcase>{case}</testcase>' for case in cases)}</testsuite></testsuites>"
    )
    result = runner.Result("unit")
    runner.count(report, result)
    assert (result.run, result.passed, result.failed, result.skipped) == (4, 2, 2, 1)


def test_a_failure_is_a_problem_everywhere(runner: ModuleType) -> None:
    results = [runner.Result("unit", passed=3), runner.Result("e2e", passed=1, failed=2)]
    assert runner.problems(results, is_ci=False) == ["e2e: 2 failed"]


@pytest.mark.parametrize(("outcome", "problem"), [({}, "ran nothing"), ({"passed": 1, "skipped": 1}, "1 skipped")])
def test_what_did_not_run_is_a_problem_in_ci(runner: ModuleType, outcome: dict[str, int], problem: str) -> None:
    results = [runner.Result("unit", passed=1), runner.Result("e2e", **outcome)]
    assert runner.problems(results, is_ci=False) == []
    found = runner.problems(results, is_ci=True)
    assert len(found) == 1
    assert found[0].startswith(f"e2e: {problem}")


def test_a_level_that_breaks_off_counts_as_failed(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    level = runner.Level("no_such_level")
    monkeypatch.setattr(runner, "say", lambda _text: None)
    result = runner.run_level(level, 1, with_slow=False)
    assert (result.passed, result.failed) == (0, 1)
