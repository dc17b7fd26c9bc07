"""What the command line prints: results on stdout, complaints on stderr, colour only for people."""

import sys
from typing import Final, TextIO

from greenroom_server.config.process import environment

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2

_COLOURS: Final = {"ok": "\033[32m", "warn": "\033[33m", "fail": "\033[31m"}


def complain(sentence: str) -> None:
    """Say what is wrong."""
    print(f"greenroom: {sentence}", file=sys.stderr)


def coloured(word: str, level: str, stream: TextIO) -> str:
    """Give a word in the colour of a level, when the stream is a terminal and nobody asked for none."""
    environ = environment()
    if not stream.isatty() or environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return word
    return f"{_COLOURS[level]}{word}\033[0m"
