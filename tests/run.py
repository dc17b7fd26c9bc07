"""Runs every level of tests in order, then says in a table what ran.

    python tests/run.py                    what `make test` runs
    python tests/run.py --all              with the long series as well, as `make test-all`
    python tests/run.py unit property      only these levels

The seed of whatever is random, the order of sets included, is printed; GREENROOM_TEST_SEED repeats a run. Where CI is
set, a level that ran nothing or skipped a test counts as failed. Exit code 0 when nothing failed, else 1.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NO_TESTS: Final = 5
"""Exit code of pytest when it found nothing to run."""
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Level:
    """One level: tools that check all files, then the tests of a folder."""

    name: str
    """Also its folder below `tests/`."""
    tools: tuple[str, ...] = ()
    """Commands of the environment that must exit with 0."""
    scripts: tuple[str, ...] = ()
    """Scripts of the packages in `clients/` that must exit with 0."""
    programs: tuple[str, ...] = ()
    """Programs of the system that its tests need; installed first, outside every test's time-out."""
    worker_count: int = 0
    """Processes that share the files of the level; 0 runs them in one."""


LEVELS: Final = (
    Level("architecture", tools=("ruff check", "ruff format --check", "mypy")),
    Level("unit", scripts=("check", "test")),
    Level("property", worker_count=2),
    Level("conformance"),
    Level("integration", programs=("strace",), worker_count=2),
    Level("e2e", programs=("chromium",)),
)


@dataclass(slots=True)
class Result:
    """What came of a level."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    @property
    def run(self) -> int:
        """How many checks and tests ran."""
        return self.passed + self.failed


def run_level(level: Level, seed: int, *, with_slow: bool) -> Result:
    """Run the tools and tests of a level; their output goes straight through."""
    result, began_s = Result(level.name), time.monotonic()
    commands = [[sys.executable, "-m", *tool.split()] for tool in level.tools]
    commands += [["npm", "--prefix", "clients", "run", "--workspaces", "--if-present", each] for each in level.scripts]
    for command, name in zip(commands, (*level.tools, *level.scripts), strict=True):
        say(f"\n== {level.name}: {name}")
        if subprocess.run(command, cwd=ROOT, check=False).returncode == 0:
            result.passed += 1
        else:
            result.failed += 1
    if level.programs:  # what is missing afterwards, the tests that need it say themselves
        subprocess.run([sys.executable, "-m", "testkit.packages", *level.programs], cwd=ROOT, check=False)
    say(f"\n== {level.name}: pytest tests/{level.name}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.run(
            pytest_command(level, seed, report, with_slow=with_slow), cwd=ROOT, check=False
        ).returncode
        count(report, result)
    if code not in (0, NO_TESTS) and result.failed == 0:
        result.failed = 1  # it broke off, and what ended it is in no report
    result.seconds = time.monotonic() - began_s
    return result


def pytest_command(level: Level, seed: int, report: Path, *, with_slow: bool) -> list[str]:
    """Give the command that runs the tests of a level."""
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{level.name}", f"--junitxml={report}"]
    command += [f"--hypothesis-seed={seed}", "-o", "junit_family=xunit2"]
    if level.worker_count:
        command += ["-n", str(level.worker_count), "--dist", "loadfile"]
    if not with_slow:
        command += ["-m", "not slow"]
    return command


def count(report: Path, result: Result) -> None:
    """Add the outcomes of a pytest run to a result."""
    if not report.is_file():
        return
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
        elif case.find("skipped") is not None:
            result.skipped += 1
        else:
            result.passed += 1


def problems(results: list[Result], *, is_ci: bool) -> list[str]:
    """Say why the run as a whole failed; nothing when it did not."""
    found = [f"{result.name}: {result.failed} failed" for result in results if result.failed]
    if is_ci:
        found += [f"{result.name}: ran nothing" for result in results if not result.run]
        found += [
            f"{result.name}: {result.skipped} skipped, which CI does not allow" for result in results if result.skipped
        ]
    return found


def table(results: list[Result]) -> str:
    """Lay the results out, a line for each level."""
    lines = [f"{'level':<14}{'run':>6}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}"]
    lines += [
        f"{result.name:<14}{result.run:>6}{result.passed:>8}{result.failed:>8}{result.skipped:>9}{result.seconds:>9.1f}"
        for result in results
    ]
    return "\n".join(lines)


def say(text: str) -> None:
    """Print at once, so that lines keep their place among the output of others."""
    print(text, flush=True)  # noqa: T201 - its output is its purpose


def main(arguments: list[str]) -> int:
    """Run the levels; gives the exit code."""
    names = [level.name for level in LEVELS]
    parser = argparse.ArgumentParser(description="Run every level of tests.")
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help=f"only these: {', '.join(names)}")
    parser.add_argument("--all", action="store_true", help="the long series, too: tests marked `slow`")
    options = parser.parse_args(arguments)
    unknown = set(options.levels) - set(names)
    if unknown:
        parser.error(f"no such level: {', '.join(sorted(unknown))}")
    seed = int(os.environ.get("GREENROOM_TEST_SEED") or random.SystemRandom().randrange(1, 1 << 32))
    os.environ.update(GREENROOM_TEST_SEED=str(seed), PYTHONHASHSEED=str(seed))
    again = f"GREENROOM_TEST_SEED={seed} make {'test-all' if options.all else 'test'}"
    say(f"seed {seed} (to run the same again: {again})")
    wanted = [level for level in LEVELS if not options.levels or level.name in options.levels]
    began_s = time.monotonic()
    results = [run_level(level, seed, with_slow=options.all) for level in wanted]
    found = problems(results, is_ci=os.environ.get("CI", "") not in ("", "0", "false"))
    say(f"\n{table(results)}\n\nseed {seed}, {time.monotonic() - began_s:.1f} s")
    for problem in found:
        say(f"FAILED {problem}")
    passed, failed, skipped = (
        sum(getattr(result, key) for result in results) for key in ("passed", "failed", "skipped")
    )
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
