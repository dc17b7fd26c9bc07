"""The hub: from what changed to the connections that want to know, on this node.

It knows users and their connections, nothing of threads, tokens or the store's keys.
"""

from collections.abc import Iterable
from typing import Final

from greenroom_protocol.bases import Push
from greenroom_server.delivery.feed import Feed, Repairs, Sink
from greenroom_server.delivery.frames import RowChange, Shared

OFFLINE: Final = "offline"


class Hub:
    """All live connections of this node, by user."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs
        self._feeds: dict[str, Feed] = {}
        self._watchers: dict[str, set[Sink]] = {}

    @property
    def user_count(self) -> int:
        """Users with at least one connection here."""
        return len(self._feeds)

    def users(self) -> Iterable[str]:
        """Give the users with a connection here."""
        return tuple(self._feeds)

    def feed(self, user: str) -> Feed | None:
        """Give a user's feed, if they are connected here."""
        return self._feeds.get(user)

    def attach(self, user: str, sink: Sink) -> Feed:
        """Add a connection; a user's first one makes the feed, which waits for its `start`."""
        feed = self._feeds.get(user)
        if feed is None:
            feed = self._feeds[user] = Feed(user, self._repairs)
        feed.sinks.append(sink)
        return feed

    def detach(self, user: str, sink: Sink) -> bool:
        """Remove a connection; True when it was the user's last one here."""
        feed = self._feeds.get(user)
        if feed is None or sink not in feed.sinks:
            return False
        feed.sinks.remove(sink)
        if feed.sinks:
            return False
        del self._feeds[user]
        return True

    def changed(self, user: str, change: RowChange) -> None:
        """Deliver a touched row to a user, if they are connected here."""
        feed = self._feeds.get(user)
        if feed is not None:
            feed.offer(change)

    def ephemeral(self, user: str, frame: Push, key: str, *, but: Sink | None = None) -> bool:
        """Send a frame that may be shed to a user's connections here; False when there are none."""
        feed = self._feeds.get(user)
        if feed is None:
            return False
        shared = Shared(frame)
        for sink in feed.sinks:
            if sink is not but:
                sink.push_ephemeral(shared.encoded(sink.codec), key)
        return True

    def watch(self, sink: Sink, old: Iterable[str], new: Iterable[str]) -> tuple[set[str], set[str]]:
        """Replace whom a connection watches; gives the users this node must begin and may end to watch."""
        before, after = set(old), set(new)
        begins, ends = set(), set()
        for user in after:
            watchers = self._watchers.setdefault(user, set())
            if sink in watchers:
                continue
            if not watchers:
                begins.add(user)
            watchers.add(sink)
        for user in before - after:
            watchers = self._watchers.get(user, set())
            watchers.discard(sink)
            if not watchers:
                self._watchers.pop(user, None)
                ends.add(user)
        return begins, ends

    def hide(self, sink: Sink, user: str, frame: Push) -> bool:
        """End that a connection watches somebody, with a last frame; True when nobody here watches them any more."""
        watchers = self._watchers.get(user, set())
        if sink not in watchers:
            return False
        watchers.discard(sink)
        sink.push_ephemeral(Shared(frame).encoded(sink.codec), f"presence {user}")
        if not watchers:
            del self._watchers[user]
        return not watchers

    def watched(self) -> Iterable[str]:
        """Give the users whose presence somebody here watches."""
        return tuple(self._watchers)

    def presence(self, user: str, frame: Push) -> None:
        """Tell a user's watchers here."""
        watchers = self._watchers.get(user)
        if watchers:
            shared = Shared(frame)
            for sink in watchers:
                sink.push_ephemeral(shared.encoded(sink.codec), f"presence {user}")
