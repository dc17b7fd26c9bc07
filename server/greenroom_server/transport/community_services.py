"""The community's use cases, as the commands and the server API reach them."""

from dataclasses import dataclass

from greenroom_server.delivery.feed import Sink
from greenroom_server.usecases.announcements import Announcements
from greenroom_server.usecases.community import Community
from greenroom_server.usecases.feedback import Feedback
from greenroom_server.usecases.moderate_community import ModerateCommunity
from greenroom_server.usecases.read_community import ReadCommunity
from greenroom_server.usecases.results import Refused, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityServices:
    """The community of this marketplace, if it has one."""

    is_enabled: bool
    writes: Community
    reads: ReadCommunity
    announcements: Announcements
    moderation: ModerateCommunity
    feedback: Feedback

    def require(self) -> None:
        """Refuse where the community is switched off."""
        if not self.is_enabled:
            raise RefusedError(Refused("not_available"))

    def left(self, sink: Sink) -> None:
        """A connection is gone."""
        self.reads.left(sink)
