"""``greenroom config``: show what is in force, check it, print its documentation."""

import argparse
import json

from greenroom_server.cli.output import EXIT_DONE
from greenroom_server.config.documentation import markdown
from greenroom_server.config.process import environment
from greenroom_server.config.settings import Settings


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``config``."""
    parser = subparsers.add_parser("config", help="show, check or document the configuration")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    showing = actions.add_parser("show", help="print the values in force, without secrets")
    showing.add_argument("--json", action="store_true", help="print one JSON object")
    showing.set_defaults(run=_show)
    checking = actions.add_parser("check", help="read and check everything; exit code 2 on problems")
    checking.set_defaults(run=_check)
    for action in (showing, checking):
        action.add_argument("--dev", action="store_true", help="as `greenroom serve --dev` would see it")
    documenting = actions.add_parser("docs", help="print server/docs/configuration.md")
    documenting.set_defaults(run=_document)


def _show(arguments: argparse.Namespace) -> int:
    shown = Settings.from_env(environment(), dev=arguments.dev).shown()
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        print("\n".join(f"{name}={value}" for name, value in shown.items()))
    return EXIT_DONE


def _check(arguments: argparse.Namespace) -> int:
    Settings.from_env(environment(), dev=arguments.dev)
    print("The configuration is complete and consistent.")
    return EXIT_DONE


def _document(_arguments: argparse.Namespace) -> int:
    print(markdown(), end="")
    return EXIT_DONE
