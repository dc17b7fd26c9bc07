"""Changes of one field of somebody's record, with what follows from them, in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from greenroom_protocol.bases import Event
from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.own_logs import Noticed, OwnLogs, read_noticed
from greenroom_server.store.records import encode_event, pack

_encode_fields: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What changes, and what follows."""

    name: str
    """Of the field."""
    old: str
    """As it was when this was decided; empty: absent."""
    new: str
    """Empty removes it."""
    notice: Event | None = None
    """For the user's own log."""
    timers: Sequence[tuple[int, str]] = ()
    """(deadline UTC ms, member)."""
    drop_timers: Sequence[str] = ()
    change: str = ""
    """Kind for those who follow changes; empty: nobody needs to know."""
    told: Mapping[str, str | int] = field(default_factory=dict)
    """What they are told with it; never text that a person wrote."""


class Altered:
    """The field was changed."""

    def __init__(self, noticed: Noticed | None) -> None:
        self.noticed = noticed
        """The notice, to be pushed; None without one."""


class Alterations:
    """Alters the records of one store."""

    def __init__(self, committer: Committer, own_logs: OwnLogs) -> None:
        self._committer = committer
        self._own_logs = own_logs
        self._alter = library().function("alter")

    async def profile(self, freelancer: str, what: Alteration) -> Altered | None:
        """Alter a freelancer's record; None when it is no longer as it was, or there is none: nothing was written."""
        return await self._run(freelancer, keys.profile(user_partition(freelancer), freelancer), what)

    async def account(self, user: str, what: Alteration) -> Altered | None:
        """Alter a user's account record; None as for a profile."""
        return await self._run(user, keys.account(user_partition(user), user), what)

    async def _run(self, user: str, record: str, what: Alteration) -> Altered | None:
        partition = user_partition(user)
        names, args = self._own_logs.front(user)
        names = (*names, record, keys.timers(partition), keys.changes(partition))
        payload = b"" if what.notice is None else encode_event(what.notice)
        packed = pack(
            (
                what.name, what.old, what.new, payload.decode(), what.timers, what.drop_timers, what.change,
                user, _encode_fields(what.told).decode(),
            )
        )  # fmt: skip
        reply = await self._committer.call("FCALL", self._alter, len(names), *names, *args, packed)
        if reply[0] != b"ok":
            return None
        return Altered(read_noticed(reply[1]) if len(reply) > 1 else None)
