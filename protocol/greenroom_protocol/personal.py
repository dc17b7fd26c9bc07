"""What is one's own alone: muted and archived threads, quiet hours, private reading.

Source: protocol/spec/personal.md.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.fields import Clock, CommandId, Count, Ordinal, ThreadId


class QuietHours(Struct, kw_only=True):
    """The hours of each day in which one would rather not be disturbed."""

    from_: Clock = field(name="from")
    """First minute."""
    to: Clock
    """The minute after the last; before `from` it is on the next day, the same as `from` means all day."""
    tz: Annotated[str, Meta(min_length=1, max_length=40)]
    """Time zone: a name of the IANA data base, `UTC`, or an offset such as `+05:30`."""


class ThreadMute(Command, tag="thread.mute"):
    """Silence a thread for oneself, on all one's devices."""

    id: CommandId
    thread: ThreadId
    until: Count
    """UTC ms; 0 ends it."""


class ThreadArchive(Command, tag="thread.archive"):
    """Put a thread away for oneself; the next item in it brings it back."""

    id: CommandId
    thread: ThreadId
    on: bool = True
    """False brings it back now."""
    seen: Ordinal | None = None
    """Last `n` on screen: a newer item keeps the thread where it is."""


class SettingsSet(Command, tag="settings.set"):
    """Change one's own settings."""

    id: CommandId
    quiet_hours: QuietHours | None
    """Null: none."""
    private_read: bool | None = None
    """True: others do not see what one has read, nor oneself what they have; null leaves it."""


class SettingsGet(Command, tag="settings.get"):
    """Read one's own settings."""

    id: CommandId


class Muted(Reply, tag="thread.mute"):
    """The thread's row says so."""

    muted_until: int


class Archived(Reply, tag="thread.archive"):
    """The thread's row says so."""

    archived_n: int


class SettingsSaved(Reply, tag="settings.set"):
    """The settings now."""

    quiet_hours: QuietHours | None
    private_read: bool


class Settings(Reply, tag="settings.get"):
    """The settings now."""

    quiet_hours: QuietHours | None
    private_read: bool


Commands = ThreadMute | ThreadArchive | SettingsSet | SettingsGet
Replies = Muted | Archived | SettingsSaved | Settings
