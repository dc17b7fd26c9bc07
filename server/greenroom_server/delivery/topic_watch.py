"""Who on this node is told of a community topic's news, and how all of them get one encoding."""

from collections.abc import Iterable, Sequence

from greenroom_protocol.bases import Push
from greenroom_server.delivery.feed import Sink
from greenroom_server.delivery.frames import Shared


class TopicWatch:
    """The topics that connections of this node have open."""

    def __init__(self) -> None:
        self._sinks: dict[str, set[Sink]] = {}
        self._topics: dict[Sink, frozenset[str]] = {}

    def topics(self) -> tuple[str, ...]:
        """Give the topics that somebody here has open."""
        return tuple(self._sinks)

    def is_watched(self, topic: str) -> bool:
        """Say whether somebody here has a topic open."""
        return topic in self._sinks

    def replace(self, sink: Sink, topics: Sequence[str]) -> list[str]:
        """Replace what a connection has open; gives the topics that nobody here has open any more."""
        before, after = self._topics.pop(sink, frozenset()), frozenset(topics)
        if after:
            self._topics[sink] = after
        for topic in after - before:
            self._sinks.setdefault(topic, set()).add(sink)
        return [topic for topic in before - after if self._remove(sink, topic)]

    def drop(self, sink: Sink, topic: str) -> None:
        """A topic that a connection wanted open does not exist."""
        topics = self._topics.get(sink, frozenset())
        if topic in topics:
            self._topics[sink] = topics - {topic}
            self._remove(sink, topic)

    def push(self, topic: str, frame: Push) -> None:
        """Push news of a topic to all that have it open; a newer one may replace it, the hole in `seq` shows."""
        tell(self._sinks.get(topic, ()), frame, f"topic {topic}")

    def _remove(self, sink: Sink, topic: str) -> bool:
        sinks = self._sinks[topic]
        sinks.discard(sink)
        if sinks:
            return False
        del self._sinks[topic]
        return True


def tell(sinks: Iterable[Sink], frame: Push, key: str) -> None:
    """Push one frame to many connections; it is encoded once for each codec."""
    shared = Shared(frame)
    for sink in sinks:
        sink.push_ephemeral(shared.encoded(sink.codec), key)
