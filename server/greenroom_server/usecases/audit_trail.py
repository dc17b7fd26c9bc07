"""The audit stream: what is kept of changes and verdicts, and how it is read. Never text, never an address.

Source: server/docs/moderation.md.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from greenroom_protocol.bases import Event, PolicyView
from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.store.audit import Audit, AuditEntry, pack_entry
from greenroom_server.store.errors import StoreError
from greenroom_server.usecases.results import Refused, RefusedError

log = structlog.get_logger()

_CURSOR: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,20}(?:-[0-9]{1,20})?)").fullmatch
BOUNCED: Final = "text.bounced"
"""Kind of the entry for a text that was given back: it has no event."""


def entry_of(kind: str, user: str, state: str = "", policy: PolicyView | None = None, **more: str | int) -> bytes:
    """Pack an entry.

    Args:
        kind: kinds of events, comma-separated, or what happened.
        user: who did it; empty for the marketplace and for timers.
        state: of the thread.
        policy: the verdict, of which action, code and version are kept.
        more: further facts; never text.
    """
    fields: dict[str, str | int] = {"kind": kind, "user": user}
    if state:
        fields["state"] = state
    if policy is not None:
        fields |= {"action": policy.action, "code": policy.code or policy.notice, "version": policy.version}
    return pack_entry({**fields, **more})


def commit_entry(user: str, events: Sequence[Event], state: str, policy: PolicyView | None) -> bytes:
    """Pack the entry of a commit."""
    return entry_of(",".join(str(event.__struct_config__.tag) for event in events), user, state, policy)


def bounced_entry(user: str, state: str, policy: PolicyView) -> bytes:
    """Pack the entry of a text that was given back."""
    return entry_of(BOUNCED, user, state, policy)


class AuditPage(msgspec.Struct, frozen=True):
    """Some entries, and where to go on."""

    entries: list[AuditEntry]
    cursor: str | None
    """None at the end; never None for one partition, whose end moves on."""


class AuditTrail:
    """Reads the audit streams, one partition after the other; within one in the order of time."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def note_opening(self, user: str, policy: PolicyView) -> None:
        """Note a text that was given back and would have opened a thread; lost when the store is away."""
        try:
            await self._audit.note(user_partition(user), bounced_entry(user, "", policy))
        except StoreError:
            log.warning("audit_entry_lost", kind=BOUNCED)

    async def page(self, cursor: str | None, partition: int | None, limit: int) -> AuditPage:
        """Read a page.

        Args:
            cursor: from the page before.
            partition: only this one; its cursor stays good, so that one can come back for what is new.
            limit: entries at most.
        """
        at, after = read_cursor(cursor) if cursor else (partition or 0, "0")
        if partition is not None and at != partition:
            raise RefusedError(Refused("bad_request.field", detail="cursor and partition differ"))
        found: list[AuditEntry] = []
        while at < PARTITION_COUNT:
            entries = await self._audit.read(at, after, limit - len(found))
            found += entries
            after = entries[-1].id if entries else after
            if partition is not None or len(found) >= limit:
                return AuditPage(found, write_cursor(at, after))
            at, after = at + 1, "0"
        return AuditPage(found, None)


def write_cursor(partition: int, after: str) -> str:
    """Name a place in the streams of all partitions."""
    return f"{partition}.{after}"


def read_cursor(cursor: str) -> tuple[int, str]:
    """Read a cursor; (partition, id of the last entry).

    Raises:
        RefusedError: it is not one of ours.
    """
    match = _CURSOR(cursor)
    if match is None or int(match[1]) >= PARTITION_COUNT:
        raise RefusedError(Refused("bad_request.field", detail="cursor"))
    return int(match[1]), match[2]
