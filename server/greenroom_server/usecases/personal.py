"""What is one's own alone: muted and archived threads, quiet hours, private reading."""

from collections.abc import Callable
from typing import Final, Literal

from greenroom_protocol import limits
from greenroom_protocol import personal as p
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.quiet_hours import QuietHours, zone_of
from greenroom_server.store.inboxes import Inboxes, Personal
from greenroom_server.store.people import Account, People
from greenroom_server.usecases.deliver import change_of
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

_BACK: Final = -1
"""Archived at no ordinal at all."""


class OwnSettings:
    """Sets what a user wants for themselves; nobody else learns of it but by quiet hours."""

    def __init__(self, inboxes: Inboxes, people: People, hub: Hub, live: Live) -> None:
        self._inboxes = inboxes
        self._people = people
        self._hub = hub
        self._live = live
        self.on_account: Callable[[Account], object] = lambda _account: None
        """Called when an account changed, so that the other nodes read it again."""

    async def mute(self, user: str, command: p.ThreadMute) -> p.Muted:
        """Silence a thread until some time."""
        set_ = await self._set(user, command.thread, "muted", command.until)
        return p.Muted(id=command.id, muted_until=set_.muted_until)

    async def archive(self, user: str, command: p.ThreadArchive) -> p.Archived:
        """Put a thread away until its next item, or bring it back."""
        seen = limits.MAX_INTEGER if command.seen is None else command.seen
        set_ = await self._set(user, command.thread, "archived", seen if command.on else _BACK)
        return p.Archived(id=command.id, archived_n=set_.archived_n)

    async def save(self, user: str, command: p.SettingsSet) -> p.SettingsSaved:
        """Change the settings; they hold from the reply on, on this user's other nodes a moment later."""
        asked = command.quiet_hours
        if asked is not None and zone_of(asked.tz) is None:
            raise RefusedError(Refused("settings.time_zone"))
        quiet = None if asked is None else QuietHours(asked.from_, asked.to, asked.tz)
        old = await self._people.account(user) or Account(user)
        private = old.reads_in_private if command.private_read is None else command.private_read
        await self._people.save_settings(user, quiet, reads_in_private=private)
        if self._hub.feed(user) is not None:
            self._live.read_privately(user, is_on=private)
        self.on_account(old._replace(quiet_hours=quiet, reads_in_private=private))
        return p.SettingsSaved(id=command.id, quiet_hours=asked, private_read=private)

    async def get(self, user: str, command: p.SettingsGet) -> p.Settings:
        """Read the settings."""
        account = await self._people.account(user) or Account(user)
        quiet = account.quiet_hours
        shown = None if quiet is None else p.QuietHours(from_=quiet.start, to=quiet.end, tz=quiet.tz)
        return p.Settings(id=command.id, quiet_hours=shown, private_read=account.reads_in_private)

    async def _set(self, user: str, thread: str, what: Literal["muted", "archived"], value: int) -> Personal:
        """Change a row of one's own; who has left a thread keeps its row and may still put it away."""
        set_ = await self._inboxes.personal(user, thread, what, value)
        if set_ is None:
            raise RefusedError(NOT_FOUND)
        if set_.row is not None:
            self._hub.changed(user, change_of(thread, set_.epoch, set_.row, None))
        return set_
