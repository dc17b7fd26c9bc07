"""``greenroom filter``: judge a labelled file, or show the path of one message."""

import argparse
import json
from pathlib import Path

from greenroom_server.cli.filter_cases import CasesError, read_cases
from greenroom_server.cli.filter_explain import explain
from greenroom_server.cli.filter_measure import measure
from greenroom_server.cli.filter_report import as_html, as_json, as_lines
from greenroom_server.cli.output import EXIT_DONE, EXIT_USAGE, complain
from greenroom_server.domain.thread_state import ThreadState
from greenroom_server.screening.context import Context, Surface
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen

_STATES = [state.value for state in ThreadState]


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``filter``."""
    parser = subparsers.add_parser("filter", help="measure or explain the contact filter")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    evaluating = actions.add_parser("eval", help="judge a file of labelled messages and report")
    evaluating.add_argument("file", type=Path, help="JSON lines with `text` or `messages`, and `label`")
    evaluating.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    evaluating.add_argument("--out", type=Path, metavar="FILE.json", help="write the JSON object to a file, too")
    evaluating.add_argument("--html", type=Path, metavar="FILE.html", help="write a page to look at")
    evaluating.add_argument("--quiet", action="store_true", help="print no texts")
    evaluating.set_defaults(run=_evaluate)
    explaining = actions.add_parser("explain", help="show what the filter makes of one text")
    explaining.add_argument("text")
    explaining.add_argument("--surface", choices=[s.value for s in Surface], default=Surface.MESSAGE.value)
    explaining.add_argument("--granted", action="append", default=[], metavar="ADDRESS", help="a live access grant")
    explaining.set_defaults(run=_explain)
    for action in (evaluating, explaining):
        action.add_argument("--state", choices=_STATES, default=ThreadState.CANDIDACY.value)
        action.add_argument("--policy", type=Path, help="screening policy, TOML; default: the shipped one")


def _screen(arguments: argparse.Namespace) -> Screen | None:
    try:
        if arguments.policy is None:
            return Screen(ScreeningPolicy.default())
        return Screen(ScreeningPolicy.from_toml(arguments.policy.read_text("utf-8")))
    except (OSError, ValueError) as error:
        complain(f"the policy cannot be used: {error}")
        return None


def _evaluate(arguments: argparse.Namespace) -> int:
    screen = _screen(arguments)
    if screen is None:
        return EXIT_USAGE
    try:
        cases = read_cases(arguments.file)
    except CasesError as error:
        complain(str(error))
        return EXIT_USAGE
    measured = measure(screen, cases, arguments.state)
    name, ruleset = arguments.file.name, screen("", Context(arguments.state)).ruleset
    data = as_json(measured, name, ruleset)
    try:
        if arguments.out is not None:
            arguments.out.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")
        if arguments.html is not None:
            arguments.html.write_text(as_html(measured, name, ruleset), "utf-8")
    except OSError as error:
        complain(f"the report cannot be written: {error.strerror}")
        return EXIT_USAGE
    if arguments.json:
        print(json.dumps(data, ensure_ascii=False))
    else:
        print("\n".join(as_lines(measured, with_texts=not arguments.quiet)))
    return EXIT_DONE


def _explain(arguments: argparse.Namespace) -> int:
    screen = _screen(arguments)
    if screen is None:
        return EXIT_USAGE
    context = Context(arguments.state, surface=Surface(arguments.surface), granted_emails=frozenset(arguments.granted))
    print("\n".join(explain(screen, arguments.text, context)))
    return EXIT_DONE
