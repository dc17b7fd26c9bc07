"""The community's commands."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from greenroom_protocol import announcements as a
from greenroom_protocol import community as c
from greenroom_protocol.bases import Command, Reply
from greenroom_server.transport.caller import Caller, Handler, Handlers
from greenroom_server.transport.community_services import CommunityServices
from greenroom_server.transport.services import Services


def _where_enabled(carry_out: Callable[[CommunityServices, Caller, Any], Awaitable[Reply]]) -> Handler:
    async def handle(services: Services, caller: Caller, command: Command) -> Reply:
        services.community.require()
        return await carry_out(services.community, caller, command)

    return handle


HANDLERS: Final[Handlers] = {
    c.TopicCreate: _where_enabled(lambda s, who, cmd: s.writes.create(who.user, cmd)),
    c.TopicPost: _where_enabled(lambda s, who, cmd: s.writes.post(who.user, cmd)),
    c.TopicEdit: _where_enabled(lambda s, who, cmd: s.writes.edit(who.user, cmd)),
    c.TopicErase: _where_enabled(lambda s, who, cmd: s.writes.erase(who.user, cmd)),
    c.TopicAccept: _where_enabled(lambda s, who, cmd: s.writes.accept(who.user, cmd)),
    c.TopicList: _where_enabled(lambda s, _who, cmd: s.reads.listing(cmd)),
    c.TopicSearch: _where_enabled(lambda s, _who, cmd: s.reads.search(cmd)),
    c.TopicRead: _where_enabled(lambda s, _who, cmd: s.reads.read(cmd)),
    c.TopicWatch: _where_enabled(lambda s, who, cmd: s.reads.watch(who, cmd)),
    a.AnnouncementList: _where_enabled(lambda s, who, cmd: s.announcements.page(who.user, cmd)),
    a.AnnouncementRead: _where_enabled(lambda s, who, cmd: s.announcements.read(who.user, cmd)),
    a.AnnouncementMute: _where_enabled(lambda s, who, cmd: s.announcements.mute(who.user, cmd)),
    a.FeedbackSubmit: _where_enabled(lambda s, who, cmd: s.feedback.submit(who.user, cmd)),
}
