"""`feedback.submit`: an idea or a complaint for the marketplace, read by its backend alone."""

from greenroom_protocol import announcements as a
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.store.feedback import FeedbackLog, Kept, Opinion
from greenroom_server.store.places import Places
from greenroom_server.usecases.changes import Changes
from greenroom_server.usecases.commits import pack_policy, result_of
from greenroom_server.usecases.results import Refused, RefusedError
from greenroom_server.usecases.topic_commits import TopicCommits


class Feedback:
    """Feedback to the marketplace."""

    def __init__(
        self, log: FeedbackLog, places: Places, topics: TopicCommits, changes: Changes, policy: CommunityPolicy
    ) -> None:  # fmt: skip
        self._log = log
        self._places = places
        self._topics = topics
        self._changes = changes
        self._policy = policy

    async def submit(self, user: str, command: a.FeedbackSubmit) -> a.FeedbackTaken:
        """Keep what a user says and tell the backend's followers; screened like everything in the community."""
        writer = self._topics.writer(user, command.cid, "feedback.submit", command.category, command.body)
        screened = self._topics.screen(command.body)
        if not screened.passes:
            assert screened.policy is not None
            raise RefusedError(Refused(screened.policy.code, policy=screened.policy))
        opinion = Opinion(by=user, category=command.category, body=screened.text)
        place = await self._places.take(user, "feedback", command.cid, self._policy.feedback_per_day)
        if place.full_for_ms:
            raise RefusedError(Refused("rate.feedback", place.full_for_ms))
        extra = pack_policy(screened.policy)
        added = await self._log.add(opinion, command.cid, writer.body_hash, extra, self._policy.feedback_kept)
        if isinstance(added, int):
            taken = a.FeedbackTaken(id=command.id, at=added, dup=False, policy=screened.policy)
        else:
            result = result_of(added)
            if isinstance(result, Refused):
                raise RefusedError(result)
            taken = a.FeedbackTaken(id=command.id, at=result.at, dup=True, policy=result.policy)
        # A repeat tells again: whoever got no answer to the first one may have been cut off before this.
        await self._changes.note("feedback.submitted", user, category=command.category, at=taken.at)
        return taken

    async def page(self, after: str, limit: int) -> list[Kept]:
        """Read feedback after an entry, the oldest first."""
        return await self._log.page(after, limit)
