"""Builds the community's use cases, and connects what other nodes publish to them."""

from collections.abc import Callable

from greenroom_server.app.inbound import Inbound
from greenroom_server.delivery.hub import Hub
from greenroom_server.delivery.topic_watch import TopicWatch
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.store.announcements import AnnouncementMarks
from greenroom_server.store.committer import Committer
from greenroom_server.store.feedback import FeedbackLog
from greenroom_server.store.people import People
from greenroom_server.store.places import Places
from greenroom_server.store.topics import TopicStore
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.community_services import CommunityServices
from greenroom_server.usecases.announcements import Announcements
from greenroom_server.usecases.changes import Changes
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.community import Community
from greenroom_server.usecases.feedback import Feedback
from greenroom_server.usecases.moderate_community import ModerateCommunity
from greenroom_server.usecases.read_community import ReadCommunity
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.topic_commits import TopicCommits


def build_community(
    committer: Committer, node: str, *, hub: Hub, people: People, screening: Screening, commits: Commits,
    changes: Changes, inbound: Inbound, policy: CommunityPolicy, tasks: Tasks, now_ms: Callable[[], int],
) -> CommunityServices:  # fmt: skip
    """Build them; nothing runs yet."""
    places = Places(committer)
    store, watch = TopicStore(committer, node), TopicWatch()
    topics = TopicCommits(store, watch, screening, commits.hash)
    reads = ReadCommunity(store, watch, people, tasks)
    announcements = Announcements(topics, store, reads, AnnouncementMarks(committer), hub, policy, tasks)
    inbound.on_topic = reads.published
    inbound.on_announcement = announcements.published
    return CommunityServices(
        is_enabled=policy.is_enabled,
        writes=Community(topics, places, people, policy, now_ms),
        reads=reads,
        announcements=announcements,
        moderation=ModerateCommunity(topics, reads),
        feedback=Feedback(FeedbackLog(committer), places, topics, changes, policy),
    )
