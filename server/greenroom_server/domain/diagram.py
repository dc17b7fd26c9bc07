"""The thread's table for readers: generated, so that the documentation cannot drift."""

from collections.abc import Iterator

from greenroom_server.domain.thread_actions import TABLE, ThreadAction, Transition
from greenroom_server.domain.thread_state import Role, ThreadState


def mermaid() -> str:
    """Return the state diagram in Mermaid; actions that stay in their state are left out."""
    lines = ["stateDiagram-v2"]
    for state, action, roles, result in _allowed():
        if result.to is not state:
            why = f" [{result.why}]" if result.why else ""
            lines.append(f"    {state or '[*]'} --> {result.to}: {action} ({', '.join(roles)}){why}")
    return "\n".join(lines) + "\n"


def markdown_table() -> str:
    """Return every allowed action as a Markdown table; what is not in it is refused."""
    lines = ["| state | action | by | becomes | and emits |", "|---|---|---|---|---|"]
    for state, action, roles, result in _allowed():
        becomes = f"{result.to} ({result.why})" if result.why else result.to
        emits = ", ".join(f"`{kind}`" for kind in result.emits)
        lines.append(f"| {state or '(no thread)'} | `{action}` | {', '.join(roles)} | {becomes} | {emits} |")
    return "\n".join(lines) + "\n"


def _allowed() -> Iterator[tuple[ThreadState | None, ThreadAction, list[Role], Transition]]:
    """Yield what the table allows, roles with the same result together."""
    for (state, action), by_role in TABLE.items():
        results = dict.fromkeys(result for result in by_role.values() if isinstance(result, Transition))
        for result in results:
            yield state, action, [role for role in Role if by_role[role] == result], result
