"""The command ``greenroom``.

Exit codes: 0 done; 1 a check failed or the hub could not run; 2 wrong usage or configuration. Other packages add
commands through the entry-point group ``greenroom.commands``: each entry is named as its command and is a function
``add_parser(subparsers)`` that sets the default ``run``, a function from the parsed arguments to an exit code.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Final

from greenroom_server.cli.output import EXIT_FAILED, EXIT_USAGE, complain
from greenroom_server.config.reading import ConfigError

GROUP: Final = "greenroom.commands"

_OWN: Final = ("serve", "doctor", "config", "token", "schema", "filter", "bench-store")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code.

    Args:
        argv: arguments without the name of the program; None takes those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser(_commands(), next((word for word in arguments if not word.startswith("-")), None))
        parsed = parser.parse_args(arguments)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except ConfigError as error:
        for problem in error.problems:
            complain(problem)
        return EXIT_USAGE
    except BrokenPipeError:  # the reader of our output, such as `head`, had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return code


def _commands() -> dict[str, EntryPoint]:
    own = {name: EntryPoint(name, f"greenroom_server.cli.{name.replace('-', '_')}:add_parser", GROUP) for name in _OWN}
    added = {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in own}
    return {**own, **added}


def _parser(commands: dict[str, EntryPoint], wanted: str | None) -> argparse.ArgumentParser:
    """Build the parser with the one command that is wanted, since loading them all takes time; else with all."""
    parser = argparse.ArgumentParser(
        prog="greenroom",
        description="Real-time messaging and interview server for marketplaces.",
        epilog="Exit codes: 0 done, 1 a check failed or the hub could not run, 2 wrong usage or configuration.",
    )
    parser.add_argument("--version", action="version", version=f"greenroom {version('greenroom')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in [wanted] if wanted in commands else commands:
        try:
            add_parser = commands[name].load()
        except ImportError as error:
            if name == wanted:
                parser.error(f"`{name}` needs more than is installed ({error}); install greenroom[{name}]")
            subparsers.add_parser(name, help="not installed")
        else:
            add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
