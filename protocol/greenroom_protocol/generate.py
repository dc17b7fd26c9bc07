"""Write everything that follows from the types: schemas, reference pages, sentences, vectors.

    python -m greenroom_protocol.generate           write the files
    python -m greenroom_protocol.generate --check   name the ones that are not current; exit 1 if there are any

It works in a checkout, where the package lies in `protocol/`.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from greenroom_protocol.generate_frames import frames_page
from greenroom_protocol.generate_schema import commands_schema, server_frames_schema
from greenroom_protocol.generate_tables import codes_page, english, limits_page
from greenroom_protocol.generate_vectors import hostile_vectors, valid_vectors

FOLDER: Final = Path(__file__).parent.parent

FILES: Final[dict[str, Callable[[], str]]] = {
    "schema/commands.schema.json": commands_schema,
    "schema/server_frames.schema.json": server_frames_schema,
    "spec/codes.md": codes_page,
    "spec/limits.md": limits_page,
    "spec/frames.md": frames_page,
    "locales/en.json": english,
    "vectors/valid.json": valid_vectors,
    "vectors/hostile.json": hostile_vectors,
}
"""Generated files, relative to the protocol folder."""


def stale() -> dict[str, str]:
    """Give the files that are missing or differ, with the text they should have."""
    wanted = {name: make() for name, make in FILES.items()}
    return {name: text for name, text in wanted.items() if _read(FOLDER / name) != text}


def main(arguments: list[str]) -> int:
    """Run the command; gives the exit status."""
    if not (FOLDER / "spec").is_dir():
        sys.stderr.write("generate works in a checkout of Greenroom only\n")
        return 2
    changed = stale()
    is_check = arguments == ["--check"]
    for name, text in changed.items():
        if is_check:
            sys.stderr.write(f"not current: protocol/{name}\n")
            continue
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote protocol/{name}\n")
    return 1 if is_check and changed else 0


def _read(path: Path) -> str | None:
    return path.read_bytes().decode() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
