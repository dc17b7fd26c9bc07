"""`greenroom loadtest`: what the command line offers of the load tester."""

import argparse
import signal
import sys
from typing import Any

from greenroom_loadtest.bench import BenchOptions, run_bench
from greenroom_loadtest.hub_process import HubError
from greenroom_loadtest.user import BenchError


def add_parser(subparsers: Any) -> None:
    """Add `loadtest` to the parser of `greenroom`; found by the entry-point group `greenroom.commands`."""
    loadtest = subparsers.add_parser("loadtest", help="put a hub under load and count what it loses")
    commands = loadtest.add_subparsers(required=True, metavar="COMMAND")
    bench = commands.add_parser("bench", help="start a hub of its own on this machine and take its figures")
    defaults = BenchOptions()
    bench.add_argument("--pairs", type=_between(1, 4000), default=defaults.pairs, help="client-freelancer pairs")
    bench.add_argument(
        "--seconds", type=_between(1, 600), default=defaults.seconds, help="length of each of the two windows"
    )
    bench.add_argument("--idle", type=_between(1, 9000), default=defaults.idle_count, help="idle connections")
    bench.add_argument("--warm-up", type=_between(0, 60), default=defaults.warm_up_s, help="seconds before each window")
    bench.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the bench; gives the exit code: 0 when nothing was lost, doubled or turned around."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    options = BenchOptions(
        pairs=int(arguments.pairs),
        seconds=arguments.seconds,
        idle_count=int(arguments.idle),
        warm_up_s=arguments.warm_up,
    )
    try:
        report = run_bench(options)
    except (BenchError, HubError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; what it started has ended", file=sys.stderr)
        return 130
    print(report.table())
    print(report.json())
    return 0 if report.is_clean else 1


def _between(low: int, high: int) -> Any:
    def number(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be between {low} and {high}")
        return value

    return number
