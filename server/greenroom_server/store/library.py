"""The store's function library: all Lua files as one, under a name that carries its version.

Libraries of different versions live side by side and are never replaced in place, so that nodes of two releases can
serve one store during a rolling restart.
"""

import hashlib
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

SHARED: Final = (
    "_rows",
    "_obligations",
    "_tail",
    "_notice",
    "_connects",
    "_team",
    "_targets",
    "_held",
    "_rare",
    "_append",
    "_pages",
    "_topics",
)
"""Files of local functions, in the order in which they need each other."""
FUNCTIONS: Final = (
    "commit",
    "open",
    "touch",
    "read",
    "settle",
    "owed",
    "refuse",
    "recall",
    "changes",
    "top",
    "attend",
    "leave",
    "watch",
    "forward",
    "receipt",
    "epoch",
    "due",
    "lapse",
    "pair",
    "acknowledge",
    "follow",
    "news",
    "enrol",
    "bury",
    "unbury",
    "notice",
    "connects",
    "account",
    "candidacies",
    "alter",
    "place",
    "personal",
    "ledger",
    "judge",
    "mirror",
    "find",
    "report",
    "judge_report",
    "mark_head",
    "hold",
    "unhold",
    "topic",
    "topic_read",
    "topic_page",
    "topic_watch",
    "topic_mark",
    "feedback",
)
"""One file for each function; a later one may use what an earlier one defines."""


class Library(NamedTuple):
    """A loadable library."""

    name: str
    version: str
    code: str

    def function(self, name: str) -> str:
        """Give the name under which a function of this version is called."""
        return f"{name}_{self.version}"


@cache
def library() -> Library:
    """Assemble the library from the package's Lua files."""
    folder = resources.files("greenroom_server.store") / "lua"
    body = "\n".join((folder / f"{name}.lua").read_text("utf-8") for name in (*SHARED, *FUNCTIONS))
    version = hashlib.sha256(body.encode()).hexdigest()[:10]
    name = f"greenroom_{version}"
    head = (
        f"#!lua name={name}\n"
        "local function register(name, callback, flags)\n"
        f"  redis.register_function {{ function_name = name .. '_{version}', callback = callback, "
        "flags = flags or {} }\n"
        "end\n"
    )
    return Library(name, version, head + body)
