"""The whole table of a thread as text: one line for each state and action, one column for each role.

`python -m testkit.thread_table` prints it; tests/data/thread_table.txt is the reviewed copy. A cell is the state that
follows, with `(why)` and `+event`, or `!code`, with `>command` where the role has something else to do instead.
"""

import sys

from greenroom_protocol.codes import ERRORS
from greenroom_server.domain.thread_actions import TABLE, Denied, ThreadAction, Transition
from greenroom_server.domain.thread_state import Role, ThreadState

COLUMNS = tuple(Role)


def cell(result: Transition | Denied) -> str:
    """Write the result of one role."""
    if isinstance(result, Denied):
        hint = ERRORS[result.code].hint if result.hint is None else result.hint
        return f"!{result.code}>{hint}" if hint else f"!{result.code}"
    why = f"({result.why})" if result.why is not None else ""
    return f"{result.to}{why}" + "".join(f"+{kind}" for kind in result.emits)


def lines() -> list[str]:
    """Write the table."""
    rows = [("state", "action", *COLUMNS)]
    for state in (None, *ThreadState):
        for action in ThreadAction:
            by_role = TABLE[state, action]
            rows.append((state or "-", action, *(cell(by_role[role]) for role in COLUMNS)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [" ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
