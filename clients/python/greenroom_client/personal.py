"""What is one's own alone, over all threads."""

from greenroom_client.asking import Area
from greenroom_protocol import personal
from greenroom_protocol.personal import QuietHours


class Settings(Area):
    """`client.settings`: quiet hours and private reading."""

    __slots__ = ()

    async def get(self) -> personal.Settings:
        """Read one's own settings."""
        return await self._ask(personal.SettingsGet(id=0), personal.Settings)

    async def set(self, *, quiet_hours: QuietHours | None, private_read: bool | None = None) -> personal.SettingsSaved:
        """Change one's own settings; gives them as they are now.

        Args:
            quiet_hours: when one would rather not be disturbed; None: never, and what was set before ends.
            private_read: others do not see what one has read, nor oneself what they have; None leaves it.
        """
        command = personal.SettingsSet(id=0, quiet_hours=quiet_hours, private_read=private_read)
        return await self._ask(command, personal.SettingsSaved)
